"""The two clocks. Code that reads the time gets a `Clock`."""

import time
from typing import Protocol


class Clock(Protocol):
    """`monotonic` is for intervals, `time` for instants that are shown. Both are in seconds."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point. It never goes back."""

    def time(self) -> float:
        """Return seconds since the epoch."""


class SystemClock:
    """The clocks of the operating system."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)
