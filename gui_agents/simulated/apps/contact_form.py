"""The contact form: text boxes, a choice, check boxes, and terms that must be accepted."""

from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Host
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.machine import Submission
from gui_agents.simulated.widgets import Layout

SIZES: Final = ("Small", "Medium", "Large")
NEWSLETTER: Final = "Subscribe to newsletter"
TERMS: Final = "Accept terms"
_FIRST_STATUS: Final = "Fill in the form and submit it"


class ContactForm(App):
    """Sends what was filled in, once the terms are accepted."""

    name: ClassVar = "Contact Form"
    place: ClassVar = Bounds(320, 56, 580, 540)
    first_focus: ClassVar = "Name"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._status = _FIRST_STATUS
        self._reset()

    def build(self, ui: Layout, area: Bounds) -> None:
        """Add the fields, the choices, the status and the buttons."""
        left, width = area.x + 24, area.width - 48
        half = (width - 16) // 2
        self._add_field(ui, "Name", Bounds(left, area.y + 40, half, 36))
        self._add_field(ui, "Email", Bounds(left + half + 16, area.y + 40, half, 36))
        self._add_field(ui, "Message", Bounds(left, area.y + 116, width, 84))
        ui.add("label", "Size", Bounds(left, area.y + 214, width, 20))
        ui.add("radiogroup", "Size", Bounds(left, area.y + 238, width, 36), value=self._size)
        with ui.inside():
            third = (width - 2 * 12) // 3
            for index, size in enumerate(SIZES):
                states = frozenset({"checked"} if size == self._size else ())
                bounds = Bounds(left + index * (third + 12), area.y + 238, third, 36)
                ui.add("radio", size, bounds, key=size, states=states)
        for index, label in enumerate((NEWSLETTER, TERMS)):
            states = frozenset({"checked"} if label in self._checked else ())
            bounds = Bounds(left, area.y + 290 + index * 38, width, 32)
            ui.add("checkbox", label, bounds, key=label, states=states)
        bottom = area.y + area.height - 60
        ui.add("text", "Status", Bounds(left, bottom - 64, width, 40), value=self._status, look="banner")
        ui.add("button", "Submit", Bounds(left, bottom, 120, 38), key="Submit", look="primary")
        ui.add("button", "Reset", Bounds(left + 132, bottom, 100, 38), key="Reset")

    def field(self, key: str) -> TextField | None:
        """Return the content of one of the text boxes."""
        return self._fields.get(key)

    def activate(self, key: str) -> None:
        """Choose, check, send or start again."""
        if key in SIZES:
            self._size = key
        elif key in (NEWSLETTER, TERMS):
            self._checked ^= {key}
        elif key == "Submit":
            self._submit()
        elif key == "Reset":
            self._reset()
            self._status = _FIRST_STATUS

    def press(self, keys: tuple[str, ...]) -> bool:
        """Submit with the enter key, as forms do."""
        if keys == ("enter",):
            self._submit()
        return keys == ("enter",)

    def _add_field(self, ui: Layout, label: str, bounds: Bounds) -> None:
        field = self._fields[label]
        states = {"selected"} if field.all_selected else set()
        if field.multiline:
            states.add("multiline")
        ui.add("label", label, Bounds(bounds.x, bounds.y - 24, bounds.width, 20), key=f"{label} label")
        ui.add(
            "textbox",
            label,
            bounds,
            key=label,
            value=field.text,
            states=frozenset(states),
            look="area" if field.multiline else "",
            mark=0 if field.multiline else field.caret,
        )

    def _reset(self) -> None:
        self._fields = {"Name": TextField(), "Email": TextField(), "Message": TextField(multiline=True)}
        self._size = SIZES[1]
        self._checked: set[str] = set()

    def _submit(self) -> None:
        if TERMS not in self._checked:
            self._status = "Please accept the terms before you submit"
            return
        texts = {label: field.text for label, field in self._fields.items()}
        self.host.machine.submissions.append(
            Submission(texts["Name"], texts["Email"], texts["Message"], self._size, NEWSLETTER in self._checked)
        )
        self._status = f"Thank you, {texts['Name']}" if texts["Name"] else "Thank you"
        self.host.toast("Your form was sent")
