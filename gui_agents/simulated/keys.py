"""The keys of the simulated keyboard, by one spelling each."""

from collections.abc import Mapping
from typing import Final

_SPELLINGS: Final[Mapping[str, str]] = {
    "ctrl": "control ctl cmd command",
    "super": "meta win",
    "alt": "option",
    "enter": "return",
    "escape": "esc",
    "delete": "del",
    "backspace": "bksp",
    "up": "arrowup",
    "down": "arrowdown",
    "left": "arrowleft",
    "right": "arrowright",
    "pageup": "pgup page_up",
    "pagedown": "pgdn page_down",
    "space": "spacebar",
    "+": "plus",
    "-": "minus",
}
_ALIASES: Final = {" ": "space", **{alias: key for key, aliases in _SPELLINGS.items() for alias in aliases.split()}}
_MODIFIERS: Final = ("ctrl", "alt", "super", "shift")

_OTHERS: Final = "enter escape backspace delete tab space up down left right home end pageup pagedown"

NAMED: Final = frozenset([*_MODIFIERS, *_OTHERS.split(), *(f"f{number}" for number in range(1, 13))])
"""Every key that is not a character."""

Chord = tuple[str, ...]
"""Keys pressed together: modifiers in one order, then the others."""


def chord(keys: tuple[str, ...]) -> Chord | None:
    """Return the keys in their one spelling and order, or None where one of them does not exist."""
    spelled = [_ALIASES.get(key.lower(), key.lower() if len(key) > 1 else key) for key in keys]
    if any(key not in NAMED and not (len(key) == 1 and key.isprintable()) for key in spelled):
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
