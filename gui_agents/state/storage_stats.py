"""What the service counts of its storage: what is done with it, and how long commits take.

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
        self._size_bytes = 0

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

    def statistics(self, queued: int) -> StorageSnapshot:
        """Return the frozen counts, with the entries that wait to be written now."""
        return StorageSnapshot(self._operations.copy(), self._commit.point(), queued, self._size_bytes)
