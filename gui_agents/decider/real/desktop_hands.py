"""What hands do on a real desktop: open apps, save by a file dialog, calculate with whatever calculator there is."""

from collections.abc import Mapping
from typing import Final

from gui_agents.decider.labels import quoted, short
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.field_hands import FieldHands
from gui_agents.decider.real.finding import find
from gui_agents.decider.real.hands import PATIENCE, Act
from gui_agents.decider.real.nouns import PRESSED, TEXT_FIELDS
from gui_agents.decider.real.targets import words
from gui_agents.domain.actions import ActionName, OpenApp
from gui_agents.domain.screen import Element

_CALCULATOR: Final = "calculator"
_SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "×": ("×", "*", "x", "multiply"),
    "÷": ("÷", "/", "divide"),
    "-": ("-", "−", "subtract", "minus"),
    "+": ("+", "add", "plus"),
    ".": (".", ",", "point"),
}
"""How the buttons of calculators are called."""
_TYPED: Final = {"×": "*", "÷": "/"}
_CLEAR: Final = ("AC", "C", "CE", "Clear", "All clear")
_EQUALS: Final = ("=", "Equals")
_NAME_FIELDS: Final = ("Name", "File name", "Filename")
_SAVE: Final = "Save"
"""The button of a file dialog; it is disabled until there is a name."""
_BUTTONS: Final = frozenset({"button"})
_REPLACE_BUTTONS: Final = ("Replace", "Overwrite", "Yes")


class DesktopHands(FieldHands):
    """Hands that know what desktops have in common. What has no underscore is what an instruction can ask for."""

    def open_app(self, name: str) -> Act:
        """Start an app, and wait for its window."""
        before = [(window.name, window.bounds) for window in self.view.windows]
        yield OpenApp(name)
        if self._failure:
            raise NotPossibleError(self._failure)

        def is_open() -> bool:
            now = [(window.name, window.bounds) for window in self.view.windows]
            return any(window not in before for window in now) or self._is_in_front(name)

        if not (yield from self._until(is_open, (*PATIENCE, *PATIENCE))):
            raise NotPossibleError(f"no window of {name} has come")

    def save(self) -> Act:
        """Save what is in the active window under the name that it has."""
        known = self.view.dialog
        yield from self._press_key("ctrl", "s")
        if known is None and (yield from self._until(self._asks_for_a_name)):
            yield from self._press_key("escape")
            raise NotPossibleError("what is in the window has no name yet; say under which name to save it")
        if not (yield from self._until(self._is_saved)):
            raise NotPossibleError(f"{quoted(self.view.front.name)} is still not saved")

    def save_as(self, name: str) -> Act:
        """Save what is in the active window under a name, by the app's own dialog; a file of this name is replaced."""
        for keys in (("ctrl", "shift", "s"), ("ctrl", "s")):
            if not self._asks_for_a_name():
                yield from self._press_key(*keys)
                yield from self._until(self._asks_for_a_name, PATIENCE[:3])
        if not self._asks_for_a_name():
            raise NotPossibleError(f"no dialog asks under which name to save in {self.view.place}")
        window = self.view.front.name
        yield from self._fill((yield from self._found("Name", TEXT_FIELDS, "field")), name)
        yield from self._click_named(_SAVE, _BUTTONS, "button")
        yield from self._until(lambda: self._first_named(_REPLACE_BUTTONS, _BUTTONS) is not None)
        replacing = self._first_named(_REPLACE_BUTTONS, _BUTTONS)
        if replacing is not None:
            yield from self._click(replacing)
        plain_name = name.rpartition("/")[2]
        if not (yield from self._until(lambda: plain_name in self.view.front.name and self._is_saved(), PATIENCE[:3])):
            shown = quoted(self.view.front.name or window)
            raise NotPossibleError(f"what is in the window cannot be saved as {quoted(name)}: {shown} is shown")

    def calculate(self, keys: str) -> Act:
        """Key in an expression, given by the signs of a calculator, and answer with what it shows then."""
        if not self._is_calculator() and ActionName.OPEN_APP in self._supported:
            yield from self.open_app(_CALCULATOR)
        if not (yield from self._until(self._is_calculator, PATIENCE)):
            raise NotPossibleError(f"there is no calculator with buttons for digits in {self.view.place}")
        clear = self._first_named(_CLEAR, PRESSED)
        if clear is not None:
            yield from self._click(clear)
        for sign in keys:
            yield from self._key_in(sign)
        before = self._display()
        equals = self._first_named(_EQUALS, PRESSED)
        if equals is None:
            yield from self._press_key("enter")
        else:
            yield from self._click(equals)
        yield from self._until(lambda: self._display() != before)
        result = self._display()
        if not any(character.isdigit() for character in result):
            raise NotPossibleError(f"the calculator cannot calculate {quoted(keys)}: it shows {quoted(result)}")
        self.answers.append(result)

    def _key_in(self, sign: str) -> Act:
        button = self._first_named(_SIGNS.get(sign, (sign,)), PRESSED)
        if button is None:
            yield from self._press_key(_TYPED.get(sign, sign))
        else:
            yield from self._click(button)

    def _is_calculator(self) -> bool:
        names = {seen.element.name for seen in self.view.all if seen.is_front and seen.role in PRESSED}
        return names >= set("0123456789")

    def _display(self) -> str:
        """Return what the calculator in front shows: the text that has digits, and is not on a button."""
        shown = [
            value
            for seen in self.view.all
            if seen.is_front and seen.role in TEXT_FIELDS | {"text"}
            if (value := (seen.element.value or seen.element.name).strip())
        ]
        return next((value for value in shown if any(character.isdigit() for character in value)), "".join(shown[:1]))

    def _is_saved(self) -> bool:
        """Tell whether the title of the active window does not say that its content has changed."""
        return not self.view.front.name.startswith("*")

    def _asks_for_a_name(self) -> bool:
        """Tell whether a file dialog is in front that wants a name."""
        dialog = self.view.dialog
        has_field = self._first_named(_NAME_FIELDS, TEXT_FIELDS) is not None
        return dialog is not None and has_field and find(self.view, _SAVE, _BUTTONS) is not None

    def _is_in_front(self, app: str) -> bool:
        """Tell whether the active window is of an app, by its title."""
        front = self.view.front
        return front.role in {"window", "dialog"} and bool(_common(front, app))

    def _window_of(self, app: str) -> Element | None:
        return next((window for window in self.view.windows if _common(window, app)), None)


def _common(window: Element, app: str) -> bool:
    parts, title = words(app), words(window.name)
    return bool(parts) and (set(parts) <= set(title) or short(app) == short(window.name))
