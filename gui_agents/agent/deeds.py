"""Actions as they are compared with others, to find out whether a task does the same again."""

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from gui_agents.domain import actions
from gui_agents.domain.actions import Action, ActionName

CLOSE: Final = 8
"""Pixels between two places that mean the same."""


@attrs.frozen
class Deed:
    """An action as it is compared."""

    name: ActionName
    manner: object
    """What has to be equal, apart from places."""
    places: tuple[int, ...]
    """x and y by turns."""

    def is_like(self, other: "Deed") -> bool:
        """Return whether both mean the same: a wait of any length, a click nearby, a scroll to the same side."""
        if self.name is not other.name or self.manner != other.manner:
            return False
        return all(abs(place - near) <= CLOSE for place, near in zip(self.places, other.places, strict=True))

    @property
    def points(self) -> Iterator[tuple[int, int]]:
        """The places where it is done."""
        return zip(self.places[::2], self.places[1::2], strict=True)

    @property
    def is_a_character(self) -> bool:
        """Whether it is one key of a text that is typed key by key."""
        if not isinstance(self.manner, actions.Key):
            return False
        *held, key = self.manner.keys
        return len(key) == 1 and set(held) <= {"shift"}


Deeds = tuple[Deed, ...]
"""Of one answer."""


def deeds(decided: Sequence[Action]) -> Deeds:
    """Return actions without those that are like the one before: two clicks in one answer are one idea."""
    return tuple(_distinct(decided))


def alike(some: Deeds, others: Deeds) -> bool:
    """Return whether two answers mean the same."""
    return len(some) == len(others) and all(one.is_like(other) for one, other in zip(some, others, strict=True))


def only_wait(done: Deeds) -> bool:
    """Return whether an answer does nothing but wait."""
    return all(deed.name is ActionName.WAIT for deed in done)


def type_characters(done: Deeds) -> bool:
    """Return whether an answer types key by key."""
    return all(deed.is_a_character for deed in done)


def _distinct(decided: Sequence[Action]) -> Iterator[Deed]:
    last = None
    for action in decided:
        deed = Deed(action.name, _manner(action), tuple(_places(action)))
        if last is None or not deed.is_like(last):
            yield deed
        last = deed


def _places(action: Action) -> Iterator[int]:
    for field in attrs.fields(type(action)):
        if field.metadata["field"].axis is not None:
            yield getattr(action, field.name)


def _manner(action: Action) -> object:
    match action:
        case actions.Wait() | actions.Move() | actions.LongPress():
            return None
        case actions.Click(_, _, button, count):
            return button, count
        case actions.Drag(button=button):
            return button
        case actions.Scroll(_, _, dx, dy):
            return _sign(dx), _sign(dy)
        case _:
            return action


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
