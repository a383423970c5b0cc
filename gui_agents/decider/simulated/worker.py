"""Carries out what an instruction asks for, one action at a time, and checks on the screen what came of it."""

import re
from collections.abc import Iterator
from typing import Final

from gui_agents.decider import arithmetic
from gui_agents.decider.carrier import Carrier
from gui_agents.decider.labels import is_file_name, quoted, short, without_article
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.simulated.file_hands import FileHands
from gui_agents.decider.simulated.hands import ATTEMPTS
from gui_agents.decider.simulated.names import app_named
from gui_agents.decider.simulated.screen import is_on
from gui_agents.domain.actions import MAX_KEYS, MAX_NOTCHES, MAX_WAIT_SECONDS, Action, Click, Key, Scroll, Wait
from gui_agents.domain.screen import Element
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.calculator import MAX_EXPRESSION_LENGTH
from gui_agents.simulated.keys import NAMED, Chord, chord

_MAX_NUDGES: Final = 100
BUTTONS: Final = frozenset({"next", "prior"})
"""Names of keys that are rather those of buttons."""
_LOUDEST: Final = 100
_MAX_PAUSE_SECONDS: Final = 60.0
_ON: Final = frozenset({"on", "true", "yes", "enabled", "checked"})
_OFF: Final = frozenset({"off", "false", "no", "disabled", "unchecked"})
_TOGGLES: Final = frozenset({"checkbox", "switch"})
_OPTIONS: Final = _TOGGLES | {"radio", "listitem"}
_FIELDS: Final = _TOGGLES | {"textbox", "slider", "radiogroup"}
_READABLE: Final = _FIELDS | {"text"}
_CLICKABLE: Final = _OPTIONS | {"textbox", "slider"}


