"""A picture -> the cheapest format that a model takes, in the size that it takes. Pure, and slow: for threads.

Pillow's PNG tries five filters a row: 19 ms for 1280 x 720, half of a simulated step. Without filters, at the lowest
level of compression, it is a third of that at about the same size, as screens are mostly flat. JPEG takes 2 ms.
"""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Final

from gui_agents.domain.model_settings import ModelSettings, PictureFormat
from gui_agents.domain.sandbox import SandboxError
from gui_agents.domain.screen import Picture

if TYPE_CHECKING:
    from PIL import Image

JPEG_QUALITY: Final = 85
CHANNELS: Final = 3
"""Bytes of a raw pixel."""
CHEAPEST_FIRST: Final = (PictureFormat.JPEG, PictureFormat.PNG)
MAX_PIXELS: Final = 64 * 2**20
"""Of a picture that is decoded: 8K has half as many."""


class PictureError(SandboxError):
    """A sandbox's picture cannot be read, or made into a format that the model takes."""


def fits(picture: Picture, settings: ModelSettings) -> bool:
    """Return whether a model can be sent the picture as it is."""
    right_size = settings.longest_side is None or max(picture.width, picture.height) <= settings.longest_side
    return right_size and picture.format in settings.picture_formats


def encode(picture: Picture, settings: ModelSettings) -> Picture:
    """Return the picture as a model with these settings takes it.

    Raises:
        PictureError: it is no picture, or the model takes no format that is known.
    """
    if fits(picture, settings):
        return picture
    wanted = next((each for each in CHEAPEST_FIRST if each in settings.picture_formats), None)
    if wanted is None:
        raise PictureError("the model takes no format of pictures that is known")
    image = decode(picture)
    longest = max(image.size)
    if settings.longest_side is not None and longest > settings.longest_side:
        from PIL import Image  # noqa: PLC0415 - loaded by the first picture, in its thread

        width, height = (max(1, round(side * settings.longest_side / longest)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    data = jpeg(image) if wanted is PictureFormat.JPEG else png(image)
    return Picture(data, image.width, image.height, wanted)


def decode(picture: Picture, *, coarse: bool = False) -> "Image.Image":
    """Return the picture in memory, as RGB. `coarse` lets a JPEG be read at an eighth of its size, which is faster.

    Raises:
        PictureError: it is none.
    """
    from PIL import Image  # noqa: PLC0415 - loaded by the first picture, in its thread

    try:
        if picture.format is None:
            return Image.frombuffer("RGB", (picture.width, picture.height), picture.data, "raw", "RGB", 0, 1)
        with Image.open(BytesIO(picture.data), formats=[picture.format]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(f"a picture of {image.width} x {image.height} pixels is too large")
            if coarse:
                image.draft("RGB", (image.width // 8, image.height // 8))
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError(f"the sandbox's picture cannot be read: {error}") from error


def jpeg(image: "Image.Image") -> bytes:
    """Return an RGB image as JPEG."""
    file = BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def png(image: "Image.Image") -> bytes:
    """Return an RGB image as PNG, without filters."""
    pixels, stride = memoryview(image.tobytes()), image.width * CHANNELS
    rows = bytearray()
    for start in range(0, len(pixels), stride):
        rows += b"\0"
        rows += pixels[start : start + stride]
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", _deflate()(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


@cache
def _deflate() -> "Callable[[bytes | bytearray], bytes]":
    """Return the fastest compression that is installed."""
    for name in ("isal.isal_zlib", "zlib_ng.zlib_ng"):
        if find_spec(name.partition(".")[0]) is not None:
            module = import_module(name)
            return lambda data: bytes(module.compress(data, 1))
    return lambda data: zlib.compress(data, 1)
