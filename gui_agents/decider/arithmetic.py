"""Arithmetic in words and signs -> the signs on a calculator's keys. It is read here, and calculated elsewhere."""

import re
from collections.abc import Mapping
from typing import Final

from gui_agents.simulated.apps.calculator import Calculator

_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS: Final[Mapping[str, str]] = {
    **{called: key.name for key in Calculator.controls if key.role == "button" for called in key.called},
    **{word: str(number) for number, word in enumerate(_UNITS.split())},
    **{word: str(10 * number) for number, word in enumerate(_TENS.split(), start=2)},
    "hundred": "100",
    "thousand": "1000",
    "percent of": "÷100×",
    "per cent of": "÷100×",
    "% of": "÷100×",
    "%": "÷100",
    "add": "+",
    "negative": "-",
}

_WORD: Final = re.compile(
    "|".join(rf"(?<![a-z]){re.escape(word)}(?![a-z])" for word in sorted(_WORDS, key=len, reverse=True))
)
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LONGEST: Final = 2000
"""Characters of an expression in words; a calculator shows far fewer signs."""
_DIGITS: Final = frozenset("0123456789")
_KEYS: Final = _DIGITS | frozenset("-+×÷().")
_APART: Final = re.compile(r"[\d.] +[\d.]")
_PAIR: Final = re.compile(
    r"\b(?:(add|(?:the )?sum of|(?:the )?product of|multiply|subtract|divide|(?:the )?difference (?:of|between))) "
    r"(-?[\d.]++) (and|to|by|with|from) (-?[\d.]++)(?!\w)",
    re.IGNORECASE,
)
_PAIR_SIGNS: Final = {"add": "+", "sum": "+", "pro": "*", "mul": "*", "sub": "-", "dif": "-", "div": "/"}


def signs(text: str) -> str | None:
    """Return the keys to press for an expression, or None where the text is none."""
    if len(text) > _LONGEST:
        return None
    lowered = _THOUSANDS.sub("", " ".join(text.lower().split()).removesuffix("=").strip())
    plain = _WORD.sub(lambda match: _WORDS[match[0]], lowered)
    keys = plain.replace(" ", "")
    signs_of_keys = set(keys)
    return keys if signs_of_keys <= _KEYS and signs_of_keys & _DIGITS and not _APART.search(plain) else None


def formula(text: str) -> str | None:
    """Return the keys to press for an expression that has something to calculate, and is not a number alone."""
    keys = signs(text)
    return keys if keys is not None and any(key in "+-×÷" for key in keys[1:]) else None


def without_pairs(text: str) -> str:
    """Rewrite `add 5 and 7` and its like with signs, so that their `and` joins no clauses."""
    return _PAIR.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    verb, first, joint, second = match[1].lower(), match[2], match[3].lower(), match[4]
    if joint == "from":
        first, second = second, first
    return f"{first} {_PAIR_SIGNS[verb.removeprefix('the ')[:3]]} {second}"
