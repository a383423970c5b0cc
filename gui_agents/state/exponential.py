"""Exponential buckets: the resolution of a Prometheus native histogram, counted inline.

At schema s, bucket i holds values above 2 ** ((i - 1) / 2 ** s), up to 2 ** (i / 2 ** s). The binary exponent of a
value and a search among the bounds between two powers of 2 find its bucket. This is exact; a logarithm would put some
values on the wrong side of a bound. Empty buckets are not kept. If there are too many buckets, neighbours are merged in
pairs. The result is what the next lower schema would have counted from the beginning.
"""

from bisect import bisect_left
from math import frexp, isqrt
from typing import Final

from gui_agents.snapshot import NativePoint

SCHEMA: Final = 4
"""Sixteen buckets from one power of 2 to the next.

The bounds of a bucket are 4.4 % apart, so a quantile is at most that far from the exact one, for any distribution. At
schema 3, which many use, a 99th percentile can be 9 % off.
"""
MAX_BUCKETS: Final = 320
"""More buckets are merged. Schema 4 fits up to a longest duration of a million times the shortest; -2 always fits."""
ZERO_THRESHOLD: Final = 2.0**-128
"""Values up to this one count as zero, as in Prometheus's own libraries."""

_STEPS: Final = 2**SCHEMA
_FRACTIONS: Final = tuple(isqrt(isqrt(isqrt(isqrt(2 ** (52 * _STEPS + step))))) / 2**53 for step in range(_STEPS))
"""The bounds from 1/2 to 1 without the last one: each the greatest double that is not above 2 ** (step / 16 - 1).

All except the first are irrational. A double is therefore above such a bound exactly if it is above this double.
"""


class ExponentialBuckets:
    """Counts values that are 0 or more."""

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
        """Return the counts so far, frozen."""
        return NativePoint(SCHEMA - self._shift, ZERO_THRESHOLD, self._zeros, self._buckets.copy())

    def _merge(self) -> None:
        self._shift += 1
        self._offset = (1 << self._shift) - 1
        merged: dict[int, int] = {}
        for index, count in self._buckets.items():
            upper = index + 1 >> 1
            merged[upper] = merged.get(upper, 0) + count
        self._buckets = merged
