"""A journal that stores entries when a test says so."""

import asyncio

from gui_agents.domain.errors import StorageDownError
from gui_agents.domain.journal import Entry


class ScriptedJournal:
    """Holds entries back while `holding`; what it is given is in `entries`."""

    durable = True

    def __init__(self, *, holding: bool = True) -> None:
        self.holding = holding
        self.problem: str | None = None
        self.entries: list[Entry] = []
        self.asked: list[str] = []
        """Tasks whose start or end somebody has waited for."""
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def queued(self) -> int:
        return len(self.entries)

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    def written(self) -> "asyncio.Future[None] | None":
        if not self.holding:
            return None
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return waiting

    async def settled(self, task_id: str) -> None:
        self.asked.append(task_id)
        written = self.written()
        if written is not None:
            await asyncio.wait((written,))
            written.exception()

    def store(self, number: int | None = None) -> None:
        """Let the first ones go that wait, or all and whoever comes later."""
        if number is None:
            self.holding = False
        for waiting in self._taken(number):
            waiting.set_result(None)

    def fail(self, error: Exception | None = None) -> None:
        """Tell all who wait that nothing can be stored."""
        for waiting in self._taken(None):
            waiting.set_exception(error or StorageDownError("disk full"))

    def _taken(self, number: int | None) -> list["asyncio.Future[None]"]:
        taken = self._waiting[:number]
        del self._waiting[:number]
        return taken
