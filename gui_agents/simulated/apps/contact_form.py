"""The contact form: text boxes, a choice, check boxes, and terms that must be accepted."""

from collections.abc import Iterable
from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Event, text_box
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.machine import Machine, Submission
from gui_agents.simulated.widgets import Block, Widget, plate

_SIZES: Final = ("Small", "Medium", "Large")
_NEWSLETTER: Final = "Subscribe to newsletter"
_TERMS: Final = "Accept terms"
_FIRST_STATUS: Final = "Fill in the form and submit it"


class ContactForm(App):
    """Sends what was filled in, once the terms are accepted."""

    name: ClassVar = "Contact Form"
    called: ClassVar = ("form", "contact", "contactform")
    icon: ClassVar = (plate("#26967a"), Block(35, 21, 30, 30, 15), Block(25, 57, 50, 25, 12))
    place: ClassVar = Bounds(320, 56, 580, 540)
    first_focus: ClassVar = "Name"
    controls: ClassVar = (
        *text_box("Name", Bounds(24, 80, 258, 36), "full name"),
        *text_box("Email", Bounds(298, 80, 258, 36), "e-mail", "email address", "e-mail address", "mail"),
        *text_box("Message", Bounds(24, 156, 532, 84)),
        Widget("label", "Size", Bounds(24, 254, 532, 20), key="Size label"),
        Widget(
            "radiogroup",
            "Size",
            Bounds(24, 278, 532, 36),
            within=tuple(Widget("radio", size, Bounds(181 * column, 0, 169, 36)) for column, size in enumerate(_SIZES)),
        ),
        Widget("checkbox", _NEWSLETTER, Bounds(24, 330, 532, 32), called=("newsletter", "subscribe")),
        Widget(
            "checkbox",
            _TERMS,
            Bounds(24, 368, 532, 32),
            called=("accept the terms", "terms", "conditions", "terms and conditions"),
        ),
        Widget("text", "Status", Bounds(24, 416, 532, 40), "banner", ("status message",)),
        Widget(
            "button",
            "Submit",
            Bounds(24, 480, 120, 38),
            "primary",
            commands=("submit [it|this]", "(submit|send) [off] [the|this|my] [contact] form", "send it"),
        ),
        Widget(
            "button",
            "Reset",
            Bounds(156, 480, 100, 38),
            commands=("(clear|empty|reset) [the|all] [contact] (form|fields)", "reset [it|everything]"),
        ),
    )

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._reset()

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return what is chosen and checked, and the status."""
        states = ("checked",) if key == self._size or key in self._checked else ()
        return {"Size": self._size, "Status": self._status}.get(key, ""), states

    def handle(self, event: Event) -> bool:
        """Choose, check, send or start again; the enter key sends, as forms do."""
        match event:
            case ("activate", key) if key in _SIZES:
                self._size = key
            case ("activate", key) if key in (_NEWSLETTER, _TERMS):
                self._checked ^= {key}
            case ("activate", "Submit") | ("press", ("enter",)):
                self._submit()
            case ("activate", "Reset"):
                self._reset()
            case _:
                return False
        return True

    def _reset(self) -> None:
        self.fields = {"Name": TextField(), "Email": TextField(), "Message": TextField(multiline=True)}
        self._size = _SIZES[1]
        self._checked: set[str] = set()
        self._status = _FIRST_STATUS

    def _submit(self) -> None:
        if _TERMS not in self._checked:
            self._status = "Please accept the terms before you submit"
            return
        name, email, message = (field.text for field in self.fields.values())
        sent = Submission(name, email, message, self._size, _NEWSLETTER in self._checked)
        self._status = f"Thank you, {name}" if name else "Thank you"
        self.machine.sent(sent)
