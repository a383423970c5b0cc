"""The two clocks. Code that reads the time gets a `Clock`."""

import time
from math import inf
from typing import Protocol


class Clock(Protocol):
    """`monotonic` is for intervals, `time` for instants that are shown. Both are in seconds."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point. It never goes back."""

    def time(self) -> float:
        """Return seconds since the epoch."""


class SteadyClock:
    """Another clock whose `monotonic` never goes back; those of some virtual machines do.

    A duration is then never negative, and a verb of the state never fails halfway for it.
    """

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic
        self._latest = -inf
        self.time = clock.time

    def monotonic(self) -> float:
        """Return what the other clock says, or the latest value if that is earlier."""
        now = self._latest = max(self._latest, self._monotonic())
        return now


class SystemClock:
    """The clocks of the operating system."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)
