"""What a proxy stands between: a server that says what a test wants, and a client that sends what a test wants."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address

from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.egress_list import egress_entries
from gui_agents.domain.internet import Address
from gui_agents.egress.policy import EgressPolicy
from gui_agents.egress.proxy import EgressProxy, Gate

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LONGEST = 20.0
"""No test waits longer; only a defect makes it wait so long."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def policy(*items: str) -> EgressPolicy:
    return EgressPolicy(tuple(entry for item in items for entry in egress_entries(item)))


class Names:
    """A resolver whose names have addresses that a test chooses: one list for each lookup, the last one for good."""

    def __init__(self, **names: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    async def __call__(self, name: str) -> list[Address]:
        self.asked.append(name)
        answers = self._answers.get(name)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [ip_address(text) for text in (answers.pop(0) if len(answers) > 1 else answers[0])]


class Server:
    """A server on loopback. It keeps the heads that it got, and talks as a test says."""

    def __init__(self, talk: Talk | None = None, answer: bytes = OK) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._talk = talk or self._say
        self._answer = answer

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._answer)
        await writer.drain()

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(server: Server, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve, and give the port."""
    listening = await asyncio.start_server(server.accepted, host, 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


class Client:
    """A browser's connection to a gate."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        async with asyncio.timeout(LONGEST):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def exactly(self, size: int) -> bytes:
        async with asyncio.timeout(LONGEST):
            return await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        async with asyncio.timeout(LONGEST):
            return await self.reader.read()


class Browser:
    """What stands for a browser: one gate of a proxy, and connections to it."""

    def __init__(self, proxy: EgressProxy, gate: Gate, port: int, counts: Counter[str]) -> None:
        self.proxy = proxy
        self.gate = gate
        self.port = port
        self.counts = counts
        self._clients: list[Client] = []

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self._clients.append(client)
        return client

    async def ask(self, data: bytes) -> bytes:
        """Send something on a connection of its own, and return all that comes back."""
        client = await self.connect()
        client.send(data)
        try:
            return await client.rest()
        finally:
            client.writer.transport.abort()

    async def get(self, url: str) -> bytes:
        return await self.ask(f"GET {url} HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n".encode())

    async def tunnel(self, place: str) -> tuple[bytes, Client]:
        client = await self.connect()
        client.send(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        return await client.head(), client

    async def close(self) -> None:
        await self.gate.close()
        for client in self._clients:
            client.writer.transport.abort()


@asynccontextmanager
async def browsing(*items: str, names: Names | None = None) -> AsyncIterator[Browser]:
    """Give a browser that may reach what `items` of EGRESS_ALLOW cover."""
    counts: Counter[str] = Counter()

    def count(verdict: EgressVerdict) -> None:
        counts[verdict] += 1

    proxy = EgressProxy(policy(*items), count, resolve=names or Names())
    listener = socket.create_server(("127.0.0.1", 0))
    browser = Browser(proxy, await proxy.serve(listener), listener.getsockname()[1], counts)
    try:
        yield browser
    finally:
        await browser.close()
        await asyncio.sleep(0)
