"""What a sandbox shows at one moment: the accessibility tree and the screenshot."""

from typing import Final

import attrs

from gui_agents.domain.model_settings import PictureFormat

PROTECTED: Final = "protected"
"""The state of a field whose content is not shown, such as one for a password; trees never have its value."""
FIELDS: Final = frozenset({"combobox", "terminal", "textbox"})
"""Roles of what takes text."""


@attrs.frozen
class ScreenSize:
    """The pixels of a screen."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@attrs.frozen
class Bounds:
    """A rectangle on the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def center(self) -> tuple[int, int]:
        """The pixel in the middle."""
        return self.x + self.width // 2, self.y + self.height // 2

    def contains(self, x: int, y: int) -> bool:
        """Return whether a pixel lies inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@attrs.frozen
class Element:
    """One node of an accessibility tree."""

    role: str
    """Its role: window, button, textbox, checkbox, switch, slider, listitem, dialog, text …"""
    name: str
    """Its name, as a person reads it on the screen."""
    bounds: Bounds
    """Its visible part of the screen."""
    value: str = ""
    """Its content or position; None if it has neither."""
    states: frozenset[str] = frozenset()
    """Its states: focused, checked, selected, disabled, modal, offscreen, protected …"""
    children: tuple["Element", ...] = ()


@attrs.frozen
class Picture:
    """A picture of a screen. A sandbox hands over what costs it least; a model gets it encoded, in its own size."""

    data: bytes = attrs.field(repr=False)
    width: int
    """Pixels of the picture, which are fewer than the screen's if it was scaled down."""
    height: int
    format: PictureFormat | None
    """None for raw pixels: row by row from the top, three bytes each (red, green, blue)."""

    @property
    def media_type(self) -> str:
        """The MIME type of an encoded picture."""
        return f"image/{self.format}"


@attrs.frozen
class Observation:
    """What a sandbox shows at one moment."""

    width: int
    """Pixels of the screen."""
    height: int
    tree: Element | None = None
    """The root of the accessibility tree; None if the sandbox has none."""
    screenshot: Picture | None = None
    """None if none was asked for."""
