"""Numbers as the exposition formats write them, to the letter as the installed prometheus_client does."""

from collections.abc import Callable
from typing import Final

from prometheus_client import utils

any_number: Final[Callable[[float], str]] = utils.floatToGoString
"""Writes any number; the measure of all that is faster."""

PLAIN: Final = 10**6
"""Numbers below it are written out; from it on they have an exponent."""
EXACT: Final = 10**15
"""Every whole number below it is a double with the same digits."""
_EXPONENTS: Final = {digits: any_number(10.0 ** (digits - 1))[1:] for digits in range(7, 16)}
"""The exponents by number of digits; releases differ in how they write those of ten and more."""


def number(value: float) -> str:
    """Write one number; the usual ones without a detour."""
    if type(value) is int:
        if -PLAIN < value < PLAIN:
            return f"{value}.0"
        if value >= PLAIN:
            return large(value)
    elif type(value) is float and -PLAIN < value < PLAIN:
        return repr(value)
    return any_number(value)


def large(value: int) -> str:
    """Write a whole number from `PLAIN` on; it is most of what a busy service shows."""
    digits = str(value)
    try:
        exponent = _EXPONENTS[len(digits)]
    except KeyError:
        return any_number(value)
    fraction = digits[1:].rstrip("0")
    return f"{digits[0]}.{fraction}{exponent}" if fraction else digits[0] + exponent
