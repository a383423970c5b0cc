"""The journal of a service that stores its tasks in memory: each entry is stored when it is appended."""

from gui_agents.domain.journal import Entry, KeepsNothing
from gui_agents.domain.storage import TaskStore
from gui_agents.storage.writer import Records


class DirectJournal(KeepsNothing):
    """Writes entries at once. There is nothing to wait for, and nothing survives the process."""

    def __init__(self, store: TaskStore) -> None:
        self._store = store

    async def start(self, _: Records) -> None:
        """Open the store."""
        self._store.open()

    def append(self, entry: Entry) -> None:
        """Store what has just happened."""
        self._store.write((entry,))

    async def close(self, _: float) -> None:
        """Close the store."""
        self._store.close()
