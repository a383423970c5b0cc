"""The two background loops that exist for monitoring alone: the event loop's heartbeat, and the count of files."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Final, Protocol

SAMPLE_SECONDS: Final = 15.0

_log = logging.getLogger(__name__)


class Books(Protocol):
    """The verbs of the service's state that these loops need."""

    def heartbeat(self) -> None:
        """Note that the event loop is alive."""

    def runtime_files_counted(self, files: int) -> None:
        """Note how many files lie below the runtime directory."""


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


async def sample_runtime_files(books: Books, directory: Path) -> None:
    """Count the files below `directory` now and every 15 seconds, in a worker thread, until cancelled."""
    while True:
        try:
            books.runtime_files_counted(await asyncio.to_thread(count_files, directory))
        except Exception:  # noqa: BLE001 - the boundary of a background loop
            _log.exception("the files below %s could not be counted", directory)
        await asyncio.sleep(SAMPLE_SECONDS)


def count_files(directory: Path) -> int:
    """Return the number of files below a directory; 0 where it does not exist."""
    return sum(len(files) for _, _, files in os.walk(directory))
