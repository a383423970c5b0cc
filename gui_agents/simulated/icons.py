"""The pictures of the apps."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.painter import Painter
from gui_agents.simulated.theme import Colour

_WHITE: Final[Colour] = (255, 255, 255)
_PLATES: Final[Mapping[str, Colour]] = {
    "Calculator": (46, 56, 82),
    "Notes": (240, 178, 50),
    "Contact Form": (38, 150, 122),
    "Files": (45, 125, 210),
    "Settings": (112, 92, 196),
}


def paint_icon(painter: Painter, app: str, box: Bounds) -> None:
    """Paint an app's icon into a square."""
    painter.rounded(box, _PLATES[app], box.width // 4)
    _PICTURES[app](painter, box)


def _part(box: Bounds, x: float, y: float, width: float, height: float) -> Bounds:
    """Return a part of the box, given in hundredths of its width."""
    unit = box.width / 100
    return Bounds(
        round(box.x + x * unit), round(box.y + y * unit), max(round(width * unit), 1), max(round(height * unit), 1)
    )


def _calculator(painter: Painter, box: Bounds) -> None:
    painter.rounded(_part(box, 22, 18, 56, 20), (190, 226, 214), 2)
    for row in range(2):
        for column in range(3):
            last = row == 1 and column == 2  # noqa: PLR2004 - the last column
            colour = (255, 159, 67) if last else _WHITE
            painter.rounded(_part(box, 22 + column * 21, 48 + row * 19, 14, 13), colour, 2)


def _notes(painter: Painter, box: Bounds) -> None:
    painter.rounded(_part(box, 24, 16, 52, 68), _WHITE, 3)
    for line, width in enumerate((36, 36, 22)):
        painter.rounded(_part(box, 32, 31 + line * 15, width, 6), (205, 145, 25), 1)


def _contact_form(painter: Painter, box: Bounds) -> None:
    painter.circle(box.x + box.width * 0.5, box.y + box.width * 0.36, box.width * 0.15, _WHITE)
    painter.rounded(_part(box, 25, 57, 50, 25), _WHITE, box.width // 8)


def _files(painter: Painter, box: Bounds) -> None:
    painter.rounded(_part(box, 18, 24, 34, 22), (255, 214, 110), 3)
    painter.rounded(_part(box, 18, 33, 64, 44), (255, 228, 150), 3)


def _settings(painter: Painter, box: Bounds) -> None:
    for row, knob in enumerate((62, 34, 54)):
        y = 28 + row * 22
        painter.rounded(_part(box, 20, y - 2, 60, 5), _WHITE, 1)
        unit = box.width / 100
        painter.circle(box.x + knob * unit, box.y + y * unit, 8 * unit, _WHITE)
        painter.circle(box.x + knob * unit, box.y + y * unit, 4 * unit, _PLATES["Settings"])


_PICTURES: Final[Mapping[str, Callable[[Painter, Bounds], None]]] = {
    "Calculator": _calculator,
    "Notes": _notes,
    "Contact Form": _contact_form,
    "Files": _files,
    "Settings": _settings,
}
