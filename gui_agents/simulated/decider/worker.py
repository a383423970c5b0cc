"""Carries out intents, one action at a time, and checks on the screen what came of each."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from gui_agents.domain.actions import MAX_KEYS, MAX_WAIT_SECONDS, Action, ActionName, Click, Key, Scroll, Wait
from gui_agents.domain.screen import Element
from gui_agents.simulated.decider import arithmetic
from gui_agents.simulated.decider.file_hands import FileHands, lined
from gui_agents.simulated.decider.grammar import Step
from gui_agents.simulated.decider.hands import NotPossibleError, quoted
from gui_agents.simulated.decider.intents import (
    AppendToFile,
    Calculate,
    Choose,
    CloseAll,
    CloseWindow,
    Confirm,
    CountFiles,
    DeleteFile,
    FindFile,
    Intent,
    Nothing,
    OpenTarget,
    Pause,
    Press,
    Read,
    ReadFile,
    RenameFile,
    Save,
    SaveAs,
    ScrollBy,
    SetField,
    Toggle,
    Write,
)
from gui_agents.simulated.decider.names import APP_NAMES, app_named, home_of, is_file_name, short
from gui_agents.simulated.decider.screen import Screen, is_on

_ATTEMPTS: Final = 3
_MAX_SIGNS: Final = 40
_MAX_NUDGES: Final = 100
_MAX_PAUSE_SECONDS: Final = 60.0
_ON: Final = frozenset({"on", "true", "yes", "enabled", "checked"})
_OFF: Final = frozenset({"off", "false", "no", "disabled", "unchecked"})
_BUTTONS: Final = frozenset({"button"})
_BOXES: Final = frozenset({"textbox"})
_TOGGLES: Final = frozenset({"checkbox", "switch"})
_OPTIONS: Final = frozenset({"radio", "listitem", "checkbox", "switch"})
_FIELDS: Final = frozenset({"textbox", "slider", "radiogroup", "checkbox", "switch"})
_READABLE: Final = frozenset({"text", "textbox", "slider", "radiogroup", "checkbox", "switch"})
_CLICKABLE: Final = frozenset({"radio", "checkbox", "switch", "listitem", "textbox", "slider"})
_KEYS: Final = frozenset(
    {"enter", "return", "escape", "esc", "tab", "space", "backspace", "delete", "up", "down", "left", "right", "home"}
    | {"end", "pageup", "pagedown", "ctrl", "control", "alt", "shift", "super"}
)


class Worker(FileHands):
    """Works through the steps of one instruction."""

    def __init__(self, screen: Screen, supported: Collection[ActionName]) -> None:
        super().__init__(screen, supported)
        self.answers: list[str] = []
        self.clause = ""
        """The clause that is being carried out."""

    def work(self, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield the actions for all steps.

        Raises:
            NotPossibleError: a step cannot be carried out here.
        """
        for step in steps:
            self.clause = step.clause
            for intent in step.intents:
                yield from self._carry_out(intent)

    def _carry_out(self, intent: Intent) -> Iterator[Action]:  # noqa: C901, PLR0912 - one line for each intent
        match intent:
            case OpenTarget(target):
                yield from self._open(target)
            case CloseWindow(app):
                yield from self._close(app)
            case CloseAll():
                while self.screen.windows:
                    yield from self._close(None)
            case Press(label, count):
                yield from self._press(label, count)
            case Toggle(label, on, in_settings):
                yield from self._toggle(label, on=on, in_settings=in_settings)
            case Choose(label):
                yield from self._choose(label)
            case SetField(label, text):
                yield from self._set(label, text)
            case Write(text, own_line):
                yield from self._write(text, own_line=own_line)
            case Read(label):
                yield from self._read(label)
            case ReadFile(name):
                yield from self._open_file(name)
                yield from self._read("Note text")
            case CountFiles():
                yield from self._count_files()
            case FindFile(name):
                yield from self._go_to("Files")
                self.answers.append("no" if self._file(name) is None else "yes")
            case AppendToFile(name, text, own_line):
                yield from self._append_to_file(name, text, own_line=own_line)
            case RenameFile(name, new_name):
                yield from self._rename_file(name, new_name)
            case DeleteFile(name):
                yield from self._delete_file(name)
            case Save():
                yield from self._save()
            case SaveAs(name):
                yield from self._save_as(name)
            case Confirm():
                yield from self._confirm()
            case Calculate(signs):
                yield from self._calculate(signs)
            case ScrollBy(notches):
                yield from self._scroll(notches)
            case Pause(seconds):
                yield from self._pause(seconds)
            case Nothing():
                pass

    # Windows

    def _open(self, target: str) -> Iterator[Action]:
        app = app_named(target)
        if app is not None:
            yield from self._activate(app)
        elif is_file_name(target):
            yield from self._open_file(target)
        else:
            apps = ", ".join(dict.fromkeys(APP_NAMES.values()))
            raise NotPossibleError(f"there is no app named {quoted(target)}; there are: {apps}")

    def _close(self, app: str | None) -> Iterator[Action]:
        opened = [window.name for window in self.screen.windows]
        if not opened or (app is not None and app not in opened):
            raise NotPossibleError(f"there is no window{'' if app is None else f' of {app}'} to close")
        closing = app or (self.screen.window or self.screen.windows[-1]).name
        yield from self._go_to(closing)
        yield from self._click_button("Close")
        if closing in (window.name for window in self.screen.windows):
            raise NotPossibleError(f"the window of {closing} does not close")

    # Pointer and keys

    def _press(self, label: str, count: int) -> Iterator[Action]:
        keys, home = _keys(label), home_of(label)
        element = self.screen.find(_BUTTONS, label) or self.screen.find(_CLICKABLE, label)
        if element is None and keys is not None:
            yield Key(keys)
            return
        if element is None:
            if home is None or self.screen.is_active(home):
                raise NotPossibleError(f"there is no button or key named {quoted(label)} in {self._place()}")
            element = yield from self._locate(_BUTTONS | _CLICKABLE, label, "button")
        if "offscreen" in element.states:
            element = yield from self._scrolled_into_view(element)
        yield from self._click(element, count)

    # Fields

    def _toggle(self, label: str, *, on: bool, in_settings: bool) -> Iterator[Action]:
        element = yield from self._locate(_TOGGLES, label, "switch", "Settings" if in_settings else None)
        for _ in range(_ATTEMPTS):
            if is_on(element) is on:
                return
            yield from self._click(element)
            element = self.screen.find({element.role}, element.name) or element
        if is_on(element) is not on:
            raise NotPossibleError(f"{element.name} does not turn {'on' if on else 'off'}")

    def _choose(self, label: str) -> Iterator[Action]:
        home = "Files" if is_file_name(label) else None
        groups = self.screen.all({"radiogroup"})
        for group in groups:
            label = _without_group(label, group.name)
        element = yield from self._locate(_OPTIONS, label, "file" if home else "option", home)
        if element.role in _TOGGLES:
            yield from self._toggle(element.name, on=True, in_settings=False)
            return
        yield from self._click(element)
        chosen = self.screen.find({element.role}, element.name)
        if chosen is None or not chosen.states & {"checked", "selected"}:
            raise NotPossibleError(f"{quoted(element.name)} cannot be chosen")

    def _set(self, label: str, text: str) -> Iterator[Action]:
        element = yield from self._locate(_FIELDS, label, "field")
        match element.role:
            case "textbox":
                yield from self._fill(element.name, text)
            case "slider":
                yield from self._slide(element, text)
            case "radiogroup":
                yield from self._choose(text)
            case _:
                word = text.strip().lower()
                if word not in _ON | _OFF:
                    raise NotPossibleError(f"{element.name} can be on or off, not {quoted(text)}")
                yield from self._toggle(element.name, on=word in _ON, in_settings=False)

    def _slide(self, slider: Element, text: str) -> Iterator[Action]:
        percent = _percent(text)
        if percent is None:
            raise NotPossibleError(f"{slider.name} can be 0 to 100, not {quoted(text)}")
        bounds = slider.bounds
        yield Click(bounds.x + round(percent * (bounds.width - 1) / 100), bounds.center[1])
        for _ in range(_MAX_NUDGES):
            slider = self.screen.find({"slider"}, slider.name) or slider
            off = percent - (_percent(slider.value) or 0)
            if off == 0:
                return
            yield Key(("right" if off > 0 else "left",))
        raise NotPossibleError(f"{slider.name} stays at {slider.value}")

    def _write(self, text: str, *, own_line: bool) -> Iterator[Action]:
        keys = arithmetic.signs(text)
        if self.screen.is_active("Calculator") and keys is not None:
            yield from self._key_in(keys + ("=" if text.strip().endswith("=") else ""))
            return
        box = self.screen.focused() or next(iter(self.screen.all(_BOXES)), None)
        if box is None:
            yield from self._go_to("Notes")
            box = self._box("Note text")
        yield from self._fill(box.name, lined(box.value, text) if own_line else text, append=True)

    def _read(self, label: str) -> Iterator[Action]:
        element = None
        if self.screen.dialog is not None and self.screen.window is not None:
            element = self.screen.find(_READABLE, label) or self.screen.find(_READABLE, label, self.screen.window)
        if element is None:
            element = yield from self._locate(_READABLE, label, "text")
        if element.role in _TOGGLES:
            self.answers.append("on" if is_on(element) else "off")
        else:
            self.answers.append(element.value)

    # The calculator

    def _calculate(self, keys: str) -> Iterator[Action]:
        if len(keys) > _MAX_SIGNS:
            raise NotPossibleError(f"the calculator takes at most {_MAX_SIGNS} signs, not {len(keys)}")
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
        display = self.screen.find({"text"}, "Display")
        return "" if display is None else display.value

    # Files and dialogs

    def _count_files(self) -> Iterator[Action]:
        yield from self._go_to("Files")
        self.answers.append(str(len(self.screen.all({"listitem"}))))

    def _confirm(self) -> Iterator[Action]:
        if self.screen.dialog is None:
            raise NotPossibleError("there is nothing to confirm: no dialog is open")
        answers = [button for button in self.screen.all(_BUTTONS) if button.name != "Cancel"]
        yield from self._click(answers[0])

    # Time and wheel

    def _scroll(self, notches: int) -> Iterator[Action]:
        target = next(iter(self.screen.all({"list"})), None) or next(iter(self.screen.all(_BOXES)), None)
        if target is None:
            raise NotPossibleError(f"there is nothing to scroll in {self._place()}")
        x, y = target.bounds.center
        yield Scroll(x, y, 0, notches)

    def _pause(self, seconds: float) -> Iterator[Action]:
        if seconds > _MAX_PAUSE_SECONDS:
            raise NotPossibleError(f"{seconds:g} seconds are too long; {_MAX_PAUSE_SECONDS:g} are the most")
        while seconds > 0:
            yield Wait(min(seconds, MAX_WAIT_SECONDS))
            seconds -= MAX_WAIT_SECONDS


def _keys(label: str) -> tuple[str, ...] | None:
    """Return the keys that a label such as `ctrl+s` or `enter` means, where it means any."""
    keys = tuple(label.lower().replace(" + ", "+").split("+"))
    if len(keys) > MAX_KEYS or not all(key in _KEYS or len(key) == 1 for key in keys):
        return None
    return keys if any(key in _KEYS for key in keys) else None


def _without_group(label: str, group: str) -> str:
    """Return the option in `size Large` or `Large size`."""
    words = [word for word in label.split() if short(word) not in (short(group), "to", "option")]
    return " ".join(words) or label


def _percent(text: str) -> int | None:
    number = text.strip().removesuffix("percent").removesuffix("%").strip()
    if not number.isascii() or not number.isdigit() or len(number) > len("100") or int(number) > int("100"):
        return None
    return int(number)