class Worker(FileHands, Carrier):
    """Works through the steps of one instruction. What has no underscore is what an instruction can ask for."""

    # Windows

    def open(self, target: str) -> Iterator[Action]:
        """Open an app or a file; which one it is follows from what there is."""
        app = app_named(target)
        if app is not None:
            yield from self._activate(app)
        elif is_file_name(target):
            yield from self._open_file(target)
        else:
            raise NotPossibleError(f"there is no app named {quoted(target)}; there are: {', '.join(APPS)}")

    def close(self, app: str | None = None) -> Iterator[Action]:
        """Close an app's window, or the active one."""
        opened = [window.name for window in self.screen.windows]
        if not opened or (app is not None and app not in opened):
            raise NotPossibleError(f"there is no window{'' if app is None else f' of {app}'} to close")
        closing = app or (self.screen.window or self.screen.windows[-1]).name
        yield from self._go_to(closing)
        yield from self._click_button("Close")
        if closing in (window.name for window in self.screen.windows):
            raise NotPossibleError(f"the window of {closing} does not close")

    def close_all(self) -> Iterator[Action]:
        """Close every window."""
        while self.screen.windows:
            yield from self.close()

    def confirm(self) -> Iterator[Action]:
        """Press the button of a dialog that goes on."""
        if self.screen.dialog is None:
            raise NotPossibleError("there is nothing to confirm: no dialog is open")
        answers = [button for button in self.screen.all({"button"}) if button.name != "Cancel"]
        yield from self._click(answers[0])

    # Pointer, keys and time

    def press(self, label: str, count: int = 1) -> Iterator[Action]:
        """Press a button or a key, or click what is named so; several signs one after the other."""
        signs = label.split()
        if all(len(sign) == 1 or sign.isdigit() for sign in signs) and len("".join(signs)) > 1:
            for sign in "".join(signs):
                yield from self.press(sign, count)
            return
        element = self.screen.find({"button"}, label) or self.screen.find(_CLICKABLE, label)
        keys = _keys(label)
        if element is None and keys is not None:
            yield Key(keys)
            return
        if element is None:
            element = yield from self._locate(_CLICKABLE | {"button"}, label, "button or key")
        yield from self._click((yield from self._scrolled_into_view(element)), count)

    def scroll(self, notches: int = 3, *, up: bool = False) -> Iterator[Action]:
        """Turn the wheel."""
        target = next(iter(self.screen.all({"list"}) + self.screen.all({"textbox"})), None)
        if target is None:
            raise NotPossibleError(f"there is nothing to scroll in {self._place()}")
        notches = min(notches, MAX_NOTCHES)
        yield Scroll(*target.bounds.center, 0, -notches if up else notches)

    def scroll_to_end(self, *, up: bool) -> Iterator[Action]:
        """Turn the wheel as far as it goes."""
        yield from self.scroll(MAX_NOTCHES, up=up)

    def wait(self, seconds: float = 1.0) -> Iterator[Action]:
        """Wait."""
        if seconds > _MAX_PAUSE_SECONDS:
            raise NotPossibleError(f"{seconds:g} seconds are too long; {_MAX_PAUSE_SECONDS:g} are the most")
        while seconds > 0:
            yield Wait(min(seconds, MAX_WAIT_SECONDS))
            seconds -= MAX_WAIT_SECONDS

    # Fields

    def toggle(self, label: str, *, on: bool, app: str | None = None) -> Iterator[Action]:
        """Turn a switch, or check a box; `app`: where it is looked for if no app has it."""
        element = yield from self._locate(_TOGGLES, label, "switch", app)
        for _ in range(ATTEMPTS):
            if is_on(element) is on:
                return
            yield from self._click(element)
            element = self.screen.same(element)
        if is_on(element) is not on:
            raise NotPossibleError(f"{element.name} does not turn {'on' if on else 'off'}")

    def choose(self, label: str) -> Iterator[Action]:
        """Select one of several: a file, an option, a box."""
        home = "Files" if is_file_name(label) else None
        for group in self.screen.all({"radiogroup"}):
            label = _without_group(label, group.name)
        element = yield from self._locate(_OPTIONS, label, "file" if home else "option", home)
        if element.role in _TOGGLES:
            yield from self.toggle(element.name, on=True)
            return
        yield from self._click(element)
        if not self.screen.same(element).states & {"checked", "selected"}:
            raise NotPossibleError(f"{quoted(element.name)} cannot be chosen")

    def set_field(self, label: str, text: str) -> Iterator[Action]:
        """Make a field hold exactly this."""
        element = yield from self._locate(_FIELDS, label, "field")
        match element.role:
            case "textbox":
                yield from self._fill(element.name, text)
            case "slider":
                yield from self._slide(element, text)
            case "radiogroup":
                yield from self.choose(text)
            case _ if (word := text.strip().lower()) in _ON | _OFF:
                yield from self.toggle(element.name, on=word in _ON)
            case _:
                raise NotPossibleError(f"{element.name} can be on or off, not {quoted(text)}")

    def _slide(self, slider: Element, text: str) -> Iterator[Action]:
        percent = _percent(text)
        if percent is None:
            raise NotPossibleError(f"{slider.name} can be 0 to 100, not {quoted(text)}")
        bounds = slider.bounds
        yield Click(bounds.x + round(percent * (bounds.width - 1) / 100), bounds.center[1])
        for _ in range(_MAX_NUDGES):
            slider = self.screen.same(slider)
            off = percent - (_percent(slider.value) or 0)
            if off == 0:
                return
            yield Key(("right" if off > 0 else "left",))
        raise NotPossibleError(f"{slider.name} stays at {slider.value}")

    def write(self, text: str, *, own_line: bool = False) -> Iterator[Action]:
        """Type text where the focus is, or into the note, or press a calculator's keys."""
        keys = arithmetic.signs(text)
        if self.screen.is_active("Calculator") and keys is not None:
            yield from self._key_in(keys + ("=" if text.strip().endswith("=") else ""))
        else:
            yield from super().write(text, own_line=own_line)

    def read(self, label: str) -> Iterator[Action]:
        """Answer with what a field shows, or with a file's text."""
        if is_file_name(without_article(label)):
            yield from self._open_file(without_article(label))
            label = "Note text"
        element = self.screen.find(_READABLE, label) or self.screen.find(_READABLE, label, self.screen.window)
        if element is None:
            element = yield from self._locate(_READABLE, label, "text")
        state = "on" if is_on(element) else "off"
        self.answers.append(state if element.role in _TOGGLES else element.value)

    # The calculator

    def calculate(self, keys: str) -> Iterator[Action]:
        """Key in an expression, given by the calculator's signs, and answer with the result."""
        if len(keys) > MAX_EXPRESSION_LENGTH:
            raise NotPossibleError(f"the calculator takes at most {MAX_EXPRESSION_LENGTH} signs, not {len(keys)}")
        yield from self._go_to("Calculator")
        yield from self._click_button("C")
        yield from self._key_in(keys)
        shown = self._display()
        if shown != keys:
            raise NotPossibleError(f"the calculator shows {quoted(shown)} for {quoted(keys)}")
        yield from self._click_button("=")
        result = self._display()
        if result == "Error":
            raise NotPossibleError(f"the calculator cannot calculate {quoted(keys)}: it shows Error")
        self.answers.append(result)

    def _key_in(self, keys: str) -> Iterator[Action]:
        for sign in keys:
            yield from self._click_button(sign)

    def _display(self) -> str:
        return self._found({"text"}, "Display", "text").value


def _keys(label: str) -> Chord | None:
    """Return the keys that a label such as `ctrl+s` or `enter` means, where it means any."""
    if label.lower() in BUTTONS:
        return None
    keys = chord(tuple(label.lower().replace(" + ", "+").split("+")))
    return keys if keys is not None and len(keys) <= MAX_KEYS and not NAMED.isdisjoint(keys) else None


def _without_group(label: str, group: str) -> str:
    """Return the option in `size Large` or `Large size`."""
    words = [word for word in label.split() if short(word) not in (short(group), "to", "option")]
    return " ".join(words) or label


def _percent(text: str) -> int | None:
    number = re.fullmatch(r"(\d{1,3}) ?(?:%|percent)?", text.strip(), re.ASCII)
    return int(number[1]) if number is not None and int(number[1]) <= _LOUDEST else None
