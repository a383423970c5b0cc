"""Connections as the proxy uses them: bounded in what they buffer, and ended at once."""

import asyncio
import contextlib
import socket
from typing import Final

import attrs

BUFFERED_BYTES: Final = 64 * 1024
"""In each direction; a connection that takes no more holds up the one that it gets from."""
READ_BYTES: Final = 64 * 1024


@attrs.frozen
class Stream:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def __attrs_post_init__(self) -> None:
        # asyncio does this only for sockets that say that they are TCP, which accepted ones do not.
        self.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def read(self) -> bytes:
        """Return what has arrived; nothing after the end.

        Raises:
            OSError: the connection broke.
        """
        return await self.reader.read(READ_BYTES)

    async def write(self, data: bytes) -> None:
        """Send `data`, and wait until there is room for more.

        Raises:
            OSError: the connection broke.
        """
        self.writer.write(data)
        await self.writer.drain()

    async def flush(self) -> None:
        """Wait until the kernel has everything: it delivers that also after `abort`.

        Raises:
            OSError: the connection broke.
        """
        self.writer.transport.set_write_buffer_limits(0)
        await self.writer.drain()

    def end(self) -> None:
        """Send no more. What comes can still be read."""
        with contextlib.suppress(OSError):
            self.writer.write_eof()

    def abort(self) -> None:
        """End the connection at once."""
        self.writer.transport.abort()


async def opened(connection: socket.socket) -> Stream:
    """Return the stream of a connected socket, which it closes when it ends."""
    return Stream(*await asyncio.open_connection(sock=connection, limit=BUFFERED_BYTES))
