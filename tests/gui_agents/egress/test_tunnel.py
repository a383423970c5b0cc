import asyncio
import socket

import pytest

from gui_agents.egress import idle
from gui_agents.egress.streams import opened
from gui_agents.egress.tunnel import tunnel
from tests.gui_agents.egress.peers import LONGEST, Server, browsing, serving


async def echo(reader, writer):
    while data := await reader.read(100_000):
        writer.write(data)
        await writer.drain()


async def test_what_a_browser_sends_at_once_goes_through_the_tunnel():
    async with serving(Server(echo)) as port, browsing(f"127.0.0.1:{port}") as browser:
        client = await browser.connect()
        client.send(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\nearly".encode())
        await client.head()
        assert await client.exactly(5) == b"early"


@pytest.mark.parametrize("first", ["browser", "server"])
async def test_each_side_may_end_first_and_still_gets_the_rest(first):
    got = asyncio.get_running_loop().create_future()

    async def talk(reader, writer):
        if first == "server":
            writer.write(b"from the server")
            writer.write_eof()
        got.set_result(await reader.read())
        if first == "browser":
            writer.write(b"from the server")

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        _, client = await browser.tunnel(f"127.0.0.1:{port}")
        if first == "server":
            assert await client.rest() == b"from the server"
        client.send(b"from the browser")
        client.writer.write_eof()
        assert await asyncio.wait_for(got, LONGEST) == b"from the browser"
        assert await client.rest() == (b"from the server" if first == "browser" else b"")


async def test_a_connection_that_breaks_ends_the_other():
    async def talk(reader, writer):
        await reader.read(1)
        writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        _, client = await browser.tunnel(f"127.0.0.1:{port}")
        client.send(b"x")
        assert await client.rest() == b""


@pytest.mark.parametrize("ends", [False, True])
async def test_a_silent_tunnel_ends(ends, monkeypatch):
    monkeypatch.setattr(idle, "HALF_CLOSED_SECONDS" if ends else "IDLE_SECONDS", 0.1)
    ended = asyncio.Event()

    async def talk(reader, writer):
        await reader.read()
        if ends:
            await asyncio.Event().wait()
        ended.set()

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        _, client = await browser.tunnel(f"127.0.0.1:{port}")
        if ends:
            client.writer.write_eof()
        assert await client.rest() == b""
        if not ends:
            await asyncio.wait_for(ended.wait(), LONGEST)


async def pair():
    """Return a connection with small buffers: our side as a stream, the other side as a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        other = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
    for each in (ours, other):
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    return await opened(ours), other


async def test_a_side_that_reads_nothing_holds_up_the_other():
    (fast, source), (slow, target) = await pair(), await pair()
    running = asyncio.create_task(tunnel(fast, slow))
    sent = quiet = 0
    while quiet < 100 and sent < 10**7:
        try:
            sent += source.send(b"x" * 65_536)
            quiet = 0
        except BlockingIOError:
            quiet += 1
        await asyncio.sleep(0)
    held = sent < 10**6
    source.shutdown(socket.SHUT_WR)
    target.shutdown(socket.SHUT_WR)
    received = 0
    while data := await asyncio.get_running_loop().sock_recv(target, 65_536):
        received += len(data)
    await asyncio.wait_for(running, LONGEST)
    for stream, other in ((fast, source), (slow, target)):
        stream.abort()
        other.close()
    assert held
    assert received == sent


async def test_a_request_for_a_tunnel_has_no_body():
    async with serving(Server(echo)) as port, browsing(f"127.0.0.1:{port}") as browser:
        got = await browser.ask(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
        assert browser.counts == {}
    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"a request for a tunnel has no body" in got
