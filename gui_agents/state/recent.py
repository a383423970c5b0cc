"""What happened in the last five minutes, for readers who have no history of their own.

Prometheus computes this from counters. A page that was opened this second cannot: since-the-start numbers are all that
one scrape has, and after a good week they hide an outage. The window is the current slice and the 30 slices before it,
of 10 seconds each. A total over all slices is updated when a slice begins or ends, so reading it visits no slice.
"""

from collections import deque
from collections.abc import Hashable, Iterable
from typing import Final, Generic, TypeVar

from gui_agents.domain.lifecycle import TERMINAL, TaskStatus
from gui_agents.domain.task import RejectReason
from gui_agents.domain.usage import CallOutcome
from gui_agents.snapshot import RecentSnapshot

SLICE_SECONDS: Final = 10.0
SLICES: Final = 31

Key = TypeVar("Key", bound=Hashable)


class RecentCounts(Generic[Key]):
    """Counts by key in the window; `now` is the monotonic clock and never goes back."""

    __slots__ = ("_slices", "_total")

    def __init__(self, keys: Iterable[Key]) -> None:
        self._slices: deque[tuple[int, dict[Key, int]]] = deque()
        self._total = dict.fromkeys(keys, 0)

    def count(self, key: Key, now: float) -> None:
        """Count one more in the slice of `now`."""
        self._advance(now)
        number = int(now // SLICE_SECONDS)
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append((number, {}))
        current = self._slices[-1][1]
        current[key] = current.get(key, 0) + 1
        self._total[key] += 1

    def totals(self, now: float) -> dict[Key, int]:
        """Return the counts of the window that ends at `now`."""
        self._advance(now)
        return self._total.copy()

    def _advance(self, now: float) -> None:
        oldest = int(now // SLICE_SECONDS) - SLICES + 1
        while self._slices and self._slices[0][0] < oldest:
            for key, count in self._slices.popleft()[1].items():
                self._total[key] -= count


class RecentStats:
    """The recent ends of tasks, refusals of submissions and calls to models."""

    def __init__(self) -> None:
        self.ended = RecentCounts(str(status) for status in TaskStatus if status in TERMINAL)
        self.rejected = RecentCounts(map(str, RejectReason))
        self.model_calls = RecentCounts(map(str, CallOutcome))

    def statistics(self, now: float) -> RecentSnapshot:
        """Return the frozen counts."""
        return RecentSnapshot(self.ended.totals(now), self.rejected.totals(now), self.model_calls.totals(now))
