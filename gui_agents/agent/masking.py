"""What a task types into password fields, taken out of all that is told and stored of it.

The sandbox gets the text, and the running model keeps its own answers. Messages, records, the stored conversation and
the end of the task have `********` instead: of the text that is typed, and wherever else it stands as a whole word.

A field is known by the state `protected` of its element. The one that gets the text has the focus, or was clicked last.
If neither is known, and the screen has such a field, the text may be for it. A screen without a tree tells nothing.
"""

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from functools import cached_property
from typing import Final

import attrs

from gui_agents.domain import actions
from gui_agents.domain.actions import Action
from gui_agents.domain.lifecycle import Ending
from gui_agents.domain.model import Turn
from gui_agents.domain.screen import FIELDS, PROTECTED, Element, Observation

MASK: Final = "********"
MASKED_KEY: Final = "*"
SHORTEST: Final = 4
"""Characters of a text that is looked for elsewhere; shorter ones stand in half of all sentences."""
MOST: Final = 100
"""Passwords of a task that are looked for. Every text is searched for each of them, on the event loop."""
MOVING: Final = frozenset({"tab", "enter", "return", "escape"})
"""Keys after which another field may have the focus."""
SEPARATORS: Final = "\t\r\n"
"""The same keys within a text."""
MAX_ELEMENTS: Final = 5000
"""Of a tree that are looked at."""


class _Target(Enum):
    """What a text goes to."""

    PASSWORD = auto()
    FIELD = auto()
    """Another field."""
    UNKNOWN = auto()


class _Screen:
    """A tree, as far as texts go somewhere on it. It is looked at only if there is a text, and once."""

    def __init__(self, tree: Element | None) -> None:
        self._tree = tree

    @cached_property
    def _fields(self) -> Sequence[Element]:
        fields = () if self._tree is None else _elements(self._tree)
        return [element for element in fields if element.role in FIELDS or PROTECTED in element.states]

    @property
    def has_password(self) -> bool:
        """Whether it has a password field."""
        return any(PROTECTED in element.states for element in self._fields)

    def focused(self) -> _Target:
        """Return what has the focus."""
        return _kind([element for element in self._fields if "focused" in element.states])

    def at(self, x: int, y: int) -> _Target:
        """Return what is at a place."""
        return _kind([element for element in self._fields if element.bounds.contains(x, y)])


def _kind(fields: Sequence[Element]) -> _Target:
    if any(PROTECTED in element.states for element in fields):
        return _Target.PASSWORD
    return _Target.FIELD if fields else _Target.UNKNOWN


@attrs.define
class _Focus:
    """What is known of the field that gets the next text."""

    screen: _Screen
    """As it was seen last."""
    moved: bool = False
    """Whether the focus may be elsewhere since."""
    clicked: tuple[int, int, _Screen] | None = None
    """The place that was clicked last, and the screen of that time."""

    def target(self) -> _Target:
        focused = _Target.UNKNOWN if self.moved else self.screen.focused()
        clicked = _Target.UNKNOWN
        if self.clicked is not None:
            x, y, screen = self.clicked
            clicked = screen.at(x, y)
        for target in (_Target.PASSWORD, _Target.FIELD):
            if target in (focused, clicked):
                return target
        return _Target.UNKNOWN

    def follow(self, action: Action) -> None:
        """Note where an action puts the focus."""
        match action:
            case actions.Click(x, y) | actions.LongPress(x, y) | actions.Drag(to_x=x, to_y=y):
                self.clicked, self.moved = (x, y, self.screen), True
            case actions.Key(keys) if keys[-1] in MOVING:
                self.clicked, self.moved = None, True
            case actions.Type(text) if any(separator in text for separator in SEPARATORS):
                self.clicked, self.moved = None, True
            case actions.Navigate() | actions.OpenApp():
                self.clicked, self.moved = None, True


