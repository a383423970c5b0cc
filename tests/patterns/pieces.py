"""Inputs that a pattern may choke on, built from its own pieces.

A backtracking matcher is slow where a text can be cut in many ways. So each part of the pattern gives strings that it
matches, one or two of them are repeated many times behind what leads to the part, and something that does not fit ends
the whole. What the parts have in common matters most: characters are taken from one small alphabet, which holds every
literal of the pattern.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from re import _constants as op  # type: ignore[attr-defined]  # the parser of `re` has no public name
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

import attrs

Node = tuple[Any, Any]

_COMMON: Final = "a1 .,-_:\"'\n\tZé("
_ENDINGS: Final = ("", "\x00", "\n ")
_MAX_SAMPLES: Final = 6
_MAX_CHARACTERS: Final = 4
_MAX_BEGINS: Final = 12
_MAX_PIECES: Final = 40
_REPEATS: Final = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_ASSERTIONS: Final = (op.ASSERT, op.ASSERT_NOT)
_CATEGORIES: Final = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


@attrs.frozen
class Attack:
    """A text that grows: `begin`, then `pump` again and again, then `end`."""

    begin: str
    pump: str
    end: str

    def text(self, length: int) -> str:
        """Return the text of about so many characters."""
        return self.begin + self.pump * max(1, length // len(self.pump)) + self.end


def attacks(pattern: str, flags: int) -> Iterator[Attack]:
    """Yield what the pattern is tried with."""
    found = _Pieces(pattern, flags)
    begins = dict.fromkeys(["", *found.begins])
    for begin, pump, end in product(islice(begins, _MAX_BEGINS), found.pumps(), _ENDINGS):
        if pump:
            yield Attack(begin, pump, end)


class _Pieces:
    """What the parts of one pattern match."""

    def __init__(self, pattern: str, flags: int) -> None:
        tree = _parser.parse(pattern, flags)
        literals = dict.fromkeys(_literals(tree))
        self._alphabet = [*islice(literals, 30), *(sign for sign in _COMMON if sign not in literals)]
        self.begins: list[str] = []
        """What leads to each repetition."""
        self._bodies: list[str] = []
        """What each repetition repeats."""
        self._parts: list[str] = []
        """What each part of a sequence matches."""
        whole = self._sequence(list(tree), "")
        self._parts.extend(text[:cut] for text in whole[:2] for cut in (len(text), len(text) - 1))

    def pumps(self) -> list[str]:
        """Return what is repeated: bodies and parts, alone and in pairs."""
        bodies, parts = list(dict.fromkeys(self._bodies)), list(dict.fromkeys(self._parts))
        single = [*bodies[:_MAX_PIECES], *parts[:_MAX_PIECES], *self._alphabet[:_MAX_CHARACTERS]]
        several = [first + second for first, second in product(bodies[:8], [*bodies[:4], *parts[:4]])]
        return [text for text in dict.fromkeys([*single, *several]) if text]

    def _sequence(self, nodes: Sequence[Node], begin: str) -> list[str]:
        """Return a few texts that a sequence matches; `begin` is what stands before it."""
        texts, run = [""], ""
        for node in nodes:
            samples = self._samples(node, begin + texts[0])
            self._parts.extend(sample for sample in samples if sample)
            run = run + samples[0] if node[0] is op.LITERAL else ""
            if len(run) > 1:
                self._parts.append(run)
            texts = list(islice((text + sample for sample in samples for text in texts), _MAX_SAMPLES))
            self._parts.append(texts[0])
        return texts

    def _samples(self, node: Node, begin: str) -> list[str]:
        kind, value = node
        if kind in _REPEATS:
            least, _, body = value
            samples = self._sequence(list(body), begin)
            self._bodies.extend(sample for sample in samples if sample)
            self.begins.append(begin)
            return [sample * max(1, least) for sample in samples] + ([""] if least == 0 else [])
        if kind is op.SUBPATTERN:
            return self._sequence(list(value[-1]), begin)
        if kind is op.ATOMIC_GROUP:
            return self._sequence(list(value), begin)
        if kind is op.BRANCH:
            branches = [self._sequence(list(branch), begin) for branch in value[1]]
            return [texts[0] for texts in branches][: 2 * _MAX_SAMPLES]
        if kind in _ASSERTIONS:
            self._sequence(list(value[1]), begin)
            return [""]
        return self._characters(node)

    def _characters(self, node: Node) -> list[str]:
        fitting = [sign for sign in self._alphabet if _takes(node, sign)]
        if node[0] is op.LITERAL:
            return [chr(node[1])]
        if node[0] in (op.IN, op.NOT_LITERAL, op.ANY):
            return fitting[:_MAX_CHARACTERS] or [_first(node)]
        return [""]


def _takes(node: Node, sign: str) -> bool:
    """Tell whether one character fits a part of a pattern that takes one character."""
    kind, value = node
    if kind is op.ANY:
        return sign != "\n"
    if kind in (op.LITERAL, op.NOT_LITERAL):
        return (ord(sign) == value) is (kind is op.LITERAL)
    if kind is op.RANGE:
        return bool(value[0] <= ord(sign) <= value[1])
    if kind is op.CATEGORY:
        return re.match(_CATEGORIES[value], sign) is not None
    if kind is op.IN:
        negated = value[0][0] is op.NEGATE
        return any(_takes(item, sign) for item in value[negated:]) is not negated
    return False


def _first(node: Node) -> str:
    return next((chr(code) for code in range(0x11000) if _takes(node, chr(code))), "a")


def _literals(tree: Iterable[Node]) -> Iterator[str]:
    """Yield the literals of a pattern, and the ends of its ranges."""
    for kind, value in tree:
        if kind in (op.LITERAL, op.NOT_LITERAL):
            yield chr(value)
        elif kind is op.RANGE:
            yield chr(value[0])
        elif kind is op.IN:
            yield from _literals(value)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from _literals(branch)
        elif kind is op.ATOMIC_GROUP:
            yield from _literals(value)
        elif kind in (*_REPEATS, op.SUBPATTERN, *_ASSERTIONS):
            yield from _literals(value[-1])
