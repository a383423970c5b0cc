"""The two clocks, injected wherever time is read."""

import time
from typing import Protocol


class Clock(Protocol):
    """Intervals come from `monotonic`, exported instants from `time`; both in seconds."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point; never goes back."""

    def time(self) -> float:
        """Return seconds since the epoch."""


class SystemClock:
    """The clocks of the operating system."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)
