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
"""Down to here orjson writes fractions without an exponent."""
EXACT: Final = 10**15
"""Whole numbers below it have at most the 15 digits that a double holds, whatever power of ten they are divided by."""
_EXPONENTS: Final = {digits: any_number(10.0 ** (digits - 1))[1:] for digits in range(7, 16)}
"""The exponents by number of digits; releases differ in how they write those of ten and more."""


@attrs.frozen
class Magnitude:
    """How whole numbers of one size are written: as the quotient by the unit without its `.0`, and the ending.

    Number and unit are exact doubles, so that the quotient is the double nearest to the mantissa, and its shortest
    text is the mantissa's.
    """

    least: int
    """The smallest of these numbers."""
    limit: int
    """The first that is too large."""
    unit: float
    """The power of ten that leaves one digit before the point; 1 below `PLAIN`."""
    ending: str
    """The exponent; `.0` below `PLAIN`."""


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
    """Write a float from `TINY` on and below `PLAIN`, in half the time of `repr` or less."""
    text = dumps(value).decode()
    if value >= POSITIONAL:
        return text
    digits = text.removeprefix("0.0000")
    return f"{digits[0]}.{digits[1:]}e-05" if len(digits) > 1 else f"{digits}e-05"


def large(value: int) -> str:
    """Write a whole number from `PLAIN` on and below `EXACT`; it is most of what a busy service shows."""
    digits = str(value)
    exponent = _EXPONENTS[len(digits)]
    rest = digits[1:].rstrip("0")
    return f"{digits[0]}.{rest}{exponent}" if rest else digits[0] + exponent


def _large_fraction(text: str) -> str:
    whole, _, rest = text.partition(".")
    point = len(whole)
    digits = (whole + rest).rstrip("0")
    return f"{digits[0]}.{digits[1:]}{_EXPONENTS[point]}" if len(digits) > 1 else digits + _EXPONENTS[point]
