"""A loopback server that sends whatever a test writes, and counts what is taken of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs

Answer = Callable[[], AsyncIterator[bytes]]
BUFFER = 64 * 1024
"""At which the server waits until the client has taken what was sent."""


@attrs.define
class HostileServer:
    base_url: str = ""
    connections: int = 0
    requests: list[bytes] = attrs.field(factory=list)
    """The heads of the requests."""
    taken: int = 0
    """Bytes that were sent; up to some hundred KiB of them in the kernel's buffers."""
    ended: asyncio.Event = attrs.field(factory=asyncio.Event)
    """Whether a client has closed its connection."""


@asynccontextmanager
async def serving(answer: Answer):
    server = HostileServer()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writer.transport.set_write_buffer_limits(high=BUFFER)
        tasks.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                server.requests.append(head)
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                await reader.readexactly(int(fields.get(b"content-length", 0)))
                async for piece in answer():
                    writer.write(piece)
                    await writer.drain()
                    server.taken += len(piece)
        except (OSError, asyncio.IncompleteReadError):
            server.ended.set()
        finally:
            writer.transport.abort()

    tasks = []
    listening = await asyncio.start_server(connection, "127.0.0.1", 0)
    server.base_url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()
