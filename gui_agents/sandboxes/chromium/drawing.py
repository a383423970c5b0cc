"""Draws a panel over the picture of a page. Slow: for threads."""

from functools import cache
from typing import TYPE_CHECKING, Final

from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Bounds, Picture
from gui_agents.pictures.encoding import PictureError, decode, jpeg
from gui_agents.sandboxes.chromium.panels import LINE, MARGIN, Panel, Part

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

PAPER: Final = "#ffffff"
INK: Final = "#1b2333"
EDGE: Final = "#8a93a5"
ACCENT: Final = "#2f62d9"
MARKED: Final = "#d9e5ff"
FAINT: Final = "#9aa3b4"
EMPTY: Final = "#e6e8ee"
TEXT_SIZE: Final = 15
PADDING: Final = 8


def drawn(picture: Picture | None, size: tuple[int, int], panel: Panel | None) -> Picture:
    """Return the last picture of the page with the panel over it, as JPEG."""
    image = _page(picture, size)
    from PIL import ImageDraw  # noqa: PLC0415 - loaded by the first panel, in its thread

    draw = ImageDraw.Draw(image)
    if panel is not None:
        _draw_panel(draw, panel)
    return Picture(jpeg(image), image.width, image.height, PictureFormat.JPEG)


def _draw_panel(draw: "ImageDraw.ImageDraw", panel: Panel) -> None:
    draw.rectangle(_corners(panel.bounds), PAPER, EDGE)
    if not panel.over_page:
        draw.text(
            (panel.bounds.x + MARGIN, panel.bounds.y + PADDING),
            _cut(draw, panel.name, panel.bounds.width),
            INK,
            _font(),
        )
    for part in panel.parts:
        if part.bounds.height:
            _draw(draw, part)


def _page(picture: Picture | None, size: tuple[int, int]) -> "Image.Image":
    from PIL import Image  # noqa: PLC0415 - loaded by the first panel, in its thread

    if picture is not None:
        try:
            return decode(picture).copy()
        except PictureError:
            pass
    return Image.new("RGB", size, EMPTY)


def _draw(draw: "ImageDraw.ImageDraw", part: Part) -> None:
    bounds, font = part.bounds, _font()
    middle = bounds.y + bounds.height // 2
    match part.role:
        case "text":
            for number, line in enumerate(part.name.split("\n")):
                draw.text((bounds.x, bounds.y + number * LINE), _cut(draw, line, bounds.width), INK, font)
        case "button":
            draw.rounded_rectangle(_corners(bounds), 6, ACCENT)
            draw.text(bounds.center, part.name, PAPER, font, anchor="mm")
        case "textbox":
            draw.rectangle(_corners(bounds), PAPER, ACCENT, 2)
            text = _tail(draw, part.value, bounds.width - 3 * PADDING)
            end = draw.textlength(text, font)
            if "selected" in part.states:
                draw.rectangle(
                    (bounds.x + PADDING, bounds.y + 6, bounds.x + PADDING + end, bounds.y + bounds.height - 6), MARKED
                )
            draw.text((bounds.x + PADDING, middle), text, INK, font, anchor="lm")
            draw.line(
                (
                    bounds.x + PADDING + end + 1,
                    bounds.y + 8,
                    bounds.x + PADDING + end + 1,
                    bounds.y + bounds.height - 8,
                ),
                INK,
            )
        case "option":
            if "selected" in part.states:
                draw.rectangle(
                    (bounds.x + 1, bounds.y, bounds.x + bounds.width - 2, bounds.y + bounds.height - 1), MARKED
                )
            colour = FAINT if "disabled" in part.states else INK
            draw.text(
                (bounds.x + PADDING, middle),
                _cut(draw, part.name, bounds.width - 2 * PADDING),
                colour,
                font,
                anchor="lm",
            )


def _corners(bounds: Bounds) -> tuple[int, int, int, int]:
    return (bounds.x, bounds.y, bounds.x + bounds.width - 1, bounds.y + bounds.height - 1)


def _cut(draw: "ImageDraw.ImageDraw", text: str, width: int) -> str:
    """Return as much of a line's beginning as there is room for."""
    text = text[:200]
    while text and draw.textlength(text, _font()) > width:
        text = text[: -max(1, len(text) // 10)]
    return text


def _tail(draw: "ImageDraw.ImageDraw", text: str, width: int) -> str:
    """Return as much of a line's end as there is room for."""
    text = text[-200:]
    while text and draw.textlength(text, _font()) > width:
        text = text[max(1, len(text) // 10) :]
    return text


@cache
def _font() -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    from PIL import ImageFont  # noqa: PLC0415 - loaded by the first panel, in its thread

    return ImageFont.load_default(TEXT_SIZE)
