"""What a simulated app is: the controls that it offers, as data, and what it does with events.

An app says what it offers once. The drawing, the accessibility tree and the hit test follow from its controls, and so
do the words of the built-in decider: `called` and `commands` are what people say instead of a control's name.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import Block, Widget

Event = tuple[Any, ...]
"""What happens to an app: ("activate", key) for a click, ("open", key) for a double click, ("type", text), ("press",
chord), ("scroll", key, notches), ("slide", key, fraction) and ("nudge", key, steps). A key is that of a control."""


def text_box(name: str, place: Bounds, *called: str, key: str = "") -> tuple[Widget, Widget]:
    """Return a text box, and the label over it."""
    label = Widget("label", name, Bounds(place.x, place.y - 24, place.width, 20), key=f"{name} label")
    return label, Widget("textbox", name, place, called=called, key=key or name)


class Pane:
    """Controls with what they hold now."""

    def __init__(self) -> None:
        self.fields: dict[str, TextField] = {}
        """The content of each text box, by its key."""

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return the value and the states of a control that is no text box."""
        return "", ()

    def standing(self, controls: Iterable[Widget]) -> tuple[Widget, ...]:
        """Return controls as they stand."""
        return tuple(self._standing(control) for control in controls)

    def _standing(self, control: Widget) -> Widget:
        field = self.fields.get(control.key)
        value, states = self.shown(control.key) if field is None else (field.text, field.states)
        held = (control.key, value, frozenset(states), 0 if field is None else field.mark)
        place = (control.role, control.name, control.bounds, control.look)
        return Widget(*place, (), (), self.standing(control.within), *held)


class Dialog(Pane):
    """A question that blocks its window until it is answered; `carry_out` is called after it has closed.

    One with a field asks for a text; one without asks before something is destroyed.
    """

    def __init__(
        self,
        title: str,
        text: str,
        accept: str,
        carry_out: Callable[[], None],
        field: tuple[str, TextField] | None = None,
    ) -> None:
        super().__init__()
        self.title, self.text, self.carry_out = title, text, carry_out
        self.height, look = (148, "danger") if field is None else (216, "primary")
        self.controls = [Widget("text", "Question", Bounds(24, 50, 352, 24), "muted")]
        if field is not None:
            self.fields["dialog field"] = field[1]
            self.controls += text_box(field[0], Bounds(24, 108, 352, 36), key="dialog field")
        self.controls += [
            Widget("button", accept, Bounds(280, self.height - 54, 96, 36), look, key="dialog accept"),
            Widget("button", "Cancel", Bounds(176, self.height - 54, 96, 36), key="dialog cancel"),
        ]

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return the question."""
        return (self.text if key == "Question" else ""), ()


class App(Pane):
    """One app with its one window."""

    name: ClassVar[str]
    called: ClassVar[tuple[str, ...]]
    """Other names that people give it."""
    icon: ClassVar[tuple[Block, ...]]
    place: ClassVar[Bounds]
    """Where its window opens."""
    controls: ClassVar[Sequence[Widget]]
    """What it offers, in painting order."""
    first_focus: ClassVar[str | None] = None
    """The key of the widget that has the focus at first."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.bounds = self.place
        self.minimized = False
        self.value = ""
        """What the window is about, such as a file's name."""
        self.dialog: Dialog | None = None
        self.focus = self.first_focus
        """The key of the widget that keys go to."""

    def contents(self) -> tuple[Widget, ...]:
        """Return what is in the window, as it stands."""
        return self.standing(self.controls)

    def handle(self, event: Event) -> bool:
        """Carry out an event; tell whether it meant anything."""
        raise NotImplementedError

    def field(self, key: str | None) -> TextField | None:
        """Return the content of a text box, unless a dialog is over it."""
        return None if key is None else (self.dialog or self).fields.get(key)

    def ask(self, dialog: Dialog) -> None:
        """Open a dialog."""
        self.dialog, self.focus = dialog, next(iter(dialog.fields), "dialog cancel")

    def answer(self, *, accepted: bool) -> None:
        """Close the dialog, and carry it out if it is accepted."""
        dialog, self.dialog, self.focus = self.dialog, None, self.first_focus
        if accepted and dialog is not None:
            dialog.carry_out()
