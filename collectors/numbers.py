"""Numbers as the exposition formats write them, to the letter as the installed prometheus_client does."""

from collections.abc import Callable
from typing import Final

from orjson import dumps
from prometheus_client import utils

any_number: Final[Callable[[float], str]] = utils.floatToGoString
"""Writes any number; the measure of all that is faster."""

PLAIN: Final = 10**6
"""Numbers below it are written out; from it on they have an exponent."""
POSITIONAL: Final = 1e-4
"""Fractions below it have an exponent; from it on orjson writes them as `repr` does, in a third of the time."""
EXACT: Final = 10**15
"""Every whole number below it is a double with the same digits."""
_EXPONENTS: Final = {digits: any_number(10.0 ** (digits - 1))[1:] for digits in range(7, 16)}
"""The exponents by number of digits; releases differ in how they write those of ten and more."""


def number(value: float) -> str:
    """Write one number; the usual ones without a detour."""
    if type(value) is float:
        if POSITIONAL <= value < PLAIN:
            return dumps(value).decode()
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
