"""What a simulated app is: the controls that it offers, as data, and what it does with them.

An app says what it offers once. The drawing, the accessibility tree and the hit test follow from its controls, and so
do the words of the built-in decider: `called` and `commands` are what people say instead of a control's name.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Protocol

import attrs

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.icons import Icon
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import Layout


@attrs.frozen
class Control:
    """One thing that an app offers."""

    role: str
    """As in `Element`; empty for decoration."""
    name: str
    place: Bounds
    """Relative to the upper left corner of the app's part of its window."""
    look: str = ""
    """A variation of how its role is drawn."""
    called: tuple[str, ...] = ()
    """Other names that people give it."""
    commands: tuple[str, ...] = ()
    """For a button: clauses that ask for it, as patterns of `simulated.decider.patterns`."""
    within: tuple["Control", ...] = ()
    key: str = attrs.field(default=attrs.Factory(lambda self: self.name, takes_self=True))
    """What its app calls it."""


def text_box(name: str, place: Bounds, *called: str) -> tuple[Control, Control]:
    """Return a text box, and the label over it."""
    label = Control("label", name, Bounds(place.x, place.y - 24, place.width, 20), key=f"{name} label")
    return label, Control("textbox", name, place, called=called)


class Pane:
    """Controls with what they hold now."""

    def __init__(self) -> None:
        self.fields: dict[str, TextField] = {}
        """The content of each text box, by its key."""

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return the value and the states of a control that is no text box."""
        return "", ()

    def add(self, ui: Layout, corner: Bounds, controls: Sequence[Control]) -> None:
        """Add controls as widgets; `corner` is what their places are relative to."""
        for control in controls:
            place = control.place
            bounds = Bounds(corner.x + place.x, corner.y + place.y, place.width, place.height)
            field = self.fields.get(control.key)
            value, states = self.shown(control.key)
            ui.add(
                control.role,
                control.name,
                bounds,
                key=control.key,
                value=value,
                states=frozenset(states),
                look=control.look,
                field=field,
            )
            if control.within:
                with ui.inside():
                    self.add(ui, corner, control.within)


class Dialog(Pane):
    """A question that blocks its window until it is answered."""

    def __init__(
        self,
        title: str,
        text: str,
        accept: str,
        carry_out: Callable[[], None],
        *,
        field: tuple[str, TextField] | None = None,
        dangerous: bool = False,
    ) -> None:
        super().__init__()
        self.title, self.text = title, text
        self.carry_out = carry_out
        """Called after the dialog has closed."""
        self.height = 148 if field is None else 216
        self.controls = [Control("text", "Question", Bounds(24, 50, 352, 24), "muted")]
        if field is not None:
            self.fields["dialog field"] = field[1]
            label, box = text_box(field[0], Bounds(24, 108, 352, 36))
            self.controls += [label, attrs.evolve(box, key="dialog field")]
        top, look = self.height - 54, "danger" if dangerous else "primary"
        self.controls += [
            Control("button", accept, Bounds(280, top, 96, 36), look, key="dialog accept"),
            Control("button", "Cancel", Bounds(176, top, 96, 36), key="dialog cancel"),
        ]

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return the question."""
        return (self.text if key == "Question" else ""), ()


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


class App(Pane):
    """One app with one window. What a subclass does not handle does nothing."""

    name: ClassVar[str]
    called: ClassVar[tuple[str, ...]]
    """Other names that people give it."""
    icon: ClassVar[Icon]
    place: ClassVar[Bounds]
    """Where its window opens."""
    controls: ClassVar[Sequence[Control]]
    """What it offers, in painting order."""
    first_focus: ClassVar[str | None] = None
    """The key of the widget that has the focus at first."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host

    @property
    def value(self) -> str:
        """What the window is about, such as a file's name."""
        return ""

    def build(self, ui: Layout, area: Bounds) -> None:
        """Add the app's widgets, inside `area`."""
        self.add(ui, area, self.controls)

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
