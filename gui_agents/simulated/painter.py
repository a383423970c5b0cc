"""Boxes and lines with smooth edges, and text, on a Pillow image.

Pillow draws text smoothly and shapes not: a shape is a mask that is drawn four times as large, reduced, and kept. The
font is the one that Pillow ships; what it has no glyph for is written as something that it has.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.theme import Colour
from gui_agents.simulated.widgets import inset

Points = tuple[tuple[float, float], ...]

_SCALE: Final = 4
_REACH: Final = 16
"""How far lines go from their middle, at most."""
_TALL: Final = 64
"""From this height on only the ends of a box are painted through a mask, which takes twenty times as long."""
_SHADOW: Final = 18
"""How far a shadow reaches."""
_LONGEST_LINE: Final = 500
_SPELLED: Final = str.maketrans({**dict(zip("×÷−–—‘’“”", "x/---''\"\"", strict=True)), "\t": "    "})
_ACCENT: Final = re.compile(r"[\u0300-\u036f]")
_UNKNOWN: Final = re.compile(r"[^ -~\n…·°]")


class Painter:
    """Paints on one image."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def box(self, box: Bounds, colour: Colour, radius: int = 8, border: Colour | None = None) -> None:
        """Fill a rectangle with round corners, and draw a border inside of it."""
        if border is not None:
            self.box(box, border, radius)
            box, radius = inset(box, 1), max(radius - 1, 0)
        radius = min(radius, box.width // 2, box.height // 2)
        if box.height < _TALL and radius:
            self.veil(box, colour, radius, 255)
            return
        bottom = box.y + box.height - radius
        self.image.paste(colour, (box.x, box.y + radius, box.x + box.width, bottom))
        if radius:
            ends = _box_mask(box.width, 2 * radius, radius)
            self._paste(colour, box.x, box.y, ends.crop((0, 0, box.width, radius)))
            self._paste(colour, box.x, bottom, ends.crop((0, radius, box.width, 2 * radius)))

    def veil(self, box: Bounds, colour: Colour, radius: int, opacity: int) -> None:
        """Lay a translucent colour over a box; `opacity` is 0 to 255."""
        self._paste(colour, box.x, box.y, _box_mask(box.width, box.height, radius, opacity))

    def ring(self, box: Bounds, colour: Colour, radius: int) -> None:
        """Draw a line around a box, at a distance of two pixels."""
        around = inset(box, -4)
        self._paste(colour, around.x, around.y, _box_mask(around.width, around.height, radius + 4, 0, 2))

    def disc(self, x: float, y: float, radius: int, colour: Colour) -> None:
        """Fill a circle."""
        self.box(Bounds(round(x) - radius, round(y) - radius, 2 * radius, 2 * radius), colour, radius)

    def shadow(self, box: Bounds, colour: Colour) -> None:
        """Darken the surroundings of a box."""
        mask = _shadow_mask(box.width, box.height)
        self._paste(colour, box.x - _SHADOW, box.y - _SHADOW + 6, mask)

    def lines(self, lines: Sequence[Points], x: float, y: float, colour: Colour, width: float = 2) -> None:
        """Draw joined lines, given by their points relative to (x, y)."""
        for points in lines:
            self._paste(colour, round(x) - _REACH, round(y) - _REACH, _line_mask(points, width))

    def text(self, text: str, box: Bounds, colour: Colour, size: int = 15, align: str = "l") -> None:
        """Write one line, in the middle of the box's height, cut with dots where it is too long."""
        written = _written(text, box.width, box.height, size, align)
        if written is not None:
            mask, x, y = written
            self._paste(colour, box.x + x, box.y + y, mask)

    def _paste(self, colour: Colour, x: int, y: int, mask: Image.Image) -> None:
        # A picture of one colour is pasted in half the time that a colour takes.
        self.image.paste(Image.new("RGB", mask.size, colour), (x, y), mask)


@lru_cache(maxsize=512)
def _written(text: str, width: int, height: int, size: int, align: str) -> tuple[Image.Image, int, int] | None:
    """Return a line of text as a mask, and its place in a box of this size; None if there is nothing to see.

    Most of a screen's texts are those of the step before, and to write one takes longer than to paste it.
    """
    line = spelled(text)[:_LONGEST_LINE]
    if width_of(line, size) > width:
        line = line[: fitting(line, width, size, "…")].rstrip() + "…"
    left, top = _REACH + {"l": 0, "m": width / 2, "r": width}[align], _REACH + height / 2
    mask = Image.new("L", (width + 2 * _REACH, height + 2 * _REACH))
    ImageDraw.Draw(mask).text((left, top), line, 255, _font(size), anchor=f"{align}m")
    seen = mask.getbbox()
    return None if seen is None else (mask.crop(seen), seen[0] - _REACH, seen[1] - _REACH)


@lru_cache(maxsize=256)
def _box_mask(width: int, height: int, radius: int, opacity: int = 255, line: int = 0) -> Image.Image:
    mask = Image.new("L", (width * _SCALE, height * _SCALE))
    corners = (0, 0, width * _SCALE - 1, height * _SCALE - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corners, radius * _SCALE, opacity, 255, line * _SCALE)
    return mask.reduce(_SCALE)


@lru_cache(maxsize=16)
def _shadow_mask(width: int, height: int) -> Image.Image:
    mask = Image.new("L", (width + 2 * _SHADOW, height + 2 * _SHADOW))
    mask.paste(90, (_SHADOW, _SHADOW, _SHADOW + width, _SHADOW + height))
    return mask.filter(ImageFilter.GaussianBlur(_SHADOW / 2))


@cache
def _line_mask(points: Points, width: float) -> Image.Image:
    mask = Image.new("L", (2 * _REACH * _SCALE, 2 * _REACH * _SCALE))
    scaled = [((x + _REACH) * _SCALE, (y + _REACH) * _SCALE) for x, y in points]
    ImageDraw.Draw(mask).line(scaled, 255, round(width * _SCALE), joint="curve")
    return mask.reduce(_SCALE)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def spelled(text: str) -> str:
    """Return the text in characters that the font has."""
    if text.isascii() and text.isprintable():
        return text
    return _UNKNOWN.sub("?", _ACCENT.sub("", unicodedata.normalize("NFD", text).translate(_SPELLED)))


def width_of(text: str, size: int = 15) -> int:
    """Return how wide a line is, in pixels."""
    return round(_font(size).getlength(text))


def fitting(text: str, width: int, size: int = 15, ending: str = "") -> int:
    """Return how many of the text's first characters fit into `width`, with `ending` behind them."""
    lengths = range(1, min(len(text), width // 2) + 1)  # no character is narrower than two pixels
    return bisect_right(lengths, width, key=lambda length: width_of(text[:length].rstrip() + ending, size))


@lru_cache(maxsize=32)
def wrapped(text: str, width: int) -> tuple[str, ...]:
    """Return the lines of a text, broken at spaces, and inside of words that are wider than a line."""
    return tuple(_lines(text, width))


def _lines(text: str, width: int) -> Iterator[str]:
    for paragraph in spelled(text).split("\n"):
        rest = paragraph
        while (count := max(fitting(rest, width), 1)) < len(rest):
            cut = rest.rfind(" ", 1, count + 1)
            yield rest[: count if cut < 0 else cut]
            rest = rest[count if cut < 0 else cut + 1 :]
        yield rest
