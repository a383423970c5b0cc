"""Quoted texts: taken out before an instruction is cut into clauses, and put back where they are meant.

Each quoted text is replaced by one character of Unicode's private use area, so that what it contains (`and`, `;`,
full stops) never looks like a part of the instruction.
"""

import re
from typing import Final

import attrs

MAX_QUOTES: Final = 1000
_FIRST: Final = 0xE000
STAND_IN: Final = f"[{chr(_FIRST)}-{chr(_FIRST + MAX_QUOTES - 1)}]"
"""A pattern of one quoted text."""
_STAND_IN: Final = re.compile(STAND_IN)
_OPENING: Final = re.compile(r"(?<![^\W_])'|[\"`“„‘«‹]")
"""Behind a letter or a digit `'` is an apostrophe; before one it does not close a quote."""
_CLOSING: Final = {
    opening: re.compile(closing)
    for opening, closing in zip(
        "\"'`“„‘«‹", ('"', r"'(?![^\W_])", "`", "”", "[“”]", r"’(?![^\W_])", "»", "›"), strict=True
    )
}


@attrs.frozen
class Quoted:
    """An instruction whose quoted texts were taken out."""

    text: str
    """The instruction, with a stand-in for each quoted text."""
    quotes: tuple[str, ...]

    def restore(self, text: str) -> str:
        """Return a part of `text` as it is meant: a quoted text alone, without its quotes."""
        return _STAND_IN.sub(lambda match: self._quote(match[0]), text.strip())

    def display(self, text: str) -> str:
        """Return a part of `text` as it was written."""
        return _STAND_IN.sub(lambda match: f'"{self._quote(match[0])}"', text)

    def _quote(self, stand_in: str) -> str:
        return self.quotes[ord(stand_in) - _FIRST]


def has_quotes(text: str) -> bool:
    """Tell whether any character stands for a quoted text."""
    return _STAND_IN.search(text) is not None


def take_out(instruction: str) -> Quoted:
    """Replace each quoted text by its stand-in; a quote that is not closed is an ordinary character."""
    parts: list[str] = []
    quotes: list[str] = []
    unclosed, behind = set(), 0
    # Each character is looked at a bounded number of times: `behind` only grows, and a kind of quotation mark that
    # was not closed once is not looked for again.
    while len(quotes) < MAX_QUOTES and (opening := _OPENING.search(instruction, behind)) is not None:
        mark, start = opening[0], opening.end()
        closing = None if mark in unclosed else _CLOSING[mark].search(instruction, start)
        parts.append(_STAND_IN.sub(" ", instruction[behind : start if closing is None else opening.start()]))
        behind = start if closing is None else closing.end()
        if closing is None:
            unclosed.add(mark)
        else:
            parts.append(chr(_FIRST + len(quotes)))
            quotes.append(instruction[start : closing.start()])
    return Quoted("".join(parts) + _STAND_IN.sub(" ", instruction[behind:]), tuple(quotes))
