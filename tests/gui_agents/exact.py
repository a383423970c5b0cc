"""Exponential buckets by exact arithmetic: every bound is an inequality of fractions, and nothing is rounded."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from gui_agents.snapshot import NativePoint
from gui_agents.state.exponential import MAX_BUCKETS, SCHEMA, ZERO_THRESHOLD


def native_index(value: float, schema: int) -> int:
    """Return i with 2 ** ((i - 1) / 2 ** schema) < value <= 2 ** (i / 2 ** schema)."""
    if schema >= 0:
        return _exponent_above(Fraction(value) ** 2**schema)
    return -(-_exponent_above(Fraction(value)) // 2**-schema)


def native_point(values: Iterable[float]) -> NativePoint:
    """Return what the best resolution with few enough buckets tells of all values."""
    values = list(values)
    counted = [value for value in values if value > ZERO_THRESHOLD]
    schema = SCHEMA
    while len(buckets := Counter(native_index(value, schema) for value in counted)) > MAX_BUCKETS:
        schema -= 1
    return NativePoint(schema, ZERO_THRESHOLD, len(values) - len(counted), dict(buckets))


def _exponent_above(value: Fraction) -> int:
    """Return the least i with value <= 2 ** i."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length() - 1
    while value > Fraction(2) ** exponent:
        exponent += 1
    return exponent
