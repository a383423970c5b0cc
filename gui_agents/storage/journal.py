"""The journal that belongs to a store: entries are stored as they come in memory, and by a thread elsewhere."""

from collections.abc import Callable, Collection
from typing import Final, Protocol

from gui_agents.config.storage import StorageConfig
from gui_agents.domain.journal import Journal
from gui_agents.domain.storage import TaskStore
from gui_agents.storage.direct import DirectJournal
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.writer import Records, Writer

SECONDS_PER_DAY: Final = 86_400


class StoringJournal(Journal, Protocol):
    """A journal that is started and closed with its service."""

    async def start(self, records: Records, /) -> None:
        """Open the store, and write from now on. Raise StorageError if it cannot be used."""

    async def close(self, seconds: float, /) -> None:
        """Write what is left, for at most so long, and close the store."""


def journal_of(config: StorageConfig, store: TaskStore, forget: Callable[[Collection[str]], None]) -> StoringJournal:
    """Return the journal that writes to a store. `forget` is called with the ids of tasks that are gone there."""
    if isinstance(store, MemoryStore):
        return DirectJournal(store, forget)
    return Writer(store, keep_seconds=config.days * SECONDS_PER_DAY, max_bytes=config.max_bytes, forget=forget)
