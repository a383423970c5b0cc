"""Shapes with smooth edges, and text, on a Pillow image.

Pillow draws text smoothly and shapes not: a shape is a mask drawn four times as large and scaled down, kept for each
size and radius. The font is the one that Pillow ships; what it has no glyph for is written as something that it has.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.icons import Block, Icon
from gui_agents.simulated.theme import Colour
from gui_agents.simulated.widgets import inset

_SCALE: Final = 4
_LINE_MARGIN: Final = 5
_SHADOW: Final[Colour] = (8, 12, 28)
_SPELLED: Final = str.maketrans(
    {"×": "x", "÷": "/", "−": "-", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "\t": "    "}
)
_UNKNOWN: Final = re.compile(r"[^\x00-~…·°]")


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font."""
    return ImageFont.load_default(size)


def spelled(text: str) -> str:
    """Return the text in characters that the font has."""
    return _UNKNOWN.sub(_nearest, text.translate(_SPELLED))


def _nearest(unknown: re.Match[str]) -> str:
    base = unicodedata.normalize("NFKD", unknown[0])[0]
    return base if base.isascii() and base.isprintable() else "?"


def _smooth(width: int, height: int, draw: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    """Return a mask that was drawn four times as large."""
    mask = Image.new("L", (width * _SCALE, height * _SCALE), 0)
    draw(ImageDraw.Draw(mask))
    return mask.resize((width, height), Image.Resampling.BOX)


@lru_cache(maxsize=256)
def _rounded_mask(width: int, height: int, radius: int) -> Image.Image:
    box = (0, 0, width * _SCALE - 1, height * _SCALE - 1)
    return _smooth(width, height, lambda draw: draw.rounded_rectangle(box, radius * _SCALE, fill=255))


@lru_cache(maxsize=256)
def _edge_mask(width: int, radius: int, *, lower: bool = False) -> Image.Image:
    top = radius if lower else 0
    return _rounded_mask(width, 2 * radius, radius).crop((0, top, width, top + radius))


@lru_cache(maxsize=16)
def _shadow_mask(width: int, height: int, spread: int) -> Image.Image:
    mask = Image.new("L", (width + 2 * spread, height + 2 * spread), 0)
    box = (spread, spread, spread + width - 1, spread + height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, 12, fill=90)
    return mask.filter(ImageFilter.GaussianBlur(spread / 2))


@lru_cache(maxsize=64)
def _veil_mask(width: int, height: int, radius: int, strength: int) -> Image.Image:
    return _rounded_mask(width, height, radius).point([value * strength // 255 for value in range(256)])


@lru_cache(maxsize=128)
def _line_mask(points: tuple[tuple[float, float], ...], width: float) -> Image.Image:
    scaled = [((x + _LINE_MARGIN) * _SCALE, (y + _LINE_MARGIN) * _SCALE) for x, y in points]
    half = width * _SCALE / 2

    def draw_on(draw: ImageDraw.ImageDraw) -> None:
        draw.line(scaled, fill=255, width=round(width * _SCALE), joint="curve")
        for x, y in (scaled[0], scaled[-1]):
            draw.ellipse((x - half, y - half, x + half, y + half), fill=255)

    right, bottom = max(x for x, _ in points), max(y for _, y in points)
    return _smooth(int(right) + 2 * _LINE_MARGIN, int(bottom) + 2 * _LINE_MARGIN, draw_on)


class Painter:
    """Paints on one image, whose upper left corner is `origin` on the screen."""

    def __init__(self, image: Image.Image, origin: tuple[int, int] = (0, 0)) -> None:
        self._image = image
        self._left, self._top = origin
        self._draw = ImageDraw.Draw(image)

    def rounded(self, box: Bounds, colour: Colour, radius: int = 6) -> None:
        """Fill a rectangle with round corners."""
        if box.width <= 0 or box.height <= 0:
            return
        radius = min(radius, box.width // 2, box.height // 2)
        middle, bottom = box.y - self._top + radius, box.y - self._top + box.height - radius
        if bottom > middle:
            left = box.x - self._left
            self._draw.rectangle((left, middle, left + box.width - 1, bottom - 1), fill=colour)
        if radius:
            self._paste(colour, box.x, box.y, _edge_mask(box.width, radius))
            self._paste(colour, box.x, box.y + box.height - radius, _edge_mask(box.width, radius, lower=True))

    def framed(self, box: Bounds, fill: Colour, border: Colour, radius: int = 6, width: int = 1) -> None:
        """Fill a rectangle with round corners and a border inside of it."""
        self.rounded(box, border, radius)
        self.rounded(inset(box, width), fill, max(radius - width, 0))

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        left, top = round(x - radius), round(y - radius)
        size = round(2 * radius)
        self.rounded(Bounds(left, top, size, size), colour, size)

    def shadow(self, box: Bounds, spread: int = 18) -> None:
        """Darken the surroundings of a box."""
        mask = _shadow_mask(box.width, box.height, spread)
        self._paste(_SHADOW, box.x - spread, box.y - spread + 6, mask)

    def veil(self, box: Bounds, colour: Colour, strength: int, radius: int = 0) -> None:
        """Lay a translucent colour over a box; `strength` is 0 to 255."""
        self._paste(colour, box.x, box.y, _veil_mask(box.width, box.height, radius, strength))

    def line(self, points: list[tuple[float, float]], colour: Colour, width: float = 2) -> None:
        """Draw joined lines with round ends and smooth edges."""
        left, top = int(min(x for x, _ in points)), int(min(y for _, y in points))
        mask = _line_mask(tuple((x - left, y - top) for x, y in points), width)
        self._paste(colour, left - _LINE_MARGIN, top - _LINE_MARGIN, mask)

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x - self._left, y - self._top) for x, y in points], fill=colour)

    def icon(self, icon: Icon, x: int, y: int, size: int) -> None:
        """Paint an app's picture from its upper left corner."""
        unit = size / 100
        self.rounded(Bounds(x, y, size, size), icon.plate, size // 4)
        for shape in icon.shapes:
            if isinstance(shape, Block):
                corner = round(x + shape.x * unit), round(y + shape.y * unit)
                extent = max(round(shape.width * unit), 1), max(round(shape.height * unit), 1)
                radius = shape.radius if shape.radius >= 1 else shape.radius * size
                self.rounded(Bounds(*corner, *extent), shape.colour, int(radius))
            else:
                self.circle(x + shape.x * unit, y + shape.y * unit, shape.radius * unit, shape.colour)

    def text(self, text: str, box: Bounds, colour: Colour, size: int = 15, align: str = "left") -> None:
        """Write one line, in the middle of the box's height, cut with dots where it is too long."""
        line = spelled(text)[:500]
        if width_of(line, size) > box.width:
            line = line[: _fitting(line, size, box.width, "…")].rstrip() + "…"
        anchors = {"left": ("lm", box.x), "center": ("mm", box.x + box.width / 2), "right": ("rm", box.x + box.width)}
        anchor, x = anchors[align]
        position = (x - self._left, box.y - self._top + box.height / 2)
        self._draw.text(position, line, colour, font(size), anchor=anchor)

    def line_of_text(self, text: str, x: int, y: int, colour: Colour, size: int = 15) -> None:
        """Write one line from its upper left corner."""
        self._draw.text((x - self._left, y - self._top), text, colour, font(size), anchor="la")

    @contextmanager
    def clipped(self, box: Bounds) -> Iterator["Painter"]:
        """Yield a painter that shows nothing outside of the box."""
        left, top = box.x - self._left, box.y - self._top
        part = self._image.crop((left, top, left + box.width, top + box.height))
        yield Painter(part, (box.x, box.y))
        self._image.paste(part, (left, top))

    def _paste(self, colour: Colour, x: int, y: int, mask: Image.Image) -> None:
        self._image.paste(colour, (x - self._left, y - self._top), mask)


def width_of(text: str, size: int) -> float:
    """Return how wide a line is, in pixels."""
    return font(size).getlength(text)


def wrapped(text: str, size: int, width: int) -> list[str]:
    """Return the lines of a text, broken at spaces, and inside of words that are wider than a line."""
    lines: list[str] = []
    for paragraph in spelled(text).split("\n"):
        line = ""
        for word in paragraph.split(" "):
            candidate = f"{line} {word}" if line else word
            if width_of(candidate, size) <= width:
                line = candidate
                continue
            if line:
                lines.append(line)
            line = word
            while width_of(line, size) > width:
                cut = max(_fitting(line, size, width), 1)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    return lines


def _fitting(text: str, size: int, width: int, ending: str = "") -> int:
    """Return how many characters of the text fit into `width`, with `ending` behind them."""
    lengths = range(1, len(text) + 1)
    return bisect_right(lengths, float(width), key=lambda length: width_of(text[:length].rstrip() + ending, size))
