"""What the service counts of its storage: what is done with it, how long commits take, and what waits to be written.

As everything in this package it knows no lock and no clock: see `gui_agents.state.stats`.
"""

from gui_agents.domain.buckets import COMMIT_SECONDS
from gui_agents.domain.storage import StorageOperation, StorageOutcome
from gui_agents.snapshot import StorageSnapshot
from gui_agents.state.histogram import Histogram


class StorageStats:
    """The storage of one service."""

    def __init__(self, *, native: bool = False) -> None:
        self._operations = {(str(what), str(how)): 0 for what in StorageOperation for how in StorageOutcome}
        self._commit = Histogram(COMMIT_SECONDS, native=native)
        self._queue = 0
        self._size_bytes = 0

    def queued(self, change: int) -> None:
        """Count entries that wait now, or no longer do."""
        self._queue += change

    def committed(self, seconds: float) -> None:
        """Count a commit that ended well."""
        self._operations[StorageOperation.COMMIT, StorageOutcome.OK] += 1
        self._commit.observe(seconds)

    def done(self, operation: StorageOperation, outcome: StorageOutcome) -> None:
        """Count an operation."""
        self._operations[operation, outcome] += 1

    def measured(self, size_bytes: int) -> None:
        """Record how large the store is."""
        self._size_bytes = size_bytes

    def statistics(self) -> StorageSnapshot:
        """Return the frozen counts."""
        return StorageSnapshot(self._operations.copy(), self._commit.point(), self._queue, self._size_bytes)
