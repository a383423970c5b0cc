"""What a simulated app is, what it may ask of the desktop, and the dialogs that it can open."""

from collections.abc import Callable
from typing import ClassVar, Protocol

import attrs

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import Layout


@attrs.frozen
class Dialog:
    """A question that blocks its window until it is answered."""

    title: str
    text: str
    accept: str
    """The button that carries it out; the enter key presses it. The other one is Cancel."""
    carry_out: Callable[[], None]
    """Called after the dialog has closed."""
    field: TextField | None = None
    label: str = ""
    """What the field is called, where there is one."""
    dangerous: bool = False
    """Whether accepting destroys something."""


class Host(Protocol):
    """What an app may ask of the desktop."""

    @property
    def machine(self) -> Machine:
        """The files and settings."""

    def toast(self, text: str) -> None:
        """Show a message that goes away by itself."""

    def ask(self, owner: str, dialog: Dialog) -> None:
        """Open a dialog in the owner's window."""

    def open_file(self, name: str) -> None:
        """Show a file in the app for it."""


class App:
    """One app with one window. What a subclass does not handle does nothing."""

    name: ClassVar[str]
    place: ClassVar[Bounds]
    """Where its window opens."""
    first_focus: ClassVar[str | None] = None
    """The key of the widget that has the focus at first."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @property
    def value(self) -> str:
        """What the window is about, such as a file's name."""
        return ""

    def build(self, ui: Layout, area: Bounds) -> None:
        """Add the app's widgets, inside `area`."""

    def field(self, key: str) -> TextField | None:
        """Return the content of a text box."""

    def activate(self, key: str) -> None:
        """Carry out a click on a widget, or the enter or space key on it."""

    def open(self, key: str) -> None:
        """Carry out a double click on a widget."""

    def press(self, keys: tuple[str, ...]) -> bool:
        """Carry out keys that the focused widget does not take; tell whether they meant anything."""
        return False

    def type(self, text: str) -> bool:
        """Take text that no text box takes; tell whether it meant anything."""
        return False

    def scroll(self, key: str, notches: int) -> bool:
        """Turn the wheel over a widget; tell whether it scrolls."""
        return False

    def slide(self, key: str, fraction: float) -> bool:
        """Put a slider at a fraction of its way; tell whether there is one."""
        return False

    def nudge(self, key: str, steps: int) -> bool:
        """Move a slider or a selection by steps; tell whether there is one."""
        return False
