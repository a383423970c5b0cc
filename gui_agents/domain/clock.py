"""The two clocks. Code that reads the time gets a `Clock`."""

import time
from math import inf
from typing import Final, Protocol

STEP_SECONDS: Final = 0.5
"""A change of the wall clock from which it was set and did not only drift."""


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
        self._epoch = -inf
        self.time = clock.time

    def monotonic(self) -> float:
        """Return what the other clock says, or the latest value if that is earlier."""
        now = self._latest = max(self._latest, self._monotonic())
        return now

    def dated(self, monotonic: float) -> float:
        """Return an instant of the monotonic clock as the wall clock dates it now.

        Who subtracts it from the wall clock's time gets the true age, also after the wall clock was set. It stays the
        same number from call to call until then: two readings of two clocks would differ by microseconds each time.
        """
        epoch = self.time() - self.monotonic()
        if abs(epoch - self._epoch) >= STEP_SECONDS:
            self._epoch = epoch
        return self._epoch + monotonic


class SystemClock:
    """The clocks of the operating system."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)
