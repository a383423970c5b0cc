"""Carries out what an instruction asks for on a real screen, one action at a time, and checks what came of it."""

import re
from typing import Final

from gui_agents.decider.carrier import Carrier
from gui_agents.decider.labels import is_file_name, quoted, without_article
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.browser_hands import is_address
from gui_agents.decider.real.finding import find, missing
from gui_agents.decider.real.hands import PATIENCE, Act, is_on
from gui_agents.decider.real.nouns import ANY, PRESSED, TEXT_FIELDS, TOGGLES
from gui_agents.decider.real.reading_hands import ReadingHands
from gui_agents.decider.real.targets import plain
from gui_agents.decider.real.view import Seen
from gui_agents.domain.actions import (
    MAX_KEYS,
    MAX_NOTCHES,
    MAX_WAIT_SECONDS,
    ActionName,
    Button,
    Drag,
    Move,
    Scroll,
    Wait,
)
from gui_agents.domain.keys import NAMED, keys_of
from gui_agents.domain.screen import Element

_MAX_PAUSE_SECONDS: Final = 60.0
_MAX_TURNS: Final = 20
"""Of the wheel, until the end of a page must have come."""
_MAX_MENUS: Final = 5
_BUTTONS: Final = frozenset({"button"})
_AGREEING: Final = ("OK", "Yes", "Accept", "Continue", "Confirm", "Agree", "Leave", "Save", "Apply", "Allow", "Close")
_DECLINING: Final = ("Cancel", "No", "Dismiss", "Close", "Stay", "Decline", "Reject", "Not now", "OK")
_SENDING: Final = ("Submit", "Send", "Submit form", "Send message", "Save", "OK", "Continue", "Go")
_NOT_KEYS: Final = frozenset({"next", "prior", "back", "forward", "menu", "print", "home", "end", "pause", "apps"})
"""Keys whose names are rather those of buttons and links, unless it is said that a key is meant."""
_APPS: Final = "Apps"
"""The list of what a desktop can start."""
_PATH: Final = re.compile(r" ?(?:>|→|›|->) ?")


