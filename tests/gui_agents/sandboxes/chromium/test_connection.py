"""Commands have their replies, events their handler, and everything ends with the pipe."""

import asyncio
import json

import pytest

from gui_agents.sandboxes.chromium import connection as module
from gui_agents.sandboxes.chromium.connection import (
    CommandError,
    Connection,
    ConnectionEndedError,
    SessionEndedError,
    UnansweredError,
)
from gui_agents.threads import Threads


class Sent:
    """Keeps what is written."""

    def __init__(self):
        self.messages = []

    def write(self, data):
        self.messages += [json.loads(part) for part in data.split(b"\0") if part]

    def close(self):
        pass


class Peer:
    """The browser's end of the pipes."""

    def __init__(self):
        self.reader = asyncio.StreamReader()
        self.sent = Sent()
        self.events = []
        self.connection = Connection(self.reader, self.sent, self.received, decoding=Threads("decoding"))

    def received(self, *event):
        if event[1] == "Bad.event":
            raise KeyError("frameId")
        self.events.append(event)

    def say(self, *messages):
        self.reader.feed_data(b"".join(json.dumps(message).encode() + b"\0" for message in messages))


@pytest.fixture
async def peer():
    peer = Peer()
    yield peer
    await peer.connection.close()


async def test_replies_find_their_commands_in_any_order_and_in_pieces(peer):
    first, second = peer.connection.send("A.a", "s", x=1), peer.connection.send("B.b")
    assert peer.sent.messages == [
        {"id": 1, "method": "A.a", "params": {"x": 1}, "sessionId": "s"},
        {"id": 2, "method": "B.b", "params": {}},
    ]
    data = b'{"id": 2, "result": {"n": 2}}\0{"id": 1, "result": {"n": 1}}\0'
    for place in range(0, len(data), 7):
        peer.reader.feed_data(data[place : place + 7])
        await asyncio.sleep(0)
    assert (await first, await second) == ({"n": 1}, {"n": 2})


async def test_a_refused_command_tells_why(peer):
    asked = peer.connection.send("A.a")
    peer.say({"id": 1, "error": {"message": "no such thing"}}, {"id": 99, "result": {}})
    with pytest.raises(CommandError, match="no such thing"):
        await asked


async def test_events_are_handed_over_in_order_large_ones_too(peer):
    large = "x" * module.LARGE_BYTES
    peer.say({"method": "A.a", "params": {"n": large}, "sessionId": "s"}, {"method": "B.b", "params": {}})
    async with asyncio.timeout(10):
        while len(peer.events) < 2:
            await asyncio.sleep(0)
    assert peer.events == [("s", "A.a", {"n": large}), ("", "B.b", {})]


async def test_an_event_that_is_not_understood_is_logged_and_the_next_one_is_handed_over(peer, caplog):
    peer.say({"method": "Bad.event", "params": {}}, {"method": "B.b", "params": {}})
    async with asyncio.timeout(10):
        while not peer.events:
            await asyncio.sleep(0)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_command_without_a_reply_ends_in_time(peer):
    with pytest.raises(UnansweredError, match=r"has not answered A\.a for 0.01 s"):
        await peer.connection.call("A.a", seconds=0.01)
    peer.say({"id": 1, "result": {}})
    await asyncio.sleep(0)


async def test_a_page_that_is_gone_fails_its_commands_alone(peer):
    gone, other = peer.connection.send("A.a", "gone"), peer.connection.send("A.a", "other")
    peer.connection.fail("gone", SessionEndedError("the page is gone"))
    with pytest.raises(SessionEndedError):
        await gone
    assert not other.done()


async def test_everything_fails_when_the_pipe_ends(peer):
    asked = peer.connection.send("A.a")
    peer.reader.feed_eof()
    await peer.connection.ended()
    with pytest.raises(ConnectionEndedError):
        await asked
    with pytest.raises(ConnectionEndedError):
        peer.connection.send("A.a")


async def test_what_is_no_json_or_too_long_ends_the_connection(peer, monkeypatch):
    asked = peer.connection.send("A.a")
    peer.reader.feed_data(b"nonsense\0")
    with pytest.raises(ConnectionEndedError):
        await asked


async def test_a_message_without_an_end_ends_the_connection(peer, monkeypatch):
    monkeypatch.setattr(module, "MAX_MESSAGE_BYTES", 1000)
    asked = peer.connection.send("A.a")
    peer.reader.feed_data(b"x" * 2000)
    with pytest.raises(ConnectionEndedError):
        await asked
