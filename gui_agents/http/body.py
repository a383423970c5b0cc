"""The body of an answer, bounded while it is read.

A JSON answer of a model is one action and a sentence, with up to some hundred kilobytes of thoughts before it. The
bounds stand far above that, and so low that the worst body within them is read and decoded in some 30 ms: `json`
decodes without a pause, also for other threads.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

import attrs

MAX_BYTES: Final = 4 * 2**20
"""Of the body, decompressed."""
MAX_VALUES: Final = 100_000
"""In the JSON text, as `MARKS` count them: no text has more values than that and one."""
MARKS: Final = {b",": 1, b"[": 1, b"{": 1, b":": 2}
"""What stands before a value, or before a key. A key costs as much as two values."""
MAX_PIECES: Final = 10_000
"""Into which the endpoint may cut the body (chunks). Each one costs some 30 µs, however small it is."""
PIECES_AT_ONCE: Final = 100
"""After so many, others have their turn."""
DECOMPRESSED_AT_ONCE: Final = 64 * 1024
OVERHEAD_BYTES: Final = 256 * 1024
"""Of a body's chunks and trailers on the wire."""


@attrs.frozen
class BodyBounds:
    """How much of a body is read."""

    max_bytes: int
    max_values: int | None = None
    """In the JSON text; None for a body that is not decoded."""
    max_pieces: int = MAX_PIECES


JSON_BODY: Final = BodyBounds(MAX_BYTES, MAX_VALUES)


class BodyRefusedError(Exception):
    """The body is not read any further; the text says why."""


async def read_body(pieces: AsyncIterator[bytes], encoding: str, bounds: BodyBounds = JSON_BODY) -> bytes:
    """Return the whole body; `encoding` is the Content-Encoding in lower case, empty for none.

    Raises:
        BodyRefusedError: the body is over a bound, or compressed in another way than `gzip` and `deflate`.
    """
    decompressed = _decompressed_by(encoding)
    body = bytearray()
    values = count = 0
    async for piece in pieces:
        count += 1
        for plain in decompressed(piece):
            body += plain
            if len(body) > bounds.max_bytes:
                raise BodyRefusedError(f"more than {bounds.max_bytes:,} bytes")
            if bounds.max_values is not None:
                values += sum(plain.count(mark) * weight for mark, weight in MARKS.items())
                if values > bounds.max_values:
                    raise BodyRefusedError(f"more than {bounds.max_values:,} values")
        if count > bounds.max_pieces:
            raise BodyRefusedError(f"more than {bounds.max_pieces:,} pieces")
        if count % PIECES_AT_ONCE == 0:
            await asyncio.sleep(0)
    return bytes(body)


def _decompressed_by(encoding: str) -> Callable[[bytes], Iterable[bytes]]:
    """Return what yields a piece decompressed. None of it was asked for, but some servers compress all the same."""
    match encoding:
        case "" | "identity":
            return lambda piece: (piece,)
        case "gzip" | "x-gzip":
            return partial(_decompressed, zlib.decompressobj(16 + zlib.MAX_WBITS))
        case "deflate":
            return partial(_decompressed, zlib.decompressobj())
        case _:
            raise BodyRefusedError(f"the encoding {encoding!r:.30}, which was not asked for")


def _decompressed(decompressor: Any, piece: bytes) -> Iterator[bytes]:
    """Yield a bounded part at a time: 16 KiB can hold 16 MiB."""
    while piece:
        try:
            plain = decompressor.decompress(piece, DECOMPRESSED_AT_ONCE)
        except zlib.error:
            raise BodyRefusedError("data that is not compressed as its Content-Encoding says") from None
        yield plain
        piece = decompressor.unconsumed_tail
