"""Which variable a name is a misspelling of."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

ALIKE: Final = 0.82
"""How alike two names are, from 0 to 1, if one is a misspelling of the other."""
WORDS_ALIKE: Final = 0.6
"""The same of each word, because names share words: OPENAI_API_TYPE is no OPENAI_API_KEY."""
FIRST_ALIKE: Final = 0.75
"""The same of the first word, which says whose variable it is: XAI_API_KEY is no EXA_API_KEY."""
JOINED_ALIKE: Final = 0.92
"""How alike names of different numbers of words are, such as LOGLEVEL and LOG_LEVEL."""


def likely(name: str, known: Iterable[str]) -> str | None:
    """Return the name among `known` that `name` is a misspelling of, in any case of its letters."""
    rated = [(_alike(name.upper(), variable.upper()), variable) for variable in known]
    # Of two names that differ in case alone, it is the one with the case of `name`.
    best = max(rated, key=lambda each: (each[0], each[1].isupper() == name.isupper()), default=(0.0, ""))
    return best[1] if best[0] >= ALIKE else None


def _alike(name: str, variable: str) -> float:
    """Return how alike two names are: 0 unless one can be a misspelling of the other."""
    whole = _ratio(name, variable)
    words, others = name.split("_"), variable.split("_")
    if len(words) != len(others):
        return whole if whole >= JOINED_ALIKE else 0.0
    ratios = [_ratio(word, other) for word, other in zip(words, others, strict=True)]
    return whole if ratios[0] >= FIRST_ALIKE and min(ratios) >= WORDS_ALIKE else 0.0


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
