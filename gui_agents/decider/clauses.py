"""Instruction -> clauses: cut at full stops, commas and joining words, without what is only polite."""

import re
from typing import Final

import attrs

from gui_agents.decider import arithmetic, quotes

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
_WORD: Final = re.compile(r"[a-z]{2}", re.IGNORECASE)
_LONGEST_REMARK: Final = 200


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
    joints = list(_JOINT.finditer(plain))
    starts = [0, *(joint.end() for joint in joints)]
    ends = [*(joint.start() for joint in joints), len(plain)]
    raws = [plain[start:end] for start, end in zip(starts, ends, strict=True)]
    pieces = zip(raws, ["", *(joint[0] for joint in joints)], strict=True)
    return [Piece(text, joint, raw.strip()) for raw, joint in pieces if (text := polished(raw))]


def polished(raw: str) -> str:
    """Return the clause without polite words, remarks and closing marks."""
    text, start = _stripped(raw), 0
    while (match := _POLITE_BEFORE.match(text, start)) is not None:
        start = match.end()
    text = text[start:]
    while (match := _POLITE_BEHIND.search(text, max(len(text) - 20, 0))) is not None:
        text = _stripped(text[: match.start()])
    return _without_remark(text)


def _without_remark(text: str) -> str:
    """Return the clause without a remark in parentheses at its end: `open Files (the app)`."""
    if not text.endswith(")") or len(text) > _LONGEST_REMARK or quotes.has_quotes(text):
        return text
    before, opening, remark = text[:-1].rpartition(" (")
    is_remark = opening and "(" not in remark and ")" not in remark and _WORD.search(remark)
    return before if is_remark else text


def _stripped(text: str) -> str:
    """Return the text without closing marks; one behind a space is no closing mark: `press .`."""
    text = text.strip()
    bare = text.rstrip(".!?,;: ")
    rest = text[len(bare) :]
    return bare if bare and not rest.startswith(" ") else text[: len(bare) + len(rest) - len(rest.lstrip()) + 1]
