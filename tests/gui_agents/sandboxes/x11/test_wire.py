"""A connection to X servers that lie, refuse, hang and hang up: loopback peers on Unix sockets."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gui_agents.domain.sandbox import SandboxEnd, SandboxGoneError, TransientSandboxError
from gui_agents.sandboxes.x11 import wire
from gui_agents.sandboxes.x11.wire import COOKIE_NAME, Connection, RequestError, Screen

COOKIE = b"0123456789abcdef"
VENDOR = b"someone"
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def setup() -> bytes:
    formats = 2
    head = struct.pack("<IIIIHHBBBBBBBBxxxx", 1, 0, 0, 0, len(VENDOR), 65535, 1, formats, 0, 0, 32, 32, 8, 255)
    screen = struct.pack("<IIIIIHH", 291, 0, 0, 0, 0, 1280, 720) + bytes(16)
    body = head + VENDOR + bytes(1) + bytes(8 * formats) + screen
    return struct.pack("<BBHHH", 1, 0, 11, 0, len(body) // 4) + body


async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = 12 + len(COOKIE_NAME) + 2 + len(COOKIE)
    assert (await reader.readexactly(size))[-16:] == COOKIE
    writer.write(setup())


@asynccontextmanager
async def connected(directory, peer: Peer) -> AsyncIterator[Connection]:
    peers = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(asyncio.current_task())
        try:
            await greeted(reader, writer)
            await peer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_unix_server(serve, directory / "X0")
    async with server:
        connection = await Connection.open(str(directory / "X0"), COOKIE)
        try:
            yield connection
        finally:
            await connection.close()
            await connection.close()
            await asyncio.wait(peers, timeout=5)


def reply(number: int, *, words: int = 0, data: int = 0) -> bytes:
    return struct.pack("<BBHI", 1, data, number, words).ljust(32, b"\0") + bytes(4 * words)


def error(number: int, code: int = 3) -> bytes:
    return struct.pack("<BBHIHB", 0, code, number, 0, 0, 20).ljust(32, b"\0")


def event(kind: int) -> bytes:
    return bytes([kind]).ljust(32, b"\0")


async def test_what_the_server_tells_of_its_screen_is_known(tmp_path):
    async def wait(reader, _writer):
        await reader.read()

    async with connected(tmp_path, wait) as connection:
        assert connection.screen == Screen(root=291, width=1280, height=720, min_keycode=8, max_keycode=255)


async def test_answers_find_their_requests_among_events_and_errors_of_others(tmp_path):
    seen = []

    async def answer(reader, writer):
        await reader.readexactly(4 + 8)
        generic = bytearray(event(35) + bytes(8))
        generic[4] = 2
        writer.write(error(1) + event(33 | 0x80) + bytes(generic) + reply(2, words=1, data=7) + reply(9))
        await reader.read()

    async with connected(tmp_path, answer) as connection:
        connection.on_event = lambda kind, message: seen.append((kind, len(message)))
        connection.send(99)
        answered = await connection.ask(20, body=b"1234")
        assert (answered[1], len(answered)) == (7, 36)
    assert seen == [(33, 32), (35, 40)]


async def test_the_numbers_of_requests_go_round(tmp_path):
    async def answer(reader, writer):
        await reader.readexactly(4 * 0x10002)
        writer.write(reply(2))
        await reader.read()

    async with connected(tmp_path, answer) as connection:
        for _ in range(0x10001):
            connection.send(1)
        assert (await connection.ask(43))[:4] == b"\1\0\2\0"


async def test_a_refused_request_is_an_error_of_that_action_alone(tmp_path):
    async def refuse(reader, writer):
        await reader.readexactly(4)
        writer.write(error(1))
        await reader.readexactly(4)
        writer.write(reply(2))
        await reader.read()

    async with connected(tmp_path, refuse) as connection:
        with pytest.raises(RequestError, match="request 20 failed with error 3") as refused:
            await connection.ask(20)
        assert isinstance(refused.value, TransientSandboxError)
        await connection.sync()


async def test_a_server_that_does_not_answer_is_unreachable(tmp_path, monkeypatch):
    async def hang(reader, _writer):
        await reader.read()

    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.01)
    async with connected(tmp_path, hang) as connection:
        with pytest.raises(SandboxGoneError) as gone:
            await connection.sync()
    assert gone.value.reason is SandboxEnd.UNREACHABLE


@pytest.mark.parametrize("last", [b"", reply(1)[:20], reply(1, words=0)[:4] + struct.pack("<I", 2**31)])
async def test_a_server_that_ends_in_the_middle_or_promises_too_much_is_gone(tmp_path, last):
    async def end(reader, writer):
        await reader.readexactly(4)
        writer.write(last.ljust(32, b"\0") if len(last) == 8 else last)
        await writer.drain()
        if len(last) != 8:
            writer.close()

    async with connected(tmp_path, end) as connection:
        with pytest.raises(SandboxGoneError, match="display has ended"):
            await connection.sync()
        with pytest.raises(SandboxGoneError, match="display has ended"):
            connection.send(1)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", "the display closed the connection"),
        (struct.pack("<BBHHH", 0, 8, 11, 0, 2) + b"No entry", "lets nobody in: No entry"),
        (struct.pack("<BBHHH", 1, 0, 11, 0, 4) + b"short", "the display closed the connection"),
    ],
)
async def test_a_server_that_lets_nobody_in_says_why(tmp_path, answer, problem):
    async def serve(reader, writer):
        await reader.read(12)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(serve, tmp_path / "X0"):
        with pytest.raises(ConnectionError, match=problem):
            await Connection.open(str(tmp_path / "X0"), COOKIE)


async def test_a_cancelled_request_leaves_nothing_that_waits(tmp_path):
    async def hang(reader, _writer):
        await reader.read()

    async with connected(tmp_path, hang) as connection:
        asking = asyncio.create_task(connection.sync())
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert connection._waiting == {}
