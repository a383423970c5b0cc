"""What a browser shows in windows of its own, which no screenshot has: dialogs, and the lists of selects. Pure.

We draw them over the picture of the page, and take the clicks and keys that are meant for them.
"""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from gui_agents.domain.screen import Bounds, Element
from gui_agents.sandboxes.chromium.tab import Dialog, DialogType

WIDTH: Final = 480
LINE: Final = 22
MARGIN: Final = 20
BUTTON: Final = (96, 34)
FIELD_HEIGHT: Final = 34
MAX_LINES: Final = 12
COLUMNS: Final = 56
"""Characters of a line of a dialog."""
OPTION_HEIGHT: Final = 26
TITLES: Final[Mapping[DialogType, str]] = {
    DialogType.ALERT: "says",
    DialogType.CONFIRM: "asks",
    DialogType.PROMPT: "asks for a text",
    DialogType.BEFOREUNLOAD: "asks whether to leave it",
}
LEAVE: Final = "Leave this page? Changes you made may not be saved."


@attrs.frozen
class Part:
    """One thing on a panel."""

    role: str
    name: str
    bounds: Bounds
    value: str = ""
    states: frozenset[str] = frozenset()
    place: int = -1
    """For an option: its place in the whole list."""

    def element(self) -> Element:
        """Return it as a node of the tree."""
        return Element(self.role, self.name, self.bounds, self.value, self.states)


@attrs.frozen
class Panel:
    """A dialog or a list over the page."""

    role: str
    name: str
    bounds: Bounds
    parts: tuple[Part, ...]
    over_page: bool = False
    """Whether the page below can still be read."""

    def element(self) -> Element:
        """Return it as a part of the tree."""
        states = frozenset() if self.over_page else frozenset({"modal", "active"})
        return Element(self.role, self.name, self.bounds, "", states, tuple(part.element() for part in self.parts))

    def hit(self, x: int, y: int) -> Part | None:
        """Return the part at a pixel of the screen."""
        return next((part for part in reversed(self.parts) if part.bounds.contains(x, y)), None)


def accept_label(dialog: Dialog) -> str:
    """Return what the button says that accepts a dialog."""
    return "Leave" if dialog.type is DialogType.BEFOREUNLOAD else "OK"


def dialog_panel(dialog: Dialog, url: str, size: tuple[int, int]) -> Panel:
    """Return a dialog in the middle of the screen."""
    host = urlsplit(url).netloc.rpartition("@")[2] or "this page"
    message = LEAVE if dialog.type is DialogType.BEFOREUNLOAD else dialog.message
    lines = [line for part in message.splitlines() for line in wrap(part, COLUMNS, replace_whitespace=False) or [""]]
    shown = lines[:MAX_LINES]
    if len(lines) > MAX_LINES:
        shown[-1] = "…"
    field = FIELD_HEIGHT + MARGIN if dialog.type is DialogType.PROMPT else 0
    width = min(WIDTH, size[0])
    height = MARGIN + LINE + len(shown) * LINE + MARGIN + field + BUTTON[1] + MARGIN
    left, top = (size[0] - width) // 2, max(0, (size[1] - height) // 3)
    inner, y = width - 2 * MARGIN, top + MARGIN + LINE
    parts = []
    if message.strip():
        parts.append(Part("text", "\n".join(shown), Bounds(left + MARGIN, y, inner, len(shown) * LINE)))
    y += len(shown) * LINE + MARGIN
    if field:
        states = frozenset({"focused"} | ({"selected"} if dialog.fresh and dialog.text else set()))
        parts.append(Part("textbox", "Answer", Bounds(left + MARGIN, y, inner, FIELD_HEIGHT), dialog.text, states))
        y += field
    labels = [accept_label(dialog)] + (["Cancel"] if dialog.type is not DialogType.ALERT else [])
    x = left + width - MARGIN
    for label in reversed(labels):
        x -= BUTTON[0]
        parts.append(Part("button", label, Bounds(x, y, *BUTTON)))
        x -= MARGIN // 2
    return Panel("dialog", f"{host} {TITLES[dialog.type]}", Bounds(left, top, width, height), tuple(parts))


def list_panel(
    picker: Mapping[str, Any], place: tuple[float, float, float], size: tuple[int, int], scrolled: int
) -> Panel:
    """Return the open list of a select: below it, or above where there is more room, around what is selected."""
    left, top, scale = place
    options: Sequence[tuple[str, bool, bool]] = picker["options"]
    x, y = round(left + picker["x"] * scale), round(top + picker["y"] * scale)
    width, height = max(120, round(picker["width"] * scale)), round(picker["height"] * scale)
    below, above = size[1] - (y + height), y
    rows = max(1, min(len(options), max(below, above) // OPTION_HEIGHT))
    tall = rows * OPTION_HEIGHT
    start_y = y + height if below >= tall or below >= above else max(0, y - tall)
    start_x = min(max(0, x), max(0, size[0] - width))
    selected = next((number for number, option in enumerate(options) if option[1]), 0)
    first = min(max(0, selected - rows // 2 + scrolled), max(0, len(options) - rows))
    parts = []
    for number, (name, chosen, disabled) in enumerate(options):
        row = number - first
        states = {"selected"} if chosen else set()
        if disabled:
            states.add("disabled")
        box = Bounds(start_x, start_y + row * OPTION_HEIGHT, width, OPTION_HEIGHT)
        if not 0 <= row < rows:
            states.add("offscreen")
            box = Bounds(start_x, start_y if row < 0 else start_y + tall, width, 0)
        parts.append(Part("option", name, box, "", frozenset(states), number))
    return Panel("list", picker["name"], Bounds(start_x, start_y, width, tall), tuple(parts), over_page=True)
