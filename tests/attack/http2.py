"""Just enough of HTTP/2 to send what no gRPC library sends: half a message, and connections that say nothing more.

Frames as in RFC 9113, 4.1, flow control as in 5.2; header fields as literals without indexing, RFC 7541, 6.2.2.
"""

import asyncio
import struct
from collections.abc import Sequence
from typing import Final

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_HEADERS, ACK = 4, 1


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def greeting() -> bytes:
    """Return what a client begins with."""
    return PREFACE + frame(SETTINGS, 0, 0)


def call(stream: int, path: str, more: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Return the headers of a call, with more of them behind the usual ones."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    usual = [(name.encode(), value.encode()) for name, value in fields.items()]
    return frame(HEADERS, END_HEADERS, stream, b"".join(_literal(name, value) for name, value in (*usual, *more)))


WINDOW_BYTES: Final = 65_535
"""Of a connection and of a stream, until more is granted."""
INITIAL_WINDOW_SIZE: Final = 4
"""The setting that changes it for streams."""
FRAME_BYTES: Final = 16_384


class Sender:
    """Sends messages that never end: as many bytes of each as the service lets it send, and never the last one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._granted = WINDOW_BYTES
        self._for_new = WINDOW_BYTES
        self._windows: dict[int, int] = {}
        self._left: dict[int, int] = {}
        self._opened = 0

    @property
    def unfinished(self) -> int:
        """Calls that the service has not ended."""
        return len(self._left)

    @property
    def waiting(self) -> int:
        """Those of which everything but the last byte is sent."""
        return list(self._left.values()).count(0)

    def begin(self, path: str, announced: int) -> None:
        """Begin a call whose message is said to have so many bytes."""
        stream = 1 + 2 * self._opened
        self._opened += 1
        self._windows[stream] = self._for_new
        self._left[stream] = announced - 1
        self._writer.write(call(stream, path))
        self._data(stream, b"\0" + struct.pack("!I", announced))

    def send(self) -> None:
        """Send what may be sent."""
        for stream in list(self._left):
            while (size := min(self._left[stream], self._windows[stream], self._granted, FRAME_BYTES)) > 0:
                self._left[stream] -= size
                self._data(stream, bytes(size))

    def _data(self, stream: int, payload: bytes) -> None:
        self._windows[stream] -= len(payload)
        self._granted -= len(payload)
        self._writer.write(frame(DATA, 0, stream, payload))

    async def serve(self) -> None:
        """Do what the service wants, and go on sending, until it has ended all calls or the connection."""
        try:
            while self._left or not self._opened:
                head = await self._reader.readexactly(9)
                length, kind, flags = int.from_bytes(head[:3]), head[3], head[4]
                self._take(kind, flags, int.from_bytes(head[5:]), await self._reader.readexactly(length))
                self.send()
                await self._writer.drain()
        except (OSError, EOFError):
            pass

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        match kind:
            case 8 if stream == 0:
                self._granted += int.from_bytes(payload)
            case 8 if stream in self._windows:
                self._windows[stream] += int.from_bytes(payload)
            case 6 if not flags & ACK:
                self._writer.write(frame(PING, ACK, 0, payload))
            case 4 if not flags & ACK:
                for place in range(0, len(payload), 6):
                    if int.from_bytes(payload[place : place + 2]) == INITIAL_WINDOW_SIZE:
                        size = int.from_bytes(payload[place + 2 : place + 6])
                        self._windows = {each: left + size - self._for_new for each, left in self._windows.items()}
                        self._for_new = size
                self._writer.write(frame(SETTINGS, ACK, 0))
            case 3:
                self._left.pop(stream, None)


def _literal(name: bytes, value: bytes) -> bytes:
    return b"\0" + _text(name) + _text(value)


def _text(text: bytes) -> bytes:
    """Return a text with its length, an integer as in RFC 7541, 5.1."""
    left = len(text) - 127
    if left < 0:
        return bytes((len(text),)) + text
    size = bytearray((127,))
    while left > 127:
        size.append(left % 128 + 128)
        left //= 128
    return bytes((*size, left)) + text
