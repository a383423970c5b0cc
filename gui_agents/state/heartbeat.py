"""The event loop's heartbeat. It exists only while monitoring is on."""

import asyncio
from typing import Protocol


class Records(Protocol):
    """The method of the service's state that the heartbeat needs."""

    def heartbeat(self) -> None:
        """Note that the event loop is alive."""


class Heartbeat:
    """Beats on the event loop. The age of the last beat shows for how long the loop has been blocked."""

    def __init__(self, records: Records, interval_seconds: float) -> None:
        self._records = records
        self._interval = interval_seconds
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Beat now and in every interval."""
        self._records.heartbeat()
        self._next = asyncio.get_running_loop().call_later(self._interval, self.start)

    def stop(self) -> None:
        """Stop beating."""
        if self._next is not None:
            self._next.cancel()
