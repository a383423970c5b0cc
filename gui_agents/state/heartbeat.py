"""The event loop's heartbeat, which exists for monitoring alone."""

import asyncio
from typing import Protocol


class Books(Protocol):
    """The verb of the service's state that is needed here."""

    def heartbeat(self) -> None:
        """Note that the event loop is alive."""


class Heartbeat:
    """Beats on the event loop, so that its age tells for how long the loop has been blocked."""

    def __init__(self, books: Books, interval_seconds: float) -> None:
        self._books = books
        self._interval = interval_seconds
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Beat now, and from now on."""
        self._books.heartbeat()
        self._next = asyncio.get_running_loop().call_later(self._interval, self.start)

    def stop(self) -> None:
        """Beat no more."""
        if self._next is not None:
            self._next.cancel()
