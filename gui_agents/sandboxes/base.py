"""What every sandbox offers: it is opened, observed, acted on and closed."""

from enum import StrEnum, unique
from hashlib import blake2b
from typing import Protocol

import attrs

from gui_agents.agent.actions import Action, ActionName


@unique
class SandboxType(StrEnum):
    """The closed set of sandbox types, as metrics spell them."""

    WINDOWS = "Windows"
    LINUX = "Linux"
    ANDROID = "Android"
    BROWSER = "Browser"
    SIMULATED = "Simulated"


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


class Sandbox(Protocol):
    """A desktop, browser or phone of one task.

    All methods are called on the event loop, one at a time, except `close`, which may come while another one is
    being cancelled. Errors are those of `gui_agents.errors.SandboxError`.
    """

    @property
    def sandbox_id(self) -> str:
        """A unique id."""

    @property
    def sandbox_type(self) -> SandboxType:
        """What it is."""

    @property
    def supported(self) -> frozenset[ActionName]:
        """The actions that `act` takes."""

    async def open(self) -> None:
        """Create it. Called once; whatever happens, `close` follows."""

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return what it shows; a screenshot is rendered and encoded only when asked for."""

    async def act(self, action: Action) -> str:
        """Carry out one supported action and return in a few words what happened."""

    async def close(self, *, destroy: bool) -> None:
        """Release it; `destroy` also deletes what could be kept elsewhere. A second call does nothing."""
