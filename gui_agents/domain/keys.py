"""The keys of keyboards, by one spelling each, and how computer-use models write them.

Models write keys as the tools do that they learned from: xdotool and X keysyms (`Control_L`, `KP_Enter`, `Page_Up`),
pyautogui (`ctrlleft`, `pgdn`), browsers (`ControlLeft`, `ArrowUp`, `KeyA`), pynput (`Key.enter`), and chords in one
string (`ctrl+c`). What a keyboard of a sandbox has no use for, it may ignore.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "cmd")

_ALIASES: Final[Mapping[str, str]] = {
    "ctrl": "control ctl primary",
    "alt": "option opt altgr isolevel3shift",
    "shift": "⇧",
    "super": "meta win windows winkey windowskey os",
    "cmd": "command ⌘",
    "enter": "return ret linefeed newline carriagereturn ⏎ ↵",
    "escape": "esc",
    "backspace": "bksp backspc ⌫",
    "delete": "del forwarddelete suppr",
    "insert": "ins",
    "tab": "tabulator ⇥",
    "space": "spacebar",
    "up": "arrowup uparrow ↑",
    "down": "arrowdown downarrow ↓",
    "left": "arrowleft leftarrow ←",
    "right": "arrowright rightarrow →",
    "home": "pos1",
    "end": "",
    "pageup": "pgup prior",
    "pagedown": "pgdn pgdown next",
    "capslock": "caps",
    "numlock": "",
    "scrolllock": "scrlk",
    "printscreen": "print prtsc prtscn prtscr prntscrn printscrn snapshot sysrq",
    "pause": "break",
    "menu": "apps app contextmenu application",
    "back": "browserback goback",
    "forward": "browserforward",
    "refresh": "browserrefresh reload",
    "volumeup": "audiovolumeup audioraisevolume",
    "volumedown": "audiovolumedown audiolowervolume",
    "mute": "volumemute audiovolumemute audiomute",
    "playpause": "mediaplaypause audioplay audiopause",
}
_CHARACTERS: Final[Mapping[str, str]] = {
    "+": "plus add",
    "-": "minus hyphen dash subtract",
    "=": "equal equals",
    ",": "comma separator",
    ".": "period dot fullstop decimal",
    "/": "slash divide forwardslash",
    "\\": "backslash",
    ";": "semicolon",
    ":": "colon",
    "'": "apostrophe quote quoteright singlequote",
    '"': "quotedbl doublequote",
    "`": "grave backtick quoteleft backquote",
    "*": "asterisk star multiply",
    "!": "exclam exclamation",
    "@": "at",
    "#": "numbersign hash",
    "$": "dollar",
    "%": "percent",
    "^": "asciicircum caret circumflex",
    "&": "ampersand",
    "(": "parenleft leftparen",
    ")": "parenright rightparen",
    "[": "bracketleft leftbracket openbracket",
    "]": "bracketright rightbracket closebracket",
    "{": "braceleft leftbrace openbrace",
    "}": "braceright rightbrace closebrace",
    "_": "underscore",
    "<": "less lessthan",
    ">": "greater greaterthan",
    "?": "question questionmark",
    "|": "bar pipe",
    "~": "asciitilde tilde",
}
_WHITE: Final = {" ": "space", "\t": "tab", "\n": "enter", "\r": "enter"}
_FUNCTION_KEYS: Final = tuple(f"f{number}" for number in range(1, 25))

NAMED: Final = frozenset([*_ALIASES, *_FUNCTION_KEYS])
"""Every key that is no character, by its one spelling."""


def _names() -> Iterator[tuple[str, str]]:
    """Yield each name in small letters, without spaces and lines between its words, and the key that it means."""
    for key, aliases in [*_ALIASES.items(), *_CHARACTERS.items()]:
        for name in [*aliases.split(), *([key] if key in NAMED else [])]:
            yield name, key
            if key in MODIFIERS:
                yield from ((f"{name}{side}", key) for side in ("l", "r", "left", "right"))
                yield from ((f"{side}{name}", key) for side in ("left", "right"))
    yield from ((key, key) for key in _FUNCTION_KEYS)
    for digit in "0123456789":
        yield from ((f"{prefix}{digit}", digit) for prefix in ("digit", "num"))


_KEYS: Final[Mapping[str, str]] = dict(_names())
_PREFIX: Final = re.compile(r"(?:key[._]|vk_|xk_|xf86|kp_?|numpad_?|gdk_)(?=.)")
_BETWEEN: Final = re.compile(r"[\s_-]")
_LETTER: Final = re.compile(r"key([a-z])")
_BRACKETS: Final = (("<", ">"), ("{", "}"), ("[", "]"))
_VIRTUAL: Final[Mapping[str, str]] = {"vk_back": "backspace", "vk_menu": "alt", "vk_capital": "capslock"}
"""Names of Windows that mean something else without their prefix, or nothing."""
_TAB_BACK: Final = frozenset({"isolefttab", "backtab"})


def keys_of(written: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that a model means, in one spelling each; a chord in one string becomes its keys.

    Raises:
        LookupError: there is no such key; the text says which, and what is likely to be meant.
    """
    keys: list[str] = []
    for text in written:
        keys.extend(_chord(text))
    return tuple(keys)


def _chord(text: str) -> list[str]:
    whole = _key(text)
    if whole is not None:
        return whole
    for separator in ("+", "-", None):
        names = _split(text, separator)
        keys = [_key(name) for name in names]
        # A line or a space also stands inside of names, so it parts keys only if the first one is to be held.
        held = keys[0] is not None and keys[0][0] in MODIFIERS if keys else False
        if len(names) > 1 and (separator == "+" or held):
            wrong = next((name for name, key in zip(names, keys, strict=True) if key is None), None)
            if wrong is not None:
                raise LookupError(_unknown(wrong))
            return [each for key in keys if key is not None for each in key]
    raise LookupError(_unknown(text))


def _split(text: str, separator: str | None) -> list[str]:
    """Split a chord; its last key may be the separator itself, as in `ctrl++`."""
    if separator is not None and text.endswith(separator * 2):
        return [*filter(None, text[:-2].split(separator)), separator]
    return [name for name in text.split(separator) if name]


def _key(name: str) -> list[str] | None:
    """Return the key of a name, two of them for a name that means a chord, or None if there is none."""
    if len(name) == 1:
        key = _WHITE.get(name) or _KEYS.get(name, name)
        return [key] if key in NAMED or _is_character(key) else None
    small = name.strip().lower()
    if small in _VIRTUAL:
        return [_VIRTUAL[small]]
    for begin, end in _BRACKETS:
        small = small.removeprefix(begin).removesuffix(end)
    for spelled in (small, _PREFIX.sub("", small, count=1) if _PREFIX.match(small) else small):
        plain = _BETWEEN.sub("", spelled)
        if plain in _TAB_BACK:
            return ["shift", "tab"]
        letter = _LETTER.fullmatch(plain)
        found = letter[1] if letter else plain if _is_character(plain) else _KEYS.get(plain)
        if found is not None:
            return [found]
    return None


def _is_character(text: str) -> bool:
    return len(text) == 1 and text.isprintable()


def _unknown(name: str) -> str:
    plain = _BETWEEN.sub("", name.lower())
    close = get_close_matches(plain[:40], _KEYS, n=1, cutoff=0.6)
    if close:
        return f"there is no key {name!r:.60}; {_KEYS[close[0]]!r} may be meant"
    return f"there is no key {name!r:.60}; a key is one character, or one of: {', '.join(_ALIASES)}, f1 to f24"
