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

_KEYSYMS: Final = """
ctrl ffe3, alt ffe9, shift ffe1, super ffeb, cmd ffeb, enter ff0d, escape ff1b, backspace ff08, delete ffff,
insert ff63, tab ff09, space 20, up ff52, down ff54, left ff51, right ff53, home ff50, end ff57, pageup ff55,
pagedown ff56, capslock ffe5, numlock ff7f, scrolllock ff14, printscreen ff61, pause ff13, menu ff67,
back 1008ff26, forward 1008ff27, refresh 1008ff29, playpause 1008ff14, volumeup 1008ff13, volumedown 1008ff11,
mute 1008ff12
"""
NAMED: Final[Mapping[str, int]] = {
    **{key: int(keysym, 16) for key, keysym in (pair.split() for pair in _KEYSYMS.split(","))},
    **{f"f{number}": 0xFFBD + number for number in range(1, 25)},
}
"""The keysym of each key of `gui_agents.domain.keys`."""

_CONTROL: Final[Mapping[str, int]] = {"\n": NAMED["enter"], "\t": NAMED["tab"], "\b": NAMED["backspace"]}
_PRINTABLE_LATIN: Final = (range(0x20, 0x7F), range(0xA0, 0x100))
_UNICODE_FROM: Final = 0x100
_SURROGATES: Final = range(0xD800, 0xE000)
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
    if code < _UNICODE_FROM or code in _SURROGATES:
        raise TransientSandboxError(
            f"the character U+{code:04X} cannot be typed; leave it out, or press a key with the action key"
        )
    return UNICODE + code