class Worker(ReadingHands, Carrier):
    """Works through the steps of one instruction. What has no underscore is what an instruction can ask for."""

    # Apps, pages, windows

    def open(self, target: str) -> Act:
        """Open an address, an app, or what is named so on the screen; which one follows from what there is."""
        name = without_article(target)
        if ActionName.NAVIGATE in self._supported and is_address(name):
            yield from self.navigate(name)
        elif find(self.view, target, PRESSED) is not None or ActionName.OPEN_APP not in self._supported:
            yield from self.press(target)
        elif is_file_name(name):
            raise NotPossibleError(f"say in which app to open the file {quoted(name)}, and how: press ctrl+o")
        else:
            yield from self.open_app(re.sub(r" (?:app|application|program)$", "", name, count=1, flags=re.IGNORECASE))

    def go_to(self, target: str) -> Act:
        """Go to an address, a tab, a window, or follow a link."""
        window = self._window_of(without_article(target))
        if window is not None and not is_address(target):
            yield from self._switch_window(window.name)
        else:
            yield from self.open(target)

    def be_in(self, target: str) -> Act:
        """Go on in an app, a window or a part of the page; one that is in front already stays there."""
        name = without_article(target)
        if self._is_in_front(name) or plain(name) in {"page", "browser", "window", "form", plain(self.view.front.name)}:
            return
        if self.view.is_browser and find(self.view, target) is not None:
            return
        yield from self.go_to(target)

    def put(self, text: str, label: str) -> Act:
        """Fill in a field, or type in an app of this name."""
        if not self._is_field(label) and self._is_app(label):
            yield from self.be_in(label)
            yield from self.write(text)
        else:
            yield from self.set_field(label, text)

    def enter_in(self, text: str, label: str, joint: str) -> Act:
        """Put a text into what has this name; if nothing has, the words belong to the text."""
        if self._is_field(label) or self._is_app(label):
            yield from self.put(text, label)
        else:
            yield from self.write(f"{text} {joint} {label}")

    def _is_app(self, label: str) -> bool:
        return self._window_of(label) is not None or self._offers_app(label)

    def _offers_app(self, label: str) -> bool:
        """Tell whether the desktop lists an app of this name."""
        names = {plain(app.name) for each in self.view.root.children if each.name == _APPS for app in each.children}
        return plain(without_article(label)) in names

    def close(self, label: str | None = None) -> Act:
        """Close the dialog or window in front, by its button or by the key that does."""
        button = self._first_named(("Close", "Cancel"), _BUTTONS) if self.view.dialog is not None else None
        if self.view.is_browser and self.view.dialog is None:
            raise NotPossibleError(
                "a browser's window stays open; close the tab instead, or press the button that closes"
            )
        if label is not None and self._window_of(label) is None:
            raise NotPossibleError(f"there is no window named {quoted(label)} to close")
        if label is not None:
            yield from self.go_to(label)
        before = len(self.view.windows), self.view.dialog is None
        if button is not None:
            yield from self._click(button)
        else:
            yield from self._press_key(*(("escape",) if self.view.is_browser else ("alt", "f4")))
        if not (yield from self._until(lambda: (len(self.view.windows), self.view.dialog is None) != before, PATIENCE)):
            raise NotPossibleError(f"{self.view.place} does not close")

    def _switch_window(self, name: str) -> Act:
        for _ in range(len(self.view.windows)):
            if self.view.front.name == name:
                return
            yield from self._press_key("alt", "tab")
            yield from self._until(lambda: self.view.front.name == name)
        if self.view.front.name != name:
            raise NotPossibleError(f"the window {quoted(name)} does not come to the front")

    def agree(self) -> Act:
        """Press the button of a dialog that goes on."""
        yield from self._answer(_AGREEING, "enter")

    def decline(self) -> Act:
        """Press the button of a dialog that leaves everything as it is."""
        yield from self._answer(_DECLINING, "escape")

    def _answer(self, names: tuple[str, ...], key: str) -> Act:
        if not (yield from self._until(lambda: self.view.dialog is not None, PATIENCE[:2])):
            raise NotPossibleError("there is nothing to answer: no dialog is open")
        told = _told(self.view.dialog)
        button = self._first_named(names, _BUTTONS)
        if button is None:
            yield from self._press_key(key)
        else:
            yield from self._click(button)
        if not (yield from self._until(lambda: _told(self.view.dialog) != told, PATIENCE[:3])):
            raise NotPossibleError(f"{self.view.place} does not close")

    # Pointer, keys and time

    def press(self, label: str, count: int = 1, button: Button = Button.LEFT) -> Act:
        """Press a button or a key, or click what is named so; several signs or menus one after the other."""
        names = _PATH.split(label)
        signs = label.split()
        if 1 < len(names) <= _MAX_MENUS and all(names) and find(self.view, label) is None:
            for name in names:
                yield from self.press(name)
            return
        if all(len(sign) == 1 or sign.isdigit() for sign in signs) and len("".join(signs)) > 1 and not self._has(label):
            for sign in "".join(signs):
                yield from self.press(sign, count)
            return
        keys = _keys(label)
        if keys is not None and not self._has(label):
            yield from self._press_keys(keys, count)
            return
        seen = yield from self._found(label, ANY, "button, link or key")
        before, dialog = is_on(seen), self.view.dialog
        yield from self._click(seen, count, button)
        if seen.role == "button" and dialog is not None:
            yield from self._let_close(seen)
        if button is Button.LEFT and count == 1 and (seen.role in TOGGLES or (seen.role == "radio" and not before)):
            yield from self._until(lambda: (now := self.view.same(seen)) is None or is_on(now) is not before)
            if (now := self.view.same(seen)) is not None and is_on(now) is before:
                raise NotPossibleError(f"the {seen.role} {quoted(self.view.label_of(seen))} does not change")

    def _let_close(self, pressed: Seen) -> Act:
        """Give a dialog the time to close whose button was pressed, and an app the time to save what it asked for."""
        yield from self._until(lambda: self.view.same(pressed) is None)
        if plain(pressed.element.name) == "save":
            yield from self._until(self._is_saved)

    def press_key(self, keys: tuple[str, ...], count: int = 1) -> Act:
        """Press a key, or several together, even if there is a button of that name."""
        yield from self._press_keys(keys, count)

    def _press_keys(self, keys: tuple[str, ...], count: int) -> Act:
        for _ in range(count):
            yield from self._press_key(*keys)

    def _has(self, label: str) -> bool:
        """Tell whether something in front that can be pressed has exactly this name."""
        form = plain(without_article(label))
        return any(
            seen.is_front and seen.role in PRESSED and plain(seen.element.name) == form for seen in self.view.all
        )

    def context_click(self, label: str) -> Act:
        """Click with the right button."""
        yield from self.press(label, 1, Button.RIGHT)

    def hover(self, label: str) -> Act:
        """Move the pointer over something."""
        seen = yield from self._found(label, ANY, "element")
        yield from self._do(Move(*seen.element.bounds.center))

    def drag(self, label: str, place: str) -> Act:
        """Drag one thing to another."""
        seen = yield from self._found(label, ANY, "element")
        target = yield from self._found(place, ANY, "element")
        seen = self._again(seen)
        yield from self._do(Drag(*seen.element.bounds.center, *target.element.bounds.center))

    def submit(self) -> Act:
        """Press the button that sends a form, or Enter in its field."""
        yield from self._until(lambda: self._first_named(_SENDING, _BUTTONS) is not None, PATIENCE[:2])
        button = self._first_named(_SENDING, _BUTTONS)
        focused = self.view.focused
        if button is not None:
            yield from self._click(button)
        elif focused is not None and focused.role in TEXT_FIELDS:
            yield from self._press_key("enter")
        else:
            raise NotPossibleError(missing(self.view, "Submit", _BUTTONS, "button"))

    def scroll(self, notches: int = 5, *, up: bool = False) -> Act:
        """Turn the wheel over what is in front."""
        focused = self.view.focused
        inside = focused is not None and focused.role in {"list", "listbox", "textbox", "table"}
        bounds = focused.element.bounds if focused is not None and inside else self.view.front.bounds
        notches = min(notches, MAX_NOTCHES)
        yield from self._do(Scroll(*bounds.center, 0, -notches if up else notches))

    def scroll_to_end(self, *, up: bool) -> Act:
        """Turn the wheel as far as it goes."""
        for _ in range(_MAX_TURNS):
            before = self._signature()
            yield from self.scroll(MAX_NOTCHES, up=up)
            if self._signature() == before:
                return

    def scroll_to(self, label: str) -> Act:
        """Turn the wheel until something is in sight."""
        yield from self._found(label, ANY, "element")

    def wait(self, seconds: float = 1.0) -> Act:
        """Wait."""
        if seconds > _MAX_PAUSE_SECONDS:
            raise NotPossibleError(f"{seconds:g} seconds are too long; {_MAX_PAUSE_SECONDS:g} are the most")
        while seconds > 0:
            yield Wait(min(seconds, MAX_WAIT_SECONDS))
            seconds -= MAX_WAIT_SECONDS


def _told(dialog: Element | None) -> tuple[str, ...]:
    """Return what a dialog says, whatever has the focus in it."""
    return () if dialog is None else (dialog.name, *(child.name for child in dialog.children))


def _keys(label: str) -> tuple[str, ...] | None:
    """Return the keys that a label such as `ctrl+s` or `enter` means, where it means any."""
    text = without_article(label).lower().replace(" + ", "+")
    return None if text in _NOT_KEYS else chord(text)


def chord(text: str) -> tuple[str, ...] | None:
    """Return the keys of a chord as it is written, or None if it is none."""
    try:
        keys = keys_of([text])
    except LookupError:
        return None
    return keys if len(keys) <= MAX_KEYS and (len(keys) == 1 or not NAMED.isdisjoint(keys)) else None
