"""A site that attacks whoever opens it, and its victim: a server on loopback that the browser must not reach."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PAGE = (Path(__file__).parent / "attack.html").read_bytes()
SPELLINGS = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",  # noqa: S104 - an address that a page tries
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "inside.test",
)
"""Of the victim's address; the last is a name that leads there."""
SCRIPTS = {
    "/worker.js": "onmessage = (event) => fetch(event.data, { mode: 'no-cors' });",
    "/importing.js": "onmessage = (event) => importScripts(event.data);",
    "/websocket.js": "onmessage = (event) => new WebSocket(event.data);",
    "/shared.js": "onconnect = (c) => { c.ports[0].onmessage = (e) => fetch(e.data, { mode: 'no-cors' }); };",
    "/service.js": "onmessage = (event) => event.waitUntil(fetch(event.data, { mode: 'no-cors' }));",
}
REBINDING = b"""<!doctype html><title>rebinding</title><script>
async function rebind() {
  for (let i = 0; i < 20; i++) {
    for (const path of ["/rebound", `http://both.test:${location.port}/both`]) {
      try { await fetch(path, { mode: "no-cors", cache: "no-store" }); } catch (error) { /* refused */ }
    }
    new Image().src = `/rebound-img?${i}`;
    new WebSocket(`ws://${location.host}/rebound-websocket`);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
}
</script>"""


class Victim:
    """What must not be reached. It keeps what did reach it."""

    def __init__(self) -> None:
        self.hits: set[str] = set()
        """The ways, by the path that was asked for; `preconnect` is a connection without a request."""

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hit = "preconnect"
        try:
            line = await reader.readline()
            if line.endswith(b"HTTP/1.1\r\n"):
                hit = line.split(b" ")[1].decode().strip("/").partition("?")[0]
            elif line:
                hit = "turn_tcp"
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n"
                b"Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\n\r\nhit"
            )
        except (OSError, ValueError, asyncio.CancelledError):
            pass  # asyncio of Python 3.11 prints the trace of a connection's task that is cancelled
        finally:
            self.hits.add(hit)
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, victim: Victim) -> None:
        self._victim = victim

    def datagram_received(self, data: bytes, addr: object) -> None:
        stun = data[4:8] == b"\x21\x12\xa4\x42"  # RFC 8489
        self._victim.hits.add("stun" if stun else "webtransport")


async def attack_site(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve the attack, and whatever else it needs of an allowed host."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        url = urlsplit(head.split(b" ")[1].decode())
        to = parse_qs(url.query).get("to", [""])[0]
        writer.write(_answer(url.path, to))
    except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


def _answer(path: str, to: str) -> bytes:
    if path.strip("/").isdecimal():
        return _response(b"", "text/html", status=int(path.strip("/")), Location=to)
    if path in SCRIPTS:
        return _response(SCRIPTS[path].encode(), "text/javascript")
    pages: dict[str, tuple[bytes, dict[str, str]]] = {
        "/": (PAGE, {}),
        "/rebind": (REBINDING, {}),
        "/meta": (f'<meta http-equiv="refresh" content="0;url={to}">'.encode(), {}),
        "/script": (f"<script>location = {to!r}</script>".encode(), {}),
        "/refresh": (b"", {"Refresh": f"0;url={to}"}),
        "/link": (b"", {"Link": f"<{to}>; rel=preload; as=image"}),
        "/csp": (b"<img src=/x>", {"Content-Security-Policy": f"img-src 'none'; report-uri {to}"}),
    }
    body, headers = pages.get(path, (b"", {}))
    return _response(body, "text/html", **headers)


def _response(body: bytes, kind: str, status: int = 200, **headers: str) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{fields}Connection: close\r\n"
    )
    return f"{head}\r\n".encode() + body


@asynccontextmanager
async def attacking() -> AsyncIterator[tuple[Victim, int, int]]:
    """Serve the attack on 127.0.0.1, and on the victim's port of 127.0.0.2; give both ports, the victim's last."""
    victim = Victim()
    loop = asyncio.get_running_loop()
    site = await asyncio.start_server(attack_site, "127.0.0.1", 0)
    target = await asyncio.start_server(victim.accepted, "127.0.0.1", 0)
    port = target.sockets[0].getsockname()[1]
    servers = [site, target, await asyncio.start_server(attack_site, "127.0.0.2", port)]
    if socket.has_ipv6:
        servers.append(await asyncio.start_server(victim.accepted, "::1", port))
    datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(victim), ("127.0.0.1", port))
    try:
        yield victim, site.sockets[0].getsockname()[1], port
    finally:
        datagrams.close()
        for server in servers:
            server.close()
