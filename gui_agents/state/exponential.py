"""Exponential buckets: the resolution of a Prometheus native histogram, counted inline.

At schema s, bucket i holds what is above 2 ** ((i - 1) / 2 ** s) and up to 2 ** (i / 2 ** s). A value is assigned by
its binary exponent and by a search among the bounds between two powers of 2, which is exact; a logarithm would put
values that lie on a bound on either side of it. Only buckets that hold something are kept. When they become too many,
neighbours are merged in pairs, which is what the next lower schema would have counted from the beginning.
"""

from bisect import bisect_left
from math import frexp, isqrt
from typing import Final

from gui_agents.snapshot import NativePoint

SCHEMA: Final = 4
"""Sixteen buckets from one power of 2 to the next.

Each one's bounds are 4.4 % apart, so that a quantile read from it is that close to the exact one, whatever was
observed; at schema 3, which many use, a rare 99th percentile is up to 9 % off.
"""
MAX_BUCKETS: Final = 320
"""More are merged. Schema 4 fits while the longest duration is up to a million times the shortest, schema -2 always."""
ZERO_THRESHOLD: Final = 2.0**-128
"""Values up to here count as zero; Prometheus's own libraries use the same."""

_STEPS: Final = 2**SCHEMA
_FRACTIONS: Final = tuple(isqrt(isqrt(isqrt(isqrt(2 ** (52 * _STEPS + step))))) / 2**53 for step in range(_STEPS))
"""The bounds from 1/2 to 1 without the last one: each the greatest double that is not above 2 ** (step / 16 - 1).

All but the first are irrational, so that a double is above a bound exactly if it is above this double.
"""


class ExponentialBuckets:
    """Counts values from 0 on."""

    __slots__ = ("_buckets", "_offset", "_shift", "_zeros")

    def __init__(self) -> None:
        self._zeros = 0
        self._buckets: dict[int, int] = {}
        self._shift = 0
        self._offset = 0

    def observe(self, value: float) -> None:
        """Count `value`, which must be finite and not negative."""
        if value <= ZERO_THRESHOLD:
            self._zeros += 1
            return
        fraction, exponent = frexp(value)
        index = bisect_left(_FRACTIONS, fraction) + (exponent - 1) * _STEPS
        if self._shift:
            # A merged bucket ends where its last part ends: division rounds up.
            index = index + self._offset >> self._shift
        buckets = self._buckets
        if index in buckets:
            buckets[index] += 1
            return
        buckets[index] = 1
        while len(self._buckets) > MAX_BUCKETS:
            self._merge()

    def point(self) -> NativePoint:
        """Return the frozen state."""
        return NativePoint(SCHEMA - self._shift, ZERO_THRESHOLD, self._zeros, self._buckets.copy())

    def _merge(self) -> None:
        self._shift += 1
        self._offset = (1 << self._shift) - 1
        merged: dict[int, int] = {}
        for index, count in self._buckets.items():
            upper = index + 1 >> 1
            merged[upper] = merged.get(upper, 0) + count
        self._buckets = merged
