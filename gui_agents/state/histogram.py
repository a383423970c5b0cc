"""A histogram that is observed inline and read as a frozen point.

The histogram of prometheus_client guards its sum and its buckets by different locks. A scrape can then see an
observation in the sum and not in the buckets. This one has no lock; the lock of its owner covers both.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import inf, isfinite

from gui_agents.snapshot import Exemplar, HistogramPoint
from gui_agents.state.exponential import ExponentialBuckets


class Histogram:
    """Counts observations in buckets with inclusive, strictly increasing upper `bounds`.

    A `native` histogram also counts them in exponential buckets.
    """

    __slots__ = ("_bounds", "_counts", "_exemplars", "_native", "_point", "_sum")

    def __init__(self, bounds: Sequence[float], *, native: bool = False) -> None:
        if not bounds or not all(map(isfinite, bounds)) or any(a >= b for a, b in pairwise(bounds)):
            raise ValueError(f"bounds must be finite and strictly increasing, not {list(bounds)}")
        self._bounds = tuple(float(bound) for bound in bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._exemplars: list[Exemplar | None] = [None] * (len(bounds) + 1)
        self._native = ExponentialBuckets() if native else None
        self._point: HistogramPoint | None = None

    def observe(self, value: float, task_id: str | None = None, at: float = 0.0) -> None:
        """Count `value`. With a `task_id`, it becomes the exemplar of its bucket, observed `at` (wall clock, seconds).

        Raises:
            ValueError: `value` is negative, infinite or NaN; nothing changed.
        """
        if not 0.0 <= value < inf:
            raise ValueError(f"a histogram takes finite values from 0 on, not {value}")
        index = bisect_left(self._bounds, value)
        self._counts[index] += 1
        self._sum += value
        if self._native is not None:
            self._native.observe(value)
        if task_id is not None:
            self._exemplars[index] = (task_id, value, at)
        self._point = None

    def point(self) -> HistogramPoint:
        """Return the counts so far, frozen; the same object until the next observation."""
        point = self._point
        if point is None:
            native = None if self._native is None else self._native.point()
            point = HistogramPoint(self._bounds, tuple(self._counts), self._sum, tuple(self._exemplars), native)
            self._point = point
        return point
