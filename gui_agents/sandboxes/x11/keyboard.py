"""What to press on a keyboard so that a text appears, or a chord of keys is held.

A character that the layout has is typed by its key, with or without shift. For any other character, a key that has no
meaning gets it as its meaning for a while.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from gui_agents.domain.sandbox import TransientSandboxError

UNICODE: Final = 0x01000000
"""Added to a character's code, it is the keysym of a character beyond Latin-1."""

NAMED: Final[Mapping[str, int]] = {
    **{"ctrl": 0xFFE3, "alt": 0xFFE9, "shift": 0xFFE1, "super": 0xFFEB, "cmd": 0xFFEB},
    **{"enter": 0xFF0D, "escape": 0xFF1B, "backspace": 0xFF08, "delete": 0xFFFF, "insert": 0xFF63, "tab": 0xFF09},
    **{"space": 0x20, "up": 0xFF52, "down": 0xFF54, "left": 0xFF51, "right": 0xFF53, "home": 0xFF50, "end": 0xFF57},
    **{"pageup": 0xFF55, "pagedown": 0xFF56, "capslock": 0xFFE5, "numlock": 0xFF7F, "scrolllock": 0xFF14},
    **{"printscreen": 0xFF61, "pause": 0xFF13, "menu": 0xFF67},
    **{"back": 0x1008FF26, "forward": 0x1008FF27, "refresh": 0x1008FF29, "playpause": 0x1008FF14},
    **{"volumeup": 0x1008FF13, "volumedown": 0x1008FF11, "mute": 0x1008FF12},
    **{f"f{number}": 0xFFBD + number for number in range(1, 25)},
}
"""The keysym of each key of `gui_agents.domain.keys`."""

_CONTROL: Final[Mapping[str, int]] = {"\n": NAMED["enter"], "\t": NAMED["tab"], "\b": NAMED["backspace"]}
_PRINTABLE_LATIN: Final = (range(0x20, 0x7F), range(0xA0, 0x100))
_UNICODE_FROM: Final = 0x100
BATCH: Final = 200
"""Strokes that are sent at once."""


@attrs.frozen
class Stroke:
    """One key of the keyboard, with or without shift."""

    keycode: int
    shift: bool = False


@attrs.define
class Batch:
    """Strokes that can be sent in a row, after some keys got new meanings."""

    meanings: dict[int, int] = attrs.Factory(dict)
    """New keysyms by keycode."""
    strokes: list[Stroke] = attrs.Factory(list)

    def keycodes(self) -> set[int]:
        """Return the keys that it uses."""
        return {stroke.keycode for stroke in self.strokes}


class Layout:
    """The keys of a keyboard and their meanings, those included that were lent to keys without one."""

    def __init__(self, keysyms: Mapping[int, Sequence[int]]) -> None:
        """`keysyms` has the meanings of each keycode: without shift, with shift, and further ones."""
        self._strokes: dict[int, Stroke] = {}
        for keycode, meanings in keysyms.items():
            for level, keysym in enumerate(meanings[:2]):
                if keysym:
                    self._strokes.setdefault(keysym, Stroke(keycode, shift=level == 1))
        self._spare = {keycode: 0 for keycode, meanings in keysyms.items() if not any(meanings)}
        """What is lent to each key without a meaning of its own; the one lent longest ago comes first."""

    def batches(self, keysyms: Sequence[int], size: int = BATCH) -> Iterator[Batch]:
        """Yield the strokes of these keysyms.

        Within a batch no key changes its meaning, so an app must have read all of one before the next one is sent.
        """
        batch = Batch()
        for keysym in keysyms:
            stroke = self._strokes.get(keysym)
            if len(batch.strokes) == size or (stroke is None and self._oldest() in batch.keycodes()):
                yield batch
                batch = Batch()
            batch.strokes.append(stroke or self._lend(keysym, batch))
        yield batch

    def _oldest(self) -> int:
        return next(iter(self._spare))

    def _lend(self, keysym: int, batch: Batch) -> Stroke:
        keycode = self._oldest()
        self._strokes.pop(self._spare.pop(keycode), None)
        self._spare[keycode] = keysym
        batch.meanings[keycode] = keysym
        stroke = self._strokes[keysym] = Stroke(keycode)
        return stroke


def keysym_of(key: str) -> int:
    """Return the keysym of a key of a chord.

    Raises:
        TransientSandboxError: it cannot be pressed.
    """
    return NAMED[key] if key in NAMED else _keysym(key)


def keysyms_of(text: str) -> list[int]:
    """Return the keysym of each character; a line's end is the Enter key, whichever way it is written.

    Raises:
        TransientSandboxError: a character cannot be typed.
    """
    return [_keysym(character) for character in text.replace("\r\n", "\n").replace("\r", "\n")]


def _keysym(character: str) -> int:
    code = ord(character)
    control = _CONTROL.get(character)
    if control is not None:
        return control
    if any(code in printable for printable in _PRINTABLE_LATIN):
        return code
    if code < _UNICODE_FROM or 0xD800 <= code < 0xE000:
        raise TransientSandboxError(
            f"the character U+{code:04X} cannot be typed; leave it out, or press a key with the action key"
        )
    return UNICODE + code
