"""Numbers as the exposition formats write them, to the letter as the installed prometheus_client does."""

from collections.abc import Callable
from typing import Final

from prometheus_client import utils

any_number: Final[Callable[[float], str]] = utils.floatToGoString
"""Writes any number; the measure of all that is faster."""

PLAIN: Final = 10**6
"""Whole numbers below it are written out; from it on they have an exponent."""
_EXACT: Final = 10**15
"""Every whole number below it is a double with the same digits."""
_EXPONENTS: Final = {digits: any_number(10.0 ** (digits - 1))[1:] for digits in range(7, 16)}
"""The exponents by number of digits; releases differ in how they write those of ten and more."""


def number(value: float) -> str:
    """Write one number; whole ones, which most are, without a detour over the digits of a double."""
    if type(value) is int:
        if -PLAIN < value < PLAIN:
            return f"{value}.0"
        if PLAIN <= value < _EXACT:
            digits = str(value)
            fraction = digits[1:].rstrip("0")
            if fraction:
                return f"{digits[0]}.{fraction}{_EXPONENTS[len(digits)]}"
            return digits[0] + _EXPONENTS[len(digits)]
    return any_number(value)
