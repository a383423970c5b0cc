"""Rates from the readings of the last minutes.

After a restart a counter begins at 0. Here it goes on from its old value, so no rate is negative. Before the second
reading, a rate is the average since the service's start, because one page has no more than that.
"""

from collections import deque
from collections.abc import Collection
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collectors.scraping.scraped import Labels, Scraped

COUNTERS: Final = (
    "agent_tasks_created_total",
    "agent_proxy_steps_total",
    "agent_grpc_requests_total",
    "agent_grpc_errors_total",
    "agent_tokens_consumed_total",
    "agent_execution_cost_total",
    "agent_event_loop_blocked_seconds_total",
    "agent_storage_operations_total",
)
"""The counters whose rates are shown."""
KEPT_SECONDS: Final = 600.0
UPTIME: Final = "agent_service_uptime_seconds"


@attrs.frozen
class Reading:
    """All counters at one moment, as if the service had never restarted."""

    at: float
    """Monotonic clock of the reader, in seconds."""
    grown: dict[tuple[str, "Labels"], float]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum over all series of a name that have these labels."""
        wanted = frozenset(labels.items())
        return sum(value for (known, series), value in self.grown.items() if known == name and wanted <= series)


class History:
    """The readings of the last ten minutes."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()
        self._last: dict[tuple[str, Labels], float] = {}
        self._told: Collection[tuple[str, Labels]] = ()
        self._uptime = 0.0
        self._average = True
        self.restarts = 0
        """Number of restarts of the service since the first reading."""

    def add(self, at: float, page: "Scraped") -> None:
        """Add a page that was read `at` a time of the reader's monotonic clock, in seconds."""
        uptime = page.one(UPTIME)
        if uptime is not None and not isfinite(uptime):
            uptime = None
        values = {
            (name, labels): value for name in COUNTERS for labels, value in page.series(name).items() if isfinite(value)
        }
        self._told = values.keys()
        if not self._readings:
            # Without an uptime it is not known since when the counters count. Then there is no growth.
            began = Reading(at - uptime, {}) if uptime and at - uptime < at else Reading(at - 1.0, values)
            self._readings.extend((began, Reading(at, values)))
        else:
            if self._average:
                self._readings.popleft()
                self._average = False
            restarted = uptime is not None and uptime < self._uptime
            self._readings.append(Reading(at, self._grown(values, restarted=restarted)))
        self._last = {**self._last, **values}
        self._uptime = self._uptime if uptime is None else uptime
        while len(self._readings) > 2 and self._readings[1].at < at - KEPT_SECONDS:  # noqa: PLR2004 - a rate needs two
            self._readings.popleft()

    def covered(self, seconds: float) -> float | None:
        """Return the seconds over which a rate of the last `seconds` is averaged; None means since the start."""
        if self._average:
            return None
        return self._readings[-1].at - self._since(seconds).at

    def rate(self, name: str, seconds: float, **labels: str) -> float | None:
        """Return the growth per second of all series of a name that have these labels, over the last `seconds`.

        Return None if the last page has no such series.
        """
        wanted = frozenset(labels.items())
        if not any(told == name and wanted <= series for told, series in self._told):
            return None
        earlier, now = self._since(seconds), self._readings[-1]
        return (now.total(name, **labels) - earlier.total(name, **labels)) / (now.at - earlier.at)

    def steps(self, name: str, count: int, **labels: str) -> list[float]:
        """Return the growth per second between readings: the last `count` of them, oldest first."""
        if self._average:
            return []
        readings = list(self._readings)[-count - 1 :]
        totals = [(reading.at, reading.total(name, **labels)) for reading in readings]
        return [(later - before) / (until - since) for (since, before), (until, later) in pairwise(totals)]

    def _since(self, seconds: float) -> Reading:
        *earlier, now = self._readings
        return next((reading for reading in earlier if reading.at >= now.at - seconds), earlier[-1])

    def _grown(
        self, values: "dict[tuple[str, Labels], float]", *, restarted: bool
    ) -> "dict[tuple[str, Labels], float]":
        if restarted or any(value < self._last.get(key, 0.0) for key, value in values.items()):
            self.restarts += 1
            self._last = {}
        before = self._readings[-1].grown
        # A series that is missing on this page keeps its old value. It has not become smaller.
        grown = {key: before.get(key, 0.0) + value - self._last.get(key, 0.0) for key, value in values.items()}
        return {**before, **grown}
