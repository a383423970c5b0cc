"""Where the parts of a query stand in its text, which its syntax tree does not know.

The tokens of a query and a walk over its tree from left to right have the same order. `Places` goes through the tokens
in step with such a walk, so that the second `>` of the tree is the second one of the text. What could be taken for
another part (strings, comments, matchers, ranges, lists of labels, offsets) is one token each.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, unique
from typing import Final

import attrs

_STRING: Final = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)"""


@unique
class Kind(Enum):
    """What a token is; its value is how it is written, and the first that fits is it."""

    BLANK = r"\s+|\#[^\n]*"
    STRING = _STRING
    MATCHERS = rf"\{{(?:{_STRING}|\#[^\n]*|[^}}\"'`#])*\}}"
    RANGE = r"\[[^\]]*\]"
    LABELS = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"
    SHIFT = r"(?:\boffset\b|@)\s*-?\s*\w[\w.]*"
    NUMBER = r"\.?\d[\w.]*(?:(?<=e)[+-]\d+)?|\b(?:inf|nan)\b"
    NAME = r"[a-z_:][\w:]*"
    OPERATOR = r"[=!<>]=|=~|!~|."


_TOKEN: Final = re.compile("|".join(f"(?P<{kind.name}>{kind.value})" for kind in Kind), re.IGNORECASE | re.DOTALL)
_UNITLESS: Final = re.compile(r"[\[:]\s*\d+\s*[:\]]|offset\s*-?\s*\d+$", re.IGNORECASE)
_LABEL: Final = re.compile(rf"{_STRING}|\#[^\n]*|(?P<label>\w+)")


@attrs.frozen
class Token:
    """One part of a query's text."""

    kind: Kind
    text: str
    offset: int

    def offset_of(self, label: str) -> int:
        """Return where `label` stands in these matchers or this list of labels; where they begin if it does not."""
        found = (match for match in _LABEL.finditer(self.text) if match["label"] == label)
        return self.offset + next((match.start() for match in found), 0)

    @property
    def lacks_unit(self) -> bool:
        """Whether it is a range or an offset with a bare number, which older Prometheus refuse."""
        return self.kind in {Kind.RANGE, Kind.SHIFT} and _UNITLESS.search(self.text) is not None


def tokens(text: str) -> Iterator[Token]:
    """Yield the parts of a query in their order, without blanks and comments."""
    for match in _TOKEN.finditer(text):
        kind = Kind[str(match.lastgroup)]
        if kind is not Kind.BLANK:
            yield Token(kind, match[0], match.start())


@attrs.define
class Places:
    """The tokens of a query, and how far they were gone through."""

    tokens: Sequence[Token] = ()
    passed: int = 0

    def find(self, text: str) -> int:
        """Go behind the next token that is `text`, in any case, and return where it begins; stay if there is none."""
        token = self._go(lambda token: token.text.lower() == text.lower())
        return token.offset if token else 0

    def next(self, kind: Kind) -> Token | None:
        """Go behind the next token of this kind and return it; stay if there is none."""
        return self._go(lambda token: token.kind is kind)

    def following(self, kind: Kind) -> Token | None:
        """Go behind the very next token and return it, if it is of this kind."""
        token = self.tokens[self.passed] if self.passed < len(self.tokens) else None
        return self.next(kind) if token and token.kind is kind else None

    def _go(self, wanted: Callable[[Token], bool]) -> Token | None:
        for at in range(self.passed, len(self.tokens)):
            if wanted(self.tokens[at]):
                self.passed = at + 1
                return self.tokens[at]
        return None
