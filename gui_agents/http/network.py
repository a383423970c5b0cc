"""The connections below the HTTP client: checked where they are made, and bounded in what they receive.

`httpcore2` leaves both to a network backend. A name is resolved once for each connection, and the connection is made to
an address that was checked: a name that changes its address in between (DNS rebinding) changes nothing. The name still
goes into `Host` and into the TLS handshake.

After each write a connection may receive `MAX_HEAD_BYTES`: that bounds the head of an answer together with any number
of interim answers (1xx) before it. Who reads the body allows more with `allow`.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Any, Final

from httpcore2 import (
    SOCKET_OPTION,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ReadError,
    WriteError,
)

from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.names import Names, Place

MAX_HEAD_BYTES: Final = 32 * 1024
"""An ordinary head has 1 to 8 KiB. Reading the worst one of this size holds the event loop for some milliseconds."""
READ_BYTES: Final = 16 * 1024
"""At most so much is handed on at once, because the parser works through all of it without a pause."""
BUFFERED_BYTES: Final = 64 * 1024
CONNECT_SECONDS: Final = 5.0
"""After which the next address of a host is tried; the last one may take as long as the attempt."""


class TooLongError(Exception):
    """The endpoint sent more than an answer may have."""


class CheckedNetwork(AsyncNetworkBackend):
    """Connects to hosts whose every address `policy` allows; without one, to any."""

    def __init__(self, names: Names, policy: EndpointPolicy | None) -> None:
        self._names = names
        self._policy = policy

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address of `host` that answers.

        Raises:
            AddressRefusedError: `host` has an address that is not allowed; nothing was connected to.
            ConnectError: it has no address, or none that answers.
        """
        del timeout, local_address, socket_options  # never given: each attempt has one timeout as a whole
        try:
            places = await self._names.places(host, port, self._policy)
            return await _first_to_answer(places)
        except (OSError, UnicodeError) as error:  # a TimeoutError is an OSError
            raise ConnectError(str(error)) from error


async def _first_to_answer(places: list[Place]) -> "Stream":
    for place in places[:-1]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _connected(place)
        except OSError:
            continue
    return await _connected(places[-1])


async def _connected(place: Place) -> "Stream":
    family, address = place
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, address)
        return Stream(*await asyncio.open_connection(sock=connection, limit=BUFFERED_BYTES))
    except BaseException:
        connection.close()
        raise


class Stream(AsyncNetworkStream):
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._allowance = MAX_HEAD_BYTES

    def allow(self, size: int) -> None:
        """Let so many bytes more be received."""
        self._allowance += size

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived.

        Raises:
            ReadError: the connection broke.
            TooLongError: more arrived than is allowed.
        """
        del timeout
        # What waits in the buffer comes back without a pause; others shall have their turn all the same.
        await asyncio.sleep(0)
        try:
            data = await self._reader.read(min(max_bytes, READ_BYTES))
        except OSError as error:
            raise ReadError(str(error)) from error
        self._allowance -= len(data)
        if self._allowance < 0:
            raise TooLongError
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send `buffer`, of which the kernel takes its part at once.

        Raises:
            WriteError: the connection broke.
        """
        del timeout
        self._allowance = MAX_HEAD_BYTES
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise WriteError(str(error)) from error

    async def aclose(self) -> None:
        """End the connection at once: whoever closes it wants nothing more of it."""
        self._writer.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """Go on encrypted.

        Raises:
            ConnectError: the handshake failed, or the certificate is not one of this host.
        """
        del timeout
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except OSError as error:  # ssl.SSLError is one
            await self.aclose()
            raise ConnectError(str(error)) from error
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what the client asks of a connection: its TLS, and whether an idle one has ended."""
        if info == "is_readable":
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)
