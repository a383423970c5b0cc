"""Patterns of names as the shell writes them: `*`, `?` and `[a-c]`.

A pattern is cut at its stars, and each piece is taken where it fits first: no other choice could match more. So a match
takes at most the length of the name times that of the pattern, whatever an operator writes; regular expressions that
stand for such patterns can take far longer.
"""

from functools import cached_property
from typing import Final

import attrs

SIGNS: Final = frozenset("*?[")
"""What makes a text a pattern."""

_Sign = frozenset[str] | None
"""The characters that fit; None: any."""


@attrs.frozen(slots=False)
class Glob:
    """One pattern. It matches whole names; small and capital letters differ."""

    text: str

    @property
    def is_name(self) -> bool:
        """Whether it matches nothing but itself."""
        return not SIGNS & set(self.text)

    def matches(self, name: str) -> bool:
        """Tell whether it matches a name."""
        first, *rest = self._pieces
        if not rest:
            return len(name) == len(first) and _fits(first, name, 0)
        *middle, last = rest
        place, end = len(first), len(name) - len(last)
        if place > end or not _fits(first, name, 0) or not _fits(last, name, end):
            return False
        for piece in middle:
            starts = range(place, end - len(piece) + 1)
            found = next((start for start in starts if _fits(piece, name, start)), None)
            if found is None:
                return False
            place = found + len(piece)
        return True

    @cached_property
    def _pieces(self) -> tuple[tuple[_Sign, ...], ...]:
        """What stands between the stars."""
        pieces: list[list[_Sign]] = [[]]
        rest = self.text
        while rest:
            sign, rest = rest[0], rest[1:]
            inside, closed, behind = rest.partition("]")
            if sign == "*":
                pieces.append([])
            elif sign == "?":
                pieces[-1].append(None)
            elif sign == "[" and closed and inside:
                pieces[-1].append(_members(inside))
                rest = behind
            else:
                pieces[-1].append(frozenset(sign))
        return tuple(map(tuple, pieces))


def _fits(piece: tuple[_Sign, ...], name: str, start: int) -> bool:
    return all(sign is None or name[start + place] in sign for place, sign in enumerate(piece))


def _members(inside: str) -> frozenset[str]:
    """Return the characters of a class such as `a-cx`."""
    found: set[str] = set()
    while inside:
        if len(inside) > 2 and inside[1] == "-":  # noqa: PLR2004 - a range has three characters
            found.update(map(chr, range(ord(inside[0]), ord(inside[2]) + 1)))
            inside = inside[3:]
        else:
            found.add(inside[0])
            inside = inside[1:]
    return frozenset(found)
