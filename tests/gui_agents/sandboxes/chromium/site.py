"""Pages on loopback for a browser, and what was asked for."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import attrs


@attrs.define
class Answer:
    """What the site answers to a path."""

    body: str = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    stops: bool = False
    """Whether it sends no more after that, and keeps the connection."""


TLS_HELLO = b"\x16"
NEVER = Answer(status=0)
"""Nothing is ever sent."""


@attrs.define(eq=False)
class Site:
    """A web site."""

    port: int = 0
    pages: dict[str, Answer] = attrs.field(factory=dict)
    asked: list[str] = attrs.field(factory=list)
    logins: list[str] = attrs.field(factory=list)
    scheme: str = "http"

    def page(self, path: str, body: str, title: str = "Page") -> str:
        """Serve a page, and return its address."""
        html = f"<!doctype html><title>{title}</title><body style='margin:0'>{body}"
        return self.answer(path, Answer(html))

    def answer(self, path: str, answer: Answer) -> str:
        """Serve an answer, and return its address."""
        self.pages[path] = answer
        return self.url(path)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the address of a path."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            if first == TLS_HELLO:
                writer.close()
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1].partition("?")[0]
            self.asked.append(path)
            self.logins += [line for line in head.splitlines() if line.lower().startswith("authorization:")]
            answer = self.pages.get(path, Answer("not found", 404))
            if answer.status == 401 and self.logins:
                answer = Answer("<title>Inside</title>")
            if answer.status:
                body = answer.body.encode()
                length = [] if answer.stops else [("Content-Length", str(len(body)))]
                kind = ("Content-Type", "text/html; charset=utf-8")
                lines = [f"HTTP/1.1 {answer.status} Status", "Connection: close"]
                lines += [f"{name}: {value}" for name, value in [kind, *length, *answer.headers]]
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                await writer.drain()
            if answer.stops or not answer.status:
                await reader.read()
        writer.close()


@contextlib.asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """Serve a site on a free port."""
    site = Site(scheme="https" if tls else "http")
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
