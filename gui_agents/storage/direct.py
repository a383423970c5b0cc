"""The journal of a service that stores its tasks in memory: each entry is stored when it is appended."""

import asyncio
from collections.abc import Callable, Collection

from gui_agents.domain.journal import Entry, KeepsNothing
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.writer import Records


class DirectJournal(KeepsNothing):
    """Writes entries at once. There is nothing to wait for, and nothing survives the process."""

    def __init__(self, store: MemoryStore, forget: Callable[[Collection[str]], None]) -> None:
        """Make the journal of a store; `forget` is called with the ids of tasks that are no longer in it."""
        self._store = store
        self._forget = forget

    async def start(self, _: Records) -> None:
        """Open the store."""
        self._store.open()

    def append(self, entry: Entry) -> None:
        """Store what has just happened."""
        self._store.write((entry,))
        forgotten = self._store.forgotten()
        if forgotten:
            # Not here, under the state's lock.
            asyncio.get_running_loop().call_soon(self._forget, forgotten)

    async def close(self, _: float) -> None:
        """Close the store. All its tasks end with it."""
        self._forget(self._store.ids())
        self._store.close()
