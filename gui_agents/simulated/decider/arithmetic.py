"""Arithmetic in words and signs -> the signs on a calculator's keys. It is read here, and calculated elsewhere."""

import re
from collections.abc import Mapping
from typing import Final

_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS: Final[Mapping[str, str]] = {
    **{word: str(number) for number, word in enumerate(_UNITS.split())},
    **{word: str(10 * number) for number, word in enumerate(_TENS.split(), start=2)},
    "hundred": "100",
    "thousand": "1000",
}

_WORDS: Final[Mapping[str, str]] = {
    "plus": "+",
    "minus": "-",
    "times": "×",
    "multiplied by": "×",
    "divided by": "÷",
    "over": "÷",
    "percent of": "÷100×",
    "per cent of": "÷100×",
    "% of": "÷100×",
    "%": "÷100",
    "add": "+",
    "negative": "-",
    **_NUMBERS,
}

_WORD: Final = re.compile("|".join(rf"(?<![a-z]){word}(?![a-z])" for word in sorted(_WORDS, key=len, reverse=True)))
_SIGNS: Final = str.maketrans({"*": "×", "x": "×", "·": "×", "/": "÷", ":": "÷", "−": "-", "–": "-"})
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_ALLOWED: Final = re.compile(r"(?:\d+\.?\d*|\.\d+|[-+×÷()])+")
_APART: Final = re.compile(r"[\d.] +[\d.]")

_PAIR: Final = re.compile(
    r"\b(?:(add|(?:the )?sum of|(?:the )?product of|multiply|subtract|divide|(?:the )?difference (?:of|between))) "
    r"(-?[\d.]+) (and|to|by|with|from) (-?[\d.]+)(?![\d.]*\w)",
    re.IGNORECASE,
)


def signs(text: str) -> str | None:
    """Return the keys to press for an expression, or None where the text is none."""
    lowered = _THOUSANDS.sub("", " ".join(text.lower().split()).removesuffix("=").strip())
    plain = _WORD.sub(lambda match: _WORDS[match[0]], lowered).translate(_SIGNS)
    if _APART.search(plain):
        return None
    keys = plain.replace(" ", "")
    return keys if _ALLOWED.fullmatch(keys) and any(key.isdigit() for key in keys) else None


def has_operator(keys: str) -> bool:
    """Tell whether there is something to calculate, and not a number alone."""
    return any(key in "+-×÷" for key in keys[1:])


def without_pairs(text: str) -> str:
    """Rewrite `add 5 and 7` and its like with signs, so that their `and` joins no clauses."""
    return _PAIR.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    verb, first, joint, second = match[1].lower(), match[2], match[3].lower(), match[4]
    if joint == "from":
        first, second = second, first
    sign = {"add": "+", "sum": "+", "pro": "*", "mul": "*", "sub": "-", "dif": "-", "div": "/"}
    return f"{first} {sign[verb.removeprefix('the ')[:3]]} {second}"
