
from tests.gui_agents.egress.peers import Server, browsing, serving


async def test_a_request_is_made_at_an_allowed_place():
    server = Server()
    async with serving(server) as port, browsing(f"127.0.0.1:{port}") as browser:
        reply = await browser.get(f"http://127.0.0.1:{port}/a?b=c")
    assert reply == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    (head,) = server.heads
    assert head == (f"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    assert browser.counts == {"allowed": 1}


async def test_a_tunnel_carries_bytes_both_ways():
    async def echo(reader, writer):
        while data := await reader.read(1000):
            writer.write(data.upper())
        writer.write(b"end")

    async with serving(Server(echo)) as port, browsing(f"localhost:{port}") as browser:
        head, client = await browser.tunnel(f"localhost:{port}")
        assert head == b"HTTP/1.1 200 Connection established\r\n\r\n"
        client.send(b"hello")
        assert await client.exactly(5) == b"HELLO"
        client.writer.write_eof()
        assert await client.rest() == b"end"
