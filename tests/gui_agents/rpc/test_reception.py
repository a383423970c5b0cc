"""How calls come in: bounded in number, in time and in size, and counted whatever they hold."""

import asyncio
import contextlib
import logging
import socket

import grpc.aio
import pytest

from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc import reception
from gui_agents.rpc.methods import METHODS
from tests.attack import http2
from tests.serving import refused, serving, until

HEALTH = "/grpc.health.v1.Health/"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


async def test_as_many_calls_are_open_as_may_be():
    async with serving({"GRPC_MAX_CALLS": "3"}) as served:
        task = await served.start("hold")
        calls = [served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task)) for _ in range(3)]
        for call in calls:
            await call.read()
        said = await refused(served.agent.GetAgentInfo(pb.GetAgentInfoRequest()))
        assert (said.code, said.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_CALLS")
        assert said.text == "3 calls are open, which is the limit; try again later"
        assert (await refused(served.channel.unary_unary(f"{HEALTH}Check")(b""))).reason == "TOO_MANY_CALLS"
        calls[0].cancel()
        await until(lambda: served.state.snapshot().rpcs.open_streams["GetAgentTaskStream"] == 2)
        assert (await served.agent.GetAgentInfo(pb.GetAgentInfoRequest())).maxConcurrentTasks == 5


@pytest.mark.parametrize("method", [METHODS[0], METHODS[9]], ids=lambda method: method.name)
async def test_a_call_of_headers_alone_ends_after_a_time_and_is_counted(method, monkeypatch):
    monkeypatch.setattr(reception, "RECEIVE_SECONDS", 0.05)
    async with serving() as served:
        call = served.channel.stream_stream(method.path)()
        said = await refused(call)
        assert (said.code, said.fields) == ("INVALID_ARGUMENT", ("request",))
        assert said.text == "request: no message came within 0.05 s"
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled[method.name, "INVALID_ARGUMENT"] == 1


@pytest.mark.parametrize("path", [METHODS[0].path, f"{HEALTH}Check", f"{HEALTH}Watch"])
async def test_a_call_without_a_message_is_refused_at_once(path):
    async with serving() as served:
        call = served.channel.stream_stream(path)()
        await call.done_writing()
        said = await refused(call)
        assert (said.code, said.text) == ("INVALID_ARGUMENT", "request: the call holds no message")


@pytest.mark.parametrize("path", [f"{HEALTH}Check", f"{HEALTH}Watch", REFLECTION])
async def test_what_does_not_parse_is_invalid_for_other_services_too(path, caplog):
    async with serving() as served:
        with caplog.at_level(logging.INFO):
            call = served.channel.stream_stream(path)()
            await call.write(b"\x0a\xff\xff\xff\xff\xff")
            said = await refused(call)
        assert (said.code, said.fields, said.text) == ("INVALID_ARGUMENT", ("request",), "request: does not parse")
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled["other", "INVALID_ARGUMENT"] == 1
        assert [record for record in caplog.records if record.exc_info] == []


async def test_health_is_watched_and_the_service_described_as_before():
    async with serving() as served:
        watch = served.channel.unary_stream(f"{HEALTH}Watch")(b"")
        assert await watch.read() == b"\x08\x01"
        watch.cancel()
        listing = served.channel.stream_stream(REFLECTION)()
        await listing.write(b"\x3a\x00")
        assert b"lybic.agent.Agent" in await listing.read()
        listing.cancel()


def opened(port: int) -> list[socket.socket]:
    """Return six connections, and wait for each one's first bytes, which are none where it is closed."""
    return [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(6)]


async def test_connections_above_the_limit_are_closed_until_others_end():
    async with serving({"GRPC_MAX_CONNECTIONS": "3"}) as served:
        await served.agent.GetAgentInfo(pb.GetAgentInfoRequest())
        sockets = opened(served.service.port)
        heard = [await asyncio.to_thread(each.recv, 9) for each in sockets]
        assert [greeting == b"" for greeting in heard] == [False, False, True, True, True, True]
        for each in sockets:
            each.close()

        def another_is_heard() -> bool:
            with socket.create_connection(("127.0.0.1", served.service.port), timeout=10) as another:
                return another.recv(9) != b""

        while not await asyncio.to_thread(another_is_heard):
            await asyncio.sleep(0.01)


async def test_a_connection_without_calls_ends_after_a_time():
    async with serving({"GRPC_IDLE_SECONDS": "1"}) as served:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{served.service.port}")
        await channel.channel_ready()
        await channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
        assert channel.get_state() is grpc.ChannelConnectivity.IDLE
        await channel.close()


async def begun(port: int, calls: int, announced: int = 4 * 2**20) -> tuple[http2.Sender, asyncio.StreamWriter]:
    """Begin so many calls, each with a message that never ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(http2.greeting())
    sender = http2.Sender(reader, writer)
    for _ in range(calls):
        sender.begin(METHODS[0].path, announced)
    return sender, writer


async def test_the_message_that_has_been_slow_for_longest_makes_place(monkeypatch):
    monkeypatch.setattr(reception, "MOMENT_SECONDS", 0.01)
    monkeypatch.setattr(reception, "SLOW_BYTES", 0)
    async with serving() as served:
        sender, writer = await begun(served.service.port, calls=6)
        serving_it = asyncio.create_task(sender.serve())
        await until(lambda: sender.unfinished == 4)
        handled = served.state.snapshot().rpcs.handled
        assert handled[METHODS[0].name, "RESOURCE_EXHAUSTED"] == 2
        # Whoever is quick needs no place.
        assert (await served.agent.GetAgentInfo(pb.GetAgentInfoRequest())).maxConcurrentTasks == 5
        writer.close()
        await serving_it


async def test_no_more_messages_are_read_at_once_than_may_be(monkeypatch):
    monkeypatch.setattr(reception, "MOMENT_SECONDS", 3600)
    monkeypatch.setattr(reception, "SLOW_BYTES", 0)
    async with serving() as served:
        sender, writer = await begun(served.service.port, calls=40)
        serving_it = asyncio.create_task(sender.serve())
        at_once = reception.QUICK_FOR_EACH_SLOW * reception.MIN_SLOW
        await until(lambda: sender.waiting == at_once)
        # The others could be sent now, if the service took them.
        await asyncio.sleep(0.2)
        assert (sender.waiting, sender.unfinished) == (at_once, 40)
        writer.close()
        await serving_it


async def test_a_message_whose_own_time_is_over_is_not_sent_away(caplog):
    taken_in = reception.Reception(10, 64 * 2**20)
    over = reception._Reading(asyncio.timeout(0))
    with contextlib.suppress(TimeoutError):
        async with over.limit:
            await asyncio.sleep(1)
    taken_in._is_slow(over)
    for _ in range(reception.MIN_SLOW):
        taken_in._is_slow(reception._Reading(asyncio.timeout(10)))
    assert over.sent_away
    assert caplog.messages == []
