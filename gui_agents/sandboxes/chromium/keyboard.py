"""Keys and text -> what a keyboard of the browser does. Pure.

Each stroke is the parameters of one `Input.dispatchKeyEvent`. A key with a text types it; held with ctrl, alt or super
it types nothing, and means a shortcut. The numbers are Windows' virtual key codes, which pages read as `keyCode`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from gui_agents.domain.keys import keys_of

Stroke = dict[str, Any]

_BITS: Final[Mapping[str, int]] = {"alt": 1, "ctrl": 2, "super": 4, "shift": 8}


@attrs.frozen
class _Key:
    key: str
    """As pages read it: `KeyboardEvent.key`."""
    code: str
    """Its place on a keyboard of the United States."""
    number: int
    text: str = ""


_NAMED: Final[Mapping[str, _Key]] = {
    "ctrl": _Key("Control", "ControlLeft", 17),
    "alt": _Key("Alt", "AltLeft", 18),
    "shift": _Key("Shift", "ShiftLeft", 16),
    "super": _Key("Meta", "MetaLeft", 91),
    "enter": _Key("Enter", "Enter", 13, "\r"),
    "escape": _Key("Escape", "Escape", 27),
    "backspace": _Key("Backspace", "Backspace", 8),
    "delete": _Key("Delete", "Delete", 46),
    "insert": _Key("Insert", "Insert", 45),
    "tab": _Key("Tab", "Tab", 9),
    "space": _Key(" ", "Space", 32, " "),
    "up": _Key("ArrowUp", "ArrowUp", 38),
    "down": _Key("ArrowDown", "ArrowDown", 40),
    "left": _Key("ArrowLeft", "ArrowLeft", 37),
    "right": _Key("ArrowRight", "ArrowRight", 39),
    "home": _Key("Home", "Home", 36),
    "end": _Key("End", "End", 35),
    "pageup": _Key("PageUp", "PageUp", 33),
    "pagedown": _Key("PageDown", "PageDown", 34),
    "capslock": _Key("CapsLock", "CapsLock", 20),
    "numlock": _Key("NumLock", "NumLock", 144),
    "scrolllock": _Key("ScrollLock", "ScrollLock", 145),
    "printscreen": _Key("PrintScreen", "PrintScreen", 44),
    "pause": _Key("Pause", "Pause", 19),
    "menu": _Key("ContextMenu", "ContextMenu", 93),
    "back": _Key("BrowserBack", "BrowserBack", 166),
    "forward": _Key("BrowserForward", "BrowserForward", 167),
    "refresh": _Key("BrowserRefresh", "BrowserRefresh", 168),
    "volumeup": _Key("AudioVolumeUp", "AudioVolumeUp", 175),
    "volumedown": _Key("AudioVolumeDown", "AudioVolumeDown", 174),
    "mute": _Key("AudioVolumeMute", "AudioVolumeMute", 173),
    "playpause": _Key("MediaPlayPause", "MediaPlayPause", 179),
    **{f"f{number}": _Key(f"F{number}", f"F{number}", 111 + number) for number in range(1, 25)},
}
_PLACES: Final[Mapping[str, tuple[str, int]]] = {
    "`~": ("Backquote", 192),
    "-_": ("Minus", 189),
    "=+": ("Equal", 187),
    "[{": ("BracketLeft", 219),
    "]}": ("BracketRight", 221),
    "\\|": ("Backslash", 220),
    ";:": ("Semicolon", 186),
    "'\"": ("Quote", 222),
    ",<": ("Comma", 188),
    ".>": ("Period", 190),
    "/?": ("Slash", 191),
    **{
        f"{digit}{shifted}": (f"Digit{digit}", ord(digit))
        for digit, shifted in zip("1234567890", "!@#$%^&*()", strict=True)
    },
    **{
        f"{letter}{letter.upper()}": (f"Key{letter.upper()}", ord(letter.upper()))
        for letter in "abcdefghijklmnopqrstuvwxyz"
    },
}


def _characters() -> Iterator[tuple[str, _Key, bool]]:
    for pair, (code, number) in _PLACES.items():
        plain, shifted = pair[0], pair[1]
        yield plain, _Key(plain, code, number, plain), False
        yield shifted, _Key(shifted, code, number, shifted), True
    yield " ", _NAMED["space"], False


_CHARACTERS: Final = {character: (key, shift) for character, key, shift in _characters()}
_SHIFTED: Final = {pair[0]: pair[1] for pair in _PLACES}


def chord(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys in one spelling: what is held first. A Mac's command key is the control key here.

    Raises:
        LookupError: there is no such key.
    """
    spelled = list(dict.fromkeys("ctrl" if key == "cmd" else key for key in keys_of(keys)))
    held = [key for key in _BITS if key in spelled]
    others = [key for key in spelled if key not in _BITS]
    if any(key != "shift" for key in held):
        others = [key.lower() if len(key) == 1 else key for key in others]
    return (*(key for key in ("ctrl", "alt", "super", "shift") if key in held), *others)


def strokes(keys: Sequence[str]) -> list[Stroke]:
    """Return what happens when the keys of a chord are pressed together and released."""
    held = [key for key in keys if key in _BITS]
    others = [key for key in keys if key not in _BITS]
    bits, events = 0, []
    for name in held:
        bits |= _BITS[name]
        events.append(_event("rawKeyDown", _NAMED[name], bits))
    for name in others:
        key, own = _found(name, shift="shift" in held)
        events += _pressed(key, bits | own, types=not bits & ~_BITS["shift"])
    for name in reversed(held):
        bits &= ~_BITS[name]
        events.append(_event("keyUp", _NAMED[name], bits))
    return events


def typed(character: str) -> list[Stroke] | None:
    """Return the strokes that type a character; None if no key of the keyboard does."""
    found = _CHARACTERS.get(character)
    if found is None:
        return None
    key, shift = found
    return _pressed(key, _BITS["shift"] if shift else 0, types=True)


def _found(name: str, *, shift: bool) -> tuple[_Key, int]:
    """Return a key, and what must be held with it."""
    if name in _NAMED:
        return _NAMED[name], 0
    wanted = _SHIFTED.get(name, name) if shift else name
    key, shifted = _CHARACTERS.get(wanted, (_Key(name, "", 0, name), False))
    return key, _BITS["shift"] if shifted else 0


def _pressed(key: _Key, bits: int, *, types: bool) -> list[Stroke]:
    text = key.text if types else ""
    down = _event("keyDown" if text else "rawKeyDown", key, bits)
    if text:
        down |= {"text": text, "unmodifiedText": text}
    return [down, _event("keyUp", key, bits)]


def _event(kind: str, key: _Key, bits: int) -> Stroke:
    return {"type": kind, "key": key.key, "code": key.code, "windowsVirtualKeyCode": key.number, "modifiers": bits}
