"""Quoted texts: taken out before an instruction is cut into clauses, and put back where they are meant.

Each quoted text is replaced by one character of Unicode's private use area, so that what it contains (`and`, `;`,
full stops) never looks like a part of the instruction.
"""

from collections.abc import Mapping
from typing import Final

import attrs

_CLOSING: Final[Mapping[str, str]] = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "‘": "’", "«": "»", "‹": "›"}
_FIRST: Final = 0xE000
MAX_QUOTES: Final = 1000
_LAST: Final = _FIRST + MAX_QUOTES - 1
STAND_IN: Final = f"[{chr(_FIRST)}-{chr(_LAST)}]"
"""A pattern of one quoted text."""


@attrs.frozen
class Quoted:
    """An instruction whose quoted texts were taken out."""

    text: str
    """The instruction, with a stand-in for each quoted text."""
    quotes: tuple[str, ...]

    def restore(self, text: str) -> str:
        """Return a part of `text` as it is meant: a quoted text alone, without its quotes."""
        stripped = text.strip()
        if len(stripped) == 1 and is_stand_in(stripped):
            return self.quotes[ord(stripped) - _FIRST]
        return "".join(self._shown(character) for character in stripped)

    def display(self, text: str) -> str:
        """Return a part of `text` as it was written."""
        return "".join(f'"{self._shown(character)}"' if is_stand_in(character) else character for character in text)

    def _shown(self, character: str) -> str:
        return self.quotes[ord(character) - _FIRST] if is_stand_in(character) else character


def is_stand_in(character: str) -> bool:
    """Tell whether a character stands for a quoted text."""
    return _FIRST <= ord(character) <= _LAST


def has_quotes(text: str) -> bool:
    """Tell whether any character stands for a quoted text."""
    return any(is_stand_in(character) for character in text)


def take_out(instruction: str) -> Quoted:
    """Replace each quoted text by its stand-in; a quote that is not closed is an ordinary character."""
    parts: list[str] = []
    quotes: list[str] = []
    unclosed: set[str] = set()
    position = 0
    while position < len(instruction):
        character = instruction[position]
        end = -1
        may_open = character in _CLOSING and character not in unclosed and len(quotes) < MAX_QUOTES
        if may_open and _is_no_apostrophe(instruction, position):
            end = _closing(instruction, position)
            if end < 0:
                unclosed.add(character)
        if end < 0:
            parts.append(" " if is_stand_in(character) else character)
            position += 1
        else:
            parts.append(chr(_FIRST + len(quotes)))
            quotes.append(instruction[position + 1 : end])
            position = end + 1
    return Quoted("".join(parts), tuple(quotes))


def _is_no_apostrophe(text: str, position: int) -> bool:
    """Tell an opening quote from an apostrophe."""
    return text[position] != "'" or position == 0 or not text[position - 1].isalnum()


def _closing(text: str, position: int) -> int:
    closing = _CLOSING[text[position]]
    for end in range(position + 1, len(text)):
        inside_word = text[end] in "'’" and text[end + 1 : end + 2].isalnum()
        if text[end] in closing and not inside_word:
            return end
    return -1
