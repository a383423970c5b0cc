"""Keys as Lybic's hotkeys take them: names of xdotool, which are those of X keysyms, joined by `+`."""

from collections.abc import Mapping
from typing import Final

from gui_agents.domain.keys import keys_of
from gui_agents.domain.sandbox import TransientSandboxError

_NAMES: Final[Mapping[str, str]] = {
    "ctrl": "ctrl",
    "alt": "alt",
    "shift": "shift",
    "super": "super",
    "cmd": "super",
    "enter": "Return",
    "escape": "Escape",
    "backspace": "BackSpace",
    "delete": "Delete",
    "insert": "Insert",
    "tab": "Tab",
    "space": "space",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
    "pageup": "Page_Up",
    "pagedown": "Page_Down",
    "capslock": "Caps_Lock",
    "numlock": "Num_Lock",
    "scrolllock": "Scroll_Lock",
    "printscreen": "Print",
    "pause": "Pause",
    "menu": "Menu",
    "back": "XF86Back",
    "forward": "XF86Forward",
    "refresh": "XF86Refresh",
    "volumeup": "XF86AudioRaiseVolume",
    "volumedown": "XF86AudioLowerVolume",
    "mute": "XF86AudioMute",
    "playpause": "XF86AudioPlay",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
_CHARACTERS: Final[Mapping[str, str]] = {
    "+": "plus",
    "-": "minus",
    "=": "equal",
    ",": "comma",
    ".": "period",
    "/": "slash",
    "\\": "backslash",
    ";": "semicolon",
    ":": "colon",
    "'": "apostrophe",
    '"': "quotedbl",
    "`": "grave",
    "*": "asterisk",
    "!": "exclam",
    "@": "at",
    "#": "numbersign",
    "$": "dollar",
    "%": "percent",
    "^": "asciicircum",
    "&": "ampersand",
    "(": "parenleft",
    ")": "parenright",
    "[": "bracketleft",
    "]": "bracketright",
    "{": "braceleft",
    "}": "braceright",
    "_": "underscore",
    "<": "less",
    ">": "greater",
    "?": "question",
    "|": "bar",
    "~": "asciitilde",
}


def plain_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return keys in our one spelling.

    Raises:
        TransientSandboxError: there is no such key.
    """
    try:
        return keys_of(keys)
    except LookupError as error:
        raise TransientSandboxError(str(error)) from None


def hotkey(keys: tuple[str, ...]) -> str:
    """Return keys that are held together, as Lybic takes them.

    Raises:
        TransientSandboxError: there is no such key.
    """
    return "+".join(_name(key) for key in plain_keys(keys))


def _name(key: str) -> str:
    if key in _NAMES:
        return _NAMES[key]
    if key in _CHARACTERS:
        return _CHARACTERS[key]
    return key if key.isascii() else f"U{ord(key):04X}"
