"""What a sandbox shows: the accessibility tree and the screenshot of one moment."""

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
        """Tell whether the pixel lies inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@attrs.frozen
class Element:
    """One node of an accessibility tree."""

    role: str
    """What it is: window, button, textbox, checkbox, switch, slider, listitem, dialog, text …"""
    name: str
    """What a person calls it."""
    bounds: Bounds
    """Where it is on the screen, clipped to what is visible."""
    value: str = ""
    """Its content or position, where it has one."""
    states: frozenset[str] = frozenset()
    """What holds for it now: focused, checked, selected, disabled, modal, offscreen …"""
    children: tuple["Element", ...] = ()


@attrs.frozen
class Observation:
    """What a sandbox shows at one moment."""

    width: int
    """Of the screen, in pixels."""
    height: int
    tree: Element | None = None
    """The root of the accessibility tree, where the sandbox has one."""
    screenshot: bytes | None = None
    """PNG or JPEG, where one was asked for."""

    def fingerprint(self) -> bytes:
        """Return a digest that is equal for equal screens."""
        seen = self.screenshot if self.tree is None else repr(self.tree).encode()
        return blake2b(seen or b"", digest_size=16).digest()
