"""Numbers as the exposition formats write them, to the letter as the installed prometheus_client does."""

from collections.abc import Callable
from typing import Final

import attrs
from orjson import dumps
from prometheus_client import utils

any_number: Final[Callable[[float], str]] = utils.floatToGoString
"""Writes any number; the measure of all that is faster."""

PLAIN: Final = 10**6
"""Numbers below it are written out; from it on they have an exponent."""
POSITIONAL: Final = 1e-4
"""Fractions below it have an exponent; from it on orjson writes them as `repr` does."""
TINY: Final = 1e-5
"""Fractions below it have an exponent where orjson writes them, too."""
EXACT: Final = 10**15
"""Every whole number below it is a double with the same digits."""
_EXPONENTS: Final = {digits: any_number(10.0 ** (digits - 1))[1:] for digits in range(7, 16)}
"""The exponents by number of digits; releases differ in how they write those of ten and more."""


@attrs.frozen
class Magnitude:
    """How whole numbers with equally many digits are written: divided by the unit, and with an ending."""

    least: int
    limit: int
    """The first that is too large."""
    unit: float
    ending: str


_SMALL: Final = Magnitude(0, PLAIN, 1.0, ".0")
_LARGE: Final = {
    digits: Magnitude(10 ** (digits - 1), 10**digits, 10.0 ** (digits - 1), exponent)
    for digits, exponent in _EXPONENTS.items()
}


def magnitude(value: int) -> Magnitude:
    """Return how a whole number from 0 on and below `EXACT` is written."""
    return _LARGE[len(str(value))] if value >= PLAIN else _SMALL


def number(value: float) -> str:
    """Write one number; the usual ones without a detour."""
    if type(value) is float:
        if TINY <= value < PLAIN:
            return fraction(value)
        if PLAIN <= value < EXACT:
            return _large_fraction(dumps(value).decode())
        if -PLAIN < value < PLAIN:
            return repr(value)
    elif type(value) is int:
        if -PLAIN < value < PLAIN:
            return f"{value}.0"
        if PLAIN <= value < EXACT:
            return large(value)
    return any_number(value)


def fraction(value: float) -> str:
    """Write a float from `TINY` on and below `PLAIN`, in a third of the time of `repr`."""
    text = dumps(value).decode()
    if value >= POSITIONAL:
        return text
    digits = text[6:]
    return f"{digits[0]}.{digits[1:]}e-05" if len(digits) > 1 else f"{digits}e-05"


def large(value: int) -> str:
    """Write a whole number from `PLAIN` on and below `EXACT`; it is most of what a busy service shows."""
    digits = str(value)
    exponent = _EXPONENTS[len(digits)]
    fraction = digits[1:].rstrip("0")
    return f"{digits[0]}.{fraction}{exponent}" if fraction else digits[0] + exponent


def _large_fraction(text: str) -> str:
    whole, _, fraction = text.partition(".")
    point = len(whole)
    digits = (whole + fraction).rstrip("0")
    return f"{digits[0]}.{digits[1:]}{_EXPONENTS[point]}" if len(digits) > 1 else digits + _EXPONENTS[point]
