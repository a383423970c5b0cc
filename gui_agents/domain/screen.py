"""What a sandbox shows at one moment: the accessibility tree and the screenshot."""

from hashlib import blake2b

import attrs


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
    """Its states: focused, checked, selected, disabled, modal, offscreen …"""
    children: tuple["Element", ...] = ()


@attrs.frozen
class Observation:
    """What a sandbox shows at one moment."""

    width: int
    """Height of the screen, in pixels."""
    height: int
    tree: Element | None = None
    """The root of the accessibility tree; None if the sandbox has none."""
    screenshot: bytes | None = None
    """PNG or JPEG; None if none was asked for."""

    def fingerprint(self) -> bytes:
        """Return a digest that is equal for equal screens."""
        seen = self.screenshot if self.tree is None else repr(self.tree).encode()
        return blake2b(seen or b"", digest_size=16).digest()