class Masking:
    """Follows one task, and takes its passwords out of what is told of it."""

    def __init__(self) -> None:
        self._focus = _Focus(_Screen(None))
        self._passwords: list[str] = []
        """The longest ones first, as one may be a part of another."""
        self._too_many = False
        """Whether more were typed, so that no text is shown any more."""

    @property
    def found(self) -> bool:
        """Whether a password was typed that stands out from other words."""
        return bool(self._passwords)

    def saw(self, observation: Observation) -> None:
        """Take notice of the screen."""
        self._focus.screen, self._focus.moved = _Screen(observation.tree), False

    def plan(self, decided: Sequence[Action]) -> tuple[Action, ...]:
        """Return the actions of an answer as they may be told before they are carried out."""
        focus = attrs.evolve(self._focus)
        return tuple(self._followed(action, focus, sure=False) for action in decided)

    def follow(self, action: Action) -> Action:
        """Take notice of an action that is carried out now, and return it as it may be told."""
        return self._followed(action, self._focus, sure=True)

    def text(self, text: str) -> str:
        """Return a text without what was typed into password fields."""
        if self._too_many:
            return MASK if text else text
        for password in self._passwords:
            text = _without(text, password)
        return text

    def turn(self, turn: Turn) -> Turn:
        """Return a turn whose texts hold no password; the same one if they held none."""
        return turn.rewritten(self.text) if self._passwords else turn

    def invalid(self, turn: Turn) -> Turn:
        """Return the turn of an invalid answer as it may be told: nobody knows what in it is a password."""
        if not self._focus.screen.has_password:
            return self.turn(turn)
        return attrs.evolve(turn, outcome="invalid: not shown, as it may hold a password", said=MASK)

    def ending(self, ending: Ending) -> Ending:
        """Return the end of the task without passwords."""
        if not self._passwords:
            return ending
        return attrs.evolve(ending, message=self.text(ending.message), result=self.text(ending.result))

    def _followed(self, action: Action, focus: _Focus, *, sure: bool) -> Action:
        shown = action
        if isinstance(action, actions.Type):
            shown = actions.Type(self._shown(action.text, focus, sure=sure))
        elif isinstance(action, actions.Key) and len(action.keys[-1]) == 1 and _is_password(focus):
            shown = actions.Key((*action.keys[:-1], MASKED_KEY))
        focus.follow(action)
        return shown

    def _shown(self, text: str, focus: _Focus, *, sure: bool) -> str:
        """Return a text that is typed as it may be told; `sure` says that it is typed into what `focus` knows."""
        if _is_password(focus):
            if sure or focus.target() is _Target.PASSWORD:
                self._remember(text)
            return MASK
        own, separator, others = _parted(text)
        if others and focus.screen.has_password:
            self._remember(others)
            return f"{own}{separator}{MASK}"
        return text

    def _remember(self, typed: str) -> None:
        """Look for a password, line by line, in all texts from now on."""
        for password in {part.strip() for part in typed.replace("\t", "\n").splitlines()}:
            if self._too_many:
                return
            if len(password) >= SHORTEST and password not in self._passwords:
                self._too_many = len(self._passwords) == MOST
                self._passwords.append(password)
        self._passwords.sort(key=len, reverse=True)


def _is_password(focus: _Focus) -> bool:
    target = focus.target()
    return target is _Target.PASSWORD or (target is _Target.UNKNOWN and focus.screen.has_password)


def _parted(text: str) -> tuple[str, str, str]:
    """Return what goes to the field that has the focus, what leaves it, and what goes to others."""
    end = next((place for place, character in enumerate(text) if character in SEPARATORS), len(text))
    others = text[end:].lstrip(SEPARATORS)
    return text[:end], text[end : len(text) - len(others)], others


def _elements(root: Element) -> Iterator[Element]:
    waiting = [root]
    for _ in range(MAX_ELEMENTS):
        if not waiting:
            return
        element = waiting.pop()
        yield element
        waiting.extend(reversed(element.children))


def _without(text: str, password: str) -> str:
    """Return a text without a password, where it stands as a whole word."""
    parts, start = [], 0
    while (place := text.find(password, start)) != -1:
        end = place + len(password)
        inside = _joins(text[place - 1 : place], password[0]) or _joins(text[end : end + 1], password[-1])
        parts.append(text[start:end] if inside else f"{text[start:place]}{MASK}")
        start = end
    return "".join((*parts, text[start:])) if parts else text


def _joins(beside: str, edge: str) -> bool:
    """Tell whether a character beside a word makes it another word."""
    return beside.isalnum() and edge.isalnum()
