import asyncio

import h11
import pytest

from gui_agents.egress import connection, exchange, idle
from gui_agents.egress.streams import Stream
from tests.gui_agents.egress.peers import LONGEST, OK, Server, browsing, serving


def raw(port, method="GET", headers="", body=b""):
    return f"{method} http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode() + body


async def reply(answer, asked="GET"):
    """Return what a browser gets of a server's answer, which ends with its connection."""
    async with serving(Server(answer=answer)) as port, browsing(f"127.0.0.1:{port}") as browser:
        return await browser.ask(raw(port, asked))


async def received(request):
    """Return what a server gets of a request with a body."""
    got = asyncio.get_running_loop().create_future()

    async def talk(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        got.set_result((head, await reader.readuntil(b"0\r\n\r\n" if b"chunked" in head else b"!")))
        writer.write(OK)

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        assert (await browser.ask(request(port))).endswith(b"ok")
        return await asyncio.wait_for(got, LONGEST)


async def test_a_body_of_known_length_goes_on():
    head, body = await received(lambda port: raw(port, "POST", "Content-Length: 6\r\n", b"hello!"))
    assert b"\r\nContent-Length: 6\r\n" in head
    assert body == b"hello!"


async def test_a_body_in_chunks_is_framed_anew():
    chunks = b"3;ext=1\r\nhel\r\n3\r\nlo!\r\n0\r\nTrailer: x\r\n\r\n"
    head, body = await received(lambda port: raw(port, "POST", "Transfer-Encoding: chunked\r\n", chunks))
    assert b"\r\nTransfer-Encoding: chunked\r\n" in head
    assert body.replace(b"\r\n", b"|") in {b"6|hello!|0||", b"3|hel|3|lo!|0||"}


OWN = b"Connection: close\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 204 No Content\r\n" + OWN),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, HEAD + b"Content-Length: 2\r\n" + OWN + b"ok"),
        (
            b"HTTP/1.0 200 OK\r\n\r\nto the end",
            HEAD + b"Transfer-Encoding: chunked\r\n" + OWN + b"a\r\nto the end\r\n0\r\n\r\n",
        ),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX: trailer\r\n\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n" + OWN + b"2\r\nok\r\n0\r\n\r\n",
        ),
    ],
    ids=["nothing", "interim", "to the end", "chunks"],
)
async def test_a_response_is_framed_anew(answer, expected):
    got = await reply(answer)
    head, _, body = got.partition(b"\r\n\r\n")
    wanted_head, _, wanted_body = expected.partition(b"\r\n\r\n")
    assert sorted(head.lower().split(b"\r\n")) == sorted(wanted_head.lower().split(b"\r\n"))
    assert body == wanted_body


async def test_the_answer_to_head_has_a_length_and_no_body():
    assert await reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD") == HEAD + b"Content-Length: 9\r\n" + OWN


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_a_page_that_says_so(answer):
    got = await reply(answer)
    assert got.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"\r\nProxy-Status: egress; error=http_protocol_error\r\n" in got
    assert b"<h1>Not reached</h1>" in got


async def test_an_answer_that_is_cut_off_is_cut_off_for_the_browser_too():
    assert (await reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")).endswith(b"\r\n\r\nhalf")
    assert (await reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")).endswith(
        b"4\r\nhalf\r\n"
    )


async def test_a_server_may_answer_before_it_has_the_body():
    answered = asyncio.Event()

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        answered.set()

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        client = await browser.connect()
        client.send(raw(port, "POST", "Content-Length: 10000000\r\n", b"x" * 100_000))
        await asyncio.wait_for(answered.wait(), LONGEST)
        assert (await client.head()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("begun", "told"), [(b"", b"HTTP/1.1 504 "), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"HTTP/1.1 200 ")]
)
async def test_a_server_that_never_answers_is_given_up(begun, told, monkeypatch):
    monkeypatch.setattr(idle, "IDLE_SECONDS", 0.1)
    given_up = asyncio.Event()

    async def talk(reader, writer):
        writer.write(begun)
        await reader.read()
        given_up.set()

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        assert (await browser.get(f"http://127.0.0.1:{port}/")).startswith(told)
        await asyncio.wait_for(given_up.wait(), LONGEST)


@pytest.mark.parametrize(
    ("fields", "more"), [("", b""), ("Content-Length: 9\r\n", b"half"), ("", b"GET http://a.test/")]
)
async def test_a_browser_that_goes_away_ends_the_server_s_connection(fields, more):
    asked, ended = asyncio.Event(), asyncio.Event()

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        ended.set()

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        client = await browser.connect()
        client.send(raw(port, "POST", fields))
        await asyncio.wait_for(asked.wait(), LONGEST)
        client.send(more)
        client.writer.close()
        await asyncio.wait_for(ended.wait(), LONGEST)


async def test_a_second_request_on_a_connection_is_dropped():
    server = Server()
    async with serving(server) as port, browsing(f"127.0.0.1:{port}") as browser:
        got = await browser.ask(raw(port, "POST", "Content-Length: 2\r\n", b"hi") + raw(port) * 100)
    assert got.count(b"HTTP/1.1 200 OK") == 1
    assert server.connections == 1
    assert got.endswith(b"ok")


@pytest.mark.parametrize("body", [b"zz\r\n", b"3\r\nabcd\r\n", b"-1\r\n"])
async def test_a_body_that_is_no_http_is_refused(body):
    async def talk(reader, writer):
        await reader.read()

    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}") as browser:
        got = await browser.ask(raw(port, "POST", "Transfer-Encoding: chunked\r\n", body))
    assert got.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_large_answer_arrives_whole_at_a_slow_browser(monkeypatch):
    monkeypatch.setattr(connection, "LINGER_SECONDS", 0.0)
    body = bytes(range(256)) * 20_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with serving(Server(answer=answer)) as port, browsing(f"127.0.0.1:{port}") as browser:
        client = await browser.connect()
        client.send(raw(port))
        await client.head()
        got = bytearray()
        while len(got) < len(body):
            got += await client.exactly(min(65_536, len(body) - len(got)))
        assert bytes(got) == body


async def test_a_server_that_takes_no_more_is_no_error_yet():
    async with serving(Server()) as port:
        stream = Stream(*await asyncio.open_connection("127.0.0.1", port))
        stream.abort()
        await asyncio.sleep(0)
        request = h11.Request(method="GET", target="/", headers=[("Host", "x")])
        assert not await exchange._sent(exchange.Peer(stream, h11.CLIENT), request)
