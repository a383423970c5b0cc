"""The keys of the simulated keyboard, by one spelling each."""

from collections.abc import Mapping
from typing import Final

_ALIASES: Final[Mapping[str, str]] = {
    "control": "ctrl",
    "ctl": "ctrl",
    "cmd": "ctrl",
    "command": "ctrl",
    "meta": "super",
    "win": "super",
    "option": "alt",
    "return": "enter",
    "esc": "escape",
    "del": "delete",
    "bksp": "backspace",
    "arrowup": "up",
    "arrowdown": "down",
    "arrowleft": "left",
    "arrowright": "right",
    "pgup": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "page_down": "pagedown",
    "spacebar": "space",
    " ": "space",
    "plus": "+",
    "minus": "-",
}

MODIFIERS: Final = ("ctrl", "alt", "super", "shift")

NAMED: Final = frozenset(
    {
        *MODIFIERS,
        *("enter", "escape", "backspace", "delete", "tab", "space"),
        *("up", "down", "left", "right", "home", "end", "pageup", "pagedown"),
        *(f"f{number}" for number in range(1, 13)),
    }
)
"""Every key that is not a character."""

Chord = tuple[str, ...]
"""Keys pressed together: modifiers in the order of `MODIFIERS`, then the others."""


def chord(keys: tuple[str, ...]) -> Chord | None:
    """Return the keys in their one spelling and order, or None where one of them does not exist."""
    spelled = [_ALIASES.get(key.lower(), key.lower() if len(key) > 1 else key) for key in keys]
    if any(key not in NAMED and not (len(key) == 1 and key.isprintable()) for key in spelled):
        return None
    held = [modifier for modifier in MODIFIERS if modifier in spelled]
    others = [key for key in spelled if key not in MODIFIERS]
    if held:
        others = [key.lower() for key in others]
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
        case _:
            return None
