"""A connection to an X server: the few requests that a desktop needs, on the event loop.

Theory of operation. Requests are written at once and counted; the server answers in order, and an answer carries the
low 16 bits of its request's number. A request without an answer may fail, too: its error is dropped, because windows
vanish at any time and the next look at the screen tells.

The client libraries of X block, and connect to a path of their own choice. Here the server is one that an agent's
programs may stop or kill: it must cost neither a thread nor the event loop. The protocol has not changed since 1987;
the numbers are those of "X Window System Protocol, Version 11" and of the XTEST extension.
"""

import asyncio
import contextlib
import struct
from collections.abc import Callable
from typing import Final

import attrs

from gui_agents.domain.sandbox import SandboxEnd, SandboxGoneError, TransientSandboxError

COOKIE_NAME: Final = b"MIT-MAGIC-COOKIE-1"
ANSWER_SECONDS: Final = 10.0
"""How long a server may take to answer, before the desktop counts as unreachable."""
MAX_REPLY: Final = 2**22
"""Bytes of one answer, of which the longest here is the keyboard's layout: 10 kB."""

_ERROR: Final = 0
_REPLY: Final = 1
_GENERIC_EVENT: Final = 35
_HEAD: Final = 32
"""Bytes of an event and of an error, and the least of an answer."""
_SENT: Final = 0x80
"""The bit of an event's type that says that a client has sent it."""


class RequestError(TransientSandboxError):
    """The server refuses a request, such as one about a window that has vanished."""


@attrs.frozen
class Screen:
    """What a server tells when a client connects."""

    root: int
    width: int
    height: int
    min_keycode: int
    max_keycode: int


class Connection:
    """A connection. `close` ends it; when it ends by itself, requests raise SandboxGoneError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, screen: Screen) -> None:
        self.screen: Final = screen
        self.on_event: Callable[[int, bytes], None] = lambda _kind, _event: None
        """Called with the type and the 32 bytes of each event."""
        self._reader = reader
        self._writer = writer
        self._sent = 0
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, path: str, cookie: bytes) -> "Connection":
        """Connect to the server that listens at a path.

        Raises:
            OSError: it does not listen, or does not let us in.
        """
        reader, writer = await asyncio.open_unix_connection(path, limit=2**16)
        try:
            return cls(reader, writer, await _set_up(reader, writer, cookie))
        except BaseException:
            writer.close()
            raise

    def send(self, opcode: int, data: int = 0, body: bytes = b"") -> int:
        """Send a request that has no answer. Return its number."""
        if self._reading.done():
            raise SandboxGoneError("the desktop's display has ended", SandboxEnd.CRASHED)
        body += bytes(-len(body) % 4)
        self._writer.write(struct.pack("<BBH", opcode, data, 1 + len(body) // 4) + body)
        self._sent = self._sent + 1 & 0xFFFF
        return self._sent

    async def ask(self, opcode: int, data: int = 0, body: bytes = b"") -> bytes:
        """Send a request, and return its answer.

        Raises:
            RequestError: the server refuses it.
            SandboxGoneError: the connection has ended, or the server does not answer.
        """
        number = self.send(opcode, data, body)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._writer.drain()
                return await answer
        except TimeoutError:
            problem = f"the desktop's display does not answer within {ANSWER_SECONDS:g} s"
            raise SandboxGoneError(problem, SandboxEnd.UNREACHABLE) from None
        except OSError as error:
            raise SandboxGoneError("the desktop's display has ended", SandboxEnd.CRASHED) from error
        finally:
            self._waiting.pop(number, None)

    async def sync(self) -> None:
        """Wait until the server has carried out all that was sent."""
        await self.ask(43)  # GetInputFocus, the cheapest request that is answered

    async def close(self) -> None:
        """End the connection."""
        self._reading.cancel()
        await asyncio.wait([self._reading])
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while True:
                self._receive(*await _message(self._reader))
        except (OSError, EOFError):
            pass
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(SandboxGoneError("the desktop's display has ended", SandboxEnd.CRASHED))

    def _receive(self, kind: int, message: bytes) -> None:
        if kind not in (_ERROR, _REPLY):
            self.on_event(kind & ~_SENT, message)
            return
        (number,) = struct.unpack_from("<H", message, 2)
        answer = self._waiting.get(number)
        if answer is not None and not answer.done():
            if kind == _REPLY:
                answer.set_result(message)
            else:
                answer.set_exception(RequestError(f"request {message[10]} failed with error {message[1]}"))


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(_HEAD)
    if head[0] not in (_REPLY, _GENERIC_EVENT):
        return head[0], head
    size = struct.unpack_from("<I", head, 4)[0] * 4
    if size > MAX_REPLY:
        raise EOFError
    return head[0], head + await reader.readexactly(size)


async def _set_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cookie: bytes) -> Screen:
    head = struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(COOKIE_NAME), len(cookie))
    writer.write(head + _padded(COOKIE_NAME) + _padded(cookie))
    try:
        status, words = struct.unpack("<BxHHH", await reader.readexactly(8))[::3]
        body = await reader.readexactly(words * 4)
    except EOFError:
        raise ConnectionError("the display closed the connection") from None
    if status != 1:
        raise ConnectionError(f"the display lets nobody in: {body[:80].decode('latin-1')}")
    vendor, formats, low, high = struct.unpack_from("<16xHxxxBxxxxBB", body)
    start = 32 + vendor + -vendor % 4 + formats * 8
    root, width, height = struct.unpack_from("<I16xHH", body, start)
    return Screen(root, width, height, low, high)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
