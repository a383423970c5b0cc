"""Whatever a browser sends, the proxy answers with HTTP or ends the connection, and nothing is left."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.egress import connection, exchange
from tests.gui_agents.egress.peers import Server, browsing, serving

PIECES = st.sampled_from(
    [
        b"GET ",
        b"CONNECT ",
        b"POST ",
        b"http://127.0.0.1:PORT/",
        b"127.0.0.1:PORT",
        b"http://a.test/",
        b" HTTP/1.1",
        b"\r\n",
        b"Host: x\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"\r\n\r\n",
        b"abc",
        b"3\r\nabc\r\n0\r\n",
        b"Connection: content-length\r\n",
        b"\x00",
        b"\xff",
        b": ",
        b"HTTP/1.0",
        b"Content-Length: 99999999999\r\n",
        b"\n",
        b" ",
    ]
)
REQUEST = b"POST http://127.0.0.1:PORT/ HTTP/1.1\r\nHost: x\r\n"


async def sent(data):
    async with serving(Server()) as port, browsing(f"127.0.0.1:{port}") as browser:
        client = await browser.connect()
        client.send(data.replace(b"PORT", str(port).encode()))
        client.writer.write_eof()
        try:
            reply = await client.rest()
        except ConnectionResetError:
            reply = b""
    return reply


@given(st.binary(max_size=300) | st.lists(PIECES, max_size=20).map(b"".join))
def test_any_bytes_are_answered_with_http_or_with_nothing(data):
    reply = asyncio.run(sent(data))
    assert reply == b"" or reply.startswith(b"HTTP/1.1 ")


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_any_headers_and_body_are_answered_with_http_or_with_nothing(rest):
    reply = asyncio.run(sent(REQUEST + rest))
    assert reply == b"" or reply.startswith(b"HTTP/1.1 ")


async def answered(answer):
    async with serving(Server(answer=answer)) as port, browsing(f"127.0.0.1:{port}") as browser:
        return await browser.get(f"http://127.0.0.1:{port}/")


@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 103 Early\r\n\r\n",
                b"HTTP/1.0 304 X\r\n",
                b"Content-Length: 2\r\n",
                b"ok",
                b"Transfer-Encoding: chunked\r\n",
                b"\r\n",
                b"2\r\nok\r\n",
                b"0\r\n\r\n",
                b"X: \xff\r\n",
                b" folded\r\n",
                b"HTTP/1.1 407 X\r\n",
                b"Connection: upgrade, x\r\n",
                b"Upgrade: websocket\r\n",
                b"HTTP/1.1 101 Switch\r\n",
                b"\x00",
                b"HTTP/1.1 99 X\r\n",
            ]
        ),
        max_size=12,
    ).map(b"".join)
)
def test_any_answer_of_a_server_is_answered_with_http(answer):
    assert asyncio.run(answered(answer)).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://a.test/" + b"x" * exchange.MAX_HEAD_BYTES + b" HTTP/1.1\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\n" + b"X: y\r\n" * exchange.MAX_HEAD_BYTES,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"CONNECT a.test:443\r\n\r\n",
    ],
    ids=["target", "fields", "TLS", "HTTP/0.9"],
)
async def test_a_head_that_is_none_or_too_large_is_refused(head):
    assert (await sent(head)).startswith(b"HTTP/1.1 400 ")


async def test_a_head_that_comes_a_byte_at_a_time_is_not_awaited_for_ever(monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with browsing("public") as browser:
        client = await browser.connect()
        ended = asyncio.create_task(client.rest())
        while not ended.done():
            client.send(b"x")
            await asyncio.sleep(0.01)
        assert await asyncio.gather(ended, return_exceptions=True)
        assert browser.proxy.connections == 0
