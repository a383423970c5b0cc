"""Quantiles over a sliding window, in constant memory.

The window is the current slice and the 59 slices before it, of 10 seconds each. A slice counts its observations in
buckets whose bounds grow by a constant factor (the idea of DDSketch, Masson et al., VLDB 2019). The middle of a bucket
is within 1 % of every value in it. A total over all slices is updated when a slice begins or ends, so reading the
window does not visit the slices.
"""

import math
from collections import deque
from typing import Final

from gui_agents.snapshot import WindowPoint

SLICE_SECONDS: Final = 10.0
SLICES: Final = 60
RELATIVE_ERROR: Final = 0.009
GROWTH: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
SMALLEST: Final = 1e-9
"""Durations below a nanosecond count as 0."""

_LOG_GROWTH: Final = math.log(GROWTH)


class SlidingWindow:
    """Durations in seconds; `now` is the monotonic clock and never goes back."""

    __slots__ = ("_count", "_point", "_slices", "_sum", "_total", "_zeros")

    def __init__(self) -> None:
        self._slices: deque[tuple[int, dict[int | None, int]]] = deque()
        self._total: dict[int, int] = {}
        self._zeros = 0
        self._sum = 0.0
        self._count = 0
        self._point: WindowPoint | None = None

    def observe(self, value: float, now: float) -> None:
        """Count `value` in the slice of `now`.

        Raises:
            ValueError: `value` is negative, infinite or NaN; nothing changed.
        """
        if not 0.0 <= value < math.inf:
            raise ValueError(f"a duration is finite and not negative, not {value}")
        self._advance(now)
        number = int(now // SLICE_SECONDS)
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append((number, {}))
        current = self._slices[-1][1]
        index = None if value < SMALLEST else math.ceil(math.log(value) / _LOG_GROWTH)
        current[index] = current.get(index, 0) + 1
        if index is None:
            self._zeros += 1
        else:
            self._total[index] = self._total.get(index, 0) + 1
        self._sum += value
        self._count += 1
        self._point = None

    def point(self, now: float) -> WindowPoint:
        """Return the counts of the window that ends at `now`, frozen; the same object while nothing changed."""
        self._advance(now)
        point = self._point
        if point is None:
            point = WindowPoint(self._zeros, dict(self._total), GROWTH, self._sum, self._count)
            self._point = point
        return point

    def _advance(self, now: float) -> None:
        oldest = int(now // SLICE_SECONDS) - SLICES + 1
        while self._slices and self._slices[0][0] < oldest:
            for index, count in self._slices.popleft()[1].items():
                self._forget(index, count)
            self._point = None

    def _forget(self, index: int | None, count: int) -> None:
        if index is None:
            self._zeros -= count
        elif self._total[index] == count:
            del self._total[index]
        else:
            self._total[index] -= count
