"""Instruction -> clauses: cut at full stops, commas and joining words, without what is only polite."""

import re
from typing import Final

import attrs

from gui_agents.simulated.decider import arithmetic, quotes

MAX_CLAUSES: Final = 100

_BULLET: Final = re.compile(r"^[ \t]*(?:\d{1,3}[.)]|[-*•])[ \t]+(?=[^\W\d])", re.MULTILINE)
_JOINT: Final = re.compile(
    r"(?:[,;] ?(?:and |then |and then |and finally |finally |after that |afterwards |next )"
    r"| (?:and then|then|and finally|and also|after that|and) "
    r"|, |; ?|(?<=\S)[.!?](?: |$)|\n)",
    re.IGNORECASE,
)
_POLITE_BEFORE: Final = re.compile(
    r"(?:please|kindly|now|then|next|first|firstly|second|secondly|finally|lastly|also|and|so|ok|okay|hi|hello|hey"
    r"|afterwards|after that|could you|can you|would you|will you|i want you to|i would like you to|i'd like you to"
    r"|i want to|i would like to|i need you to|you should|let's|let us|go ahead and|just|to)(?:,? |$)",
    re.IGNORECASE,
)
_POLITE_BEHIND: Final = re.compile(
    r",? (?:please|for me|now|thanks|thank you|afterwards|too|as well|right away)$", re.IGNORECASE
)
_COLON: Final = re.compile(r"(?!(?:name|e-?mail|message|size)\b)((?:[a-z]+ ){0,5}[a-z]+): (?=\S)", re.IGNORECASE)
_REMARK: Final = re.compile(r" \([^()]*[a-z]{2}[^()]*\)$", re.IGNORECASE)


@attrs.frozen
class Piece:
    """One candidate for a clause."""

    text: str
    """Without polite words; quoted texts are stand-ins."""
    joint: str
    """What stood between it and the piece before; empty for the first one."""
    raw: str
    """As it was written."""


def split(text: str) -> list[Piece]:
    """Cut an instruction, whose quotes were taken out, into pieces in order."""
    lines = (" ".join(line.split()) for line in _BULLET.sub("", text).splitlines())
    plain = arithmetic.without_pairs("\n".join(line for line in lines if line))
    pieces: list[Piece] = []
    start, joint = 0, ""
    for match in _JOINT.finditer(plain):
        _append(pieces, plain[start : match.start()], joint)
        start, joint = match.end(), match[0]
    _append(pieces, plain[start:], joint)
    return pieces


def _append(pieces: list[Piece], raw: str, joint: str) -> None:
    text = polished(raw)
    if text:
        pieces.append(Piece(text, joint, raw.strip()))


def polished(raw: str) -> str:
    """Return the clause without polite words, remarks and closing marks."""
    text = _stripped(raw)
    while (match := _POLITE_BEFORE.match(text)) is not None:
        text = text[match.end() :]
    while (match := _POLITE_BEHIND.search(text[-20:])) is not None:
        text = _stripped(text[: len(text) - len(match[0])])
    if text.endswith(")") and not quotes.has_quotes(text):
        text = _REMARK.sub("", text[-200:]) if len(text) <= 200 else text  # noqa: PLR2004 - a remark is short
    return _COLON.sub(r"\1 ", text, count=1) if _COLON.match(text) else text


def _stripped(text: str) -> str:
    text = text.strip()
    while len(text) > 1 and text[-1] in ".!?,;:" and text[-2] != " ":
        text = text[:-1].rstrip()
    return text
