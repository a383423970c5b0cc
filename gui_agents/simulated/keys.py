"""The keys of the simulated keyboard, by one spelling each."""

from typing import Final

from gui_agents.domain.keys import keys_of

_MODIFIERS: Final = ("ctrl", "alt", "super", "shift")

_OTHERS: Final = "enter escape backspace delete tab space up down left right home end pageup pagedown"

NAMED: Final = frozenset([*_MODIFIERS, *_OTHERS.split(), *(f"f{number}" for number in range(1, 13))])
"""Every key that is not a character, and may mean something to an app. Others may be pressed, and do nothing."""

Chord = tuple[str, ...]
"""Keys pressed together: modifiers in one order, then the others."""


def chord(keys: tuple[str, ...]) -> Chord | None:
    """Return the keys in their one spelling and order, or None where one of them does not exist.

    The command key of a Mac does here what the control key does.
    """
    try:
        spelled = ["ctrl" if key == "cmd" else key for key in keys_of(keys)]
    except LookupError:
        return None
    held = [modifier for modifier in _MODIFIERS if modifier in spelled]
    others = [key.lower() if held else key for key in spelled if key not in _MODIFIERS]
    return (*held, *others)


def typed(keys: Chord) -> str | None:
    """Return the character that the keys type, where they type one."""
    match keys:
        case ("space",):
            return " "
        case ("shift", character) if len(character) == 1:
            return character.upper()
        case (character,) if len(character) == 1:
            return character
    return None
