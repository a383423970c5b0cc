"""How the desktop looks: its colours, light and dark, and the style of each role as rows of data."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

import attrs

Colour = str
"""As `#rrggbb`."""

_COLOURS: Final[Mapping[str, str]] = {
    "wallpaper_top": "4a7fd6 131a2e",
    "wallpaper_bottom": "8f6fd0 2b2147",
    "wallpaper_shape": "ffffff 8fb0ff",
    "icon_text": "ffffff eef1f8",
    "window": "f6f7fa 1e232e",
    "title": "ffffff 272d3a",
    "title_inactive": "eceef3 222834",
    "raised": "ffffff 272d3a",
    "button": "ffffff 323949",
    "button_strong": "e9ecf3 3d4557",
    "border": "cfd5e1 454e61",
    "text": "1b2333 eef1f8",
    "muted": "5a6579 a9b3c6",
    "faint": "9aa3b4 6d7789",
    "accent": "2f62d9 6c9bff",
    "on_accent": "ffffff 0d1424",
    "selection": "d9e5ff 33456e",
    "danger": "c9302f f07170",
    "taskbar": "f3f5fa 191e29",
    "toast": "1f2737 eef1f8",
    "toast_text": "ffffff 1b2333",
    "shade": "080c1c 080c1c",
}
LIGHT, DARK = ({name: f"#{both.split()[dark]}" for name, both in _COLOURS.items()} for dark in (0, 1))


@attrs.frozen
class Style:
    """How a widget is drawn. Colours are names of the theme; lengths are pixels."""

    fill: str = ""
    border: str = ""
    radius: int = 8
    opacity: int = 0
    """Of a fill that lets something through, 1 to 254."""
    inset: int = 0
    """How much smaller the box is than the widget."""
    shadow: bool = False
    ring: bool = False
    """Whether it is marked as having the focus."""
    shows: str = ""
    """The attribute that is its text: `name` or `value`."""
    colour: str = "text"
    size: int = 15
    larger: tuple[int, ...] = ()
    """Sizes that are taken instead where the text fits, the largest first."""
    align: str = "l"
    """Left, in the middle, or right: `l`, `m` or `r`."""
    left: int = 0
    """Kept free of text."""
    right: int = 0
    top: int = 0
    height: int = 0
    """Of the line of text, which stands in its middle; 0: as high as the widget."""


def _row(words: str, **style: Any) -> tuple[frozenset[str], dict[str, Any]]:
    return frozenset(words.split()), style


_ROWS: Final = (
    _row("focused", ring=True),
    _row("window", fill="window", border="border", radius=10, shadow=True),
    _row("dialog", fill="title", border="border", radius=12, shadow=True),
    _row("dialog", shows="name", size=18, left=24, right=24, top=16, height=28),
    _row("scrim", fill="shade", opacity=110, radius=10),
    _row("titlebar", fill="title", radius=9, inset=1, shows="name", left=44, right=86),
    _row("titlebar inactive", fill="title_inactive"),
    _row("icon", shows="name", colour="icon_text", size=14, align="m", top=64, height=22),
    _row("icon selected", fill="icon_text", opacity=60, radius=10),
    _row("taskbar", fill="taskbar", radius=0),
    _row("alert", fill="toast", radius=12, shadow=True, shows="name", colour="toast_text", left=52, right=16),
    _row("button", fill="button", border="border", shows="name", align="m"),
    _row("button title", fill="button_strong", border=""),
    _row("button digit", size=22),
    _row("button operator", fill="button_strong", size=22),
    _row("button primary", fill="accent", border="accent", colour="on_accent"),
    _row("button danger", fill="danger", border="danger", colour="on_accent"),
    _row("button task", fill="", border="", shows=""),
    _row("button task active", fill="selection", radius=10, inset=4),
    _row("textbox", fill="raised", border="border"),
    _row("text", shows="value", colour="muted", size=14),
    _row("text right", align="r"),
    _row("text banner", fill="button_strong", colour="text", left=12, right=12),
    _row("text display", colour="text", larger=(34, 22), align="r"),
    _row("asked", shows="value", colour="muted", align="r"),
    _row("label", shows="name", colour="muted", size=14),
    _row("label row", colour="text", size=15),
    _row("checkbox", shows="name", left=36, right=4),
    _row("radio", fill="raised", border="border", shows="name", left=38, right=6),
    _row("radio checked", fill="selection", border="accent"),
    _row("card", fill="raised", border="border", radius=10),
    _row("switch", fill="raised", border="border", radius=10, shows="name", size=16, left=16, right=84),
    _row("switch", top=9, height=22),
    _row("list", fill="raised", border="border"),
    _row("listitem", inset=2, ring=False, shows="name", left=40, right=100),
    _row("listitem selected", fill="selection"),
    _row("scrollbar", fill="faint", inset=2, radius=3),
    _row("disabled", colour="faint"),
    _row("button disabled", fill="button", border="border"),
)
"""What holds for a widget that has all the words, as role, look or state; later rows come over earlier ones."""


@cache
def style_of(words: Collection[str]) -> Style:
    """Return the style of a widget by its role, its look and its states."""
    style: dict[str, Any] = {}
    for needed, changes in _ROWS:
        if needed.issubset(words):
            style |= changes
    return Style(**style)
