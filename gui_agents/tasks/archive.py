"""Finds tasks: in memory, else in the storage, where those are that have ended long ago or in an earlier service.

The storage is read by a few threads. The end of a task is told only once it is on disk: after a crash, nobody can
remember another one.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Final, TypeVar

from gui_agents.domain.errors import NotFoundError, StorageDownError
from gui_agents.domain.journal import Journal
from gui_agents.domain.lifecycle import LIVE, TERMINAL
from gui_agents.domain.storage import StorageError, StorageOperation, StorageOutcome, StoredTask, TaskStore
from gui_agents.domain.stream import LAST, StreamMessage
from gui_agents.domain.task import TaskRecord
from gui_agents.state.service_state import ServiceState
from gui_agents.state.streams import follow
from gui_agents.tasks.continuing import Past
from gui_agents.threads import Threads

READERS: Final = 4
"""Questions to the storage that are answered at once."""
PATIENCE_SECONDS: Final = 15.0
"""After which a client is told that the storage does not answer; it may hang, and so may a reader's thread."""

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Archive:
    """The tasks of a service, those of earlier services included. Used on the event loop."""

    def __init__(
        self,
        state: ServiceState,
        store: TaskStore,
        journal: Journal,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._state = state
        self._store = store
        self._journal = journal
        self._patience_seconds = patience_seconds
        self._readers = Threads("storage reader", READERS)
        self._failing = False
        """Whether the latest read failed, which the log tells once."""

    async def read(self, question: Callable[[TaskStore], Answer]) -> Answer:
        """Return the answer of the store to a question.

        Raises:
            StorageDownError: it does not answer.
        """
        try:
            async with asyncio.timeout(self._patience_seconds):
                answer = await self._readers.run(lambda: question(self._store))
        except TimeoutError:
            problem = f"nothing was read for {self._patience_seconds:g} seconds"
        except StorageError as error:
            problem = str(error)
        else:
            self._state.storage_done(StorageOperation.READ, StorageOutcome.OK)
            self._failing = False
            return answer
        self._state.storage_done(StorageOperation.READ, StorageOutcome.ERROR)
        if not self._failing:
            self._failing = True
            _log.warning("the storage cannot be read: %s", problem)
        raise StorageDownError(problem)

    async def record(self, task_id: str) -> TaskRecord:
        """Return a task.

        Raises:
            NotFoundError: it is unknown, or no longer stored.
            StorageDownError: it is not in memory, and the storage does not answer.
        """
        if self._state.status(task_id) is None:
            return (await self._stored(task_id)).record
        record = self._state.record(task_id)
        if record.status in TERMINAL:
            await self._journal.settled(task_id)
        return record

    async def owner(self, task_id: str) -> str:
        """Return who has started a task.

        Raises:
            NotFoundError: it is unknown, or no longer stored.
            StorageDownError: it is not in memory, and the storage does not answer.
        """
        owner = self._state.owner(task_id)
        return (await self._stored(task_id)).record.spec.owner if owner is None else owner

    async def settled(self, task_id: str) -> None:
        """Wait until the end of a task is on disk, if it has ended."""
        await self._journal.settled(task_id)

    async def follow(self, task_id: str) -> AsyncGenerator[StreamMessage, None]:
        """Yield a task's messages from the first one kept to the last one, as they come.

        Raises:
            NotFoundError: it is unknown, or no longer stored.
            StorageDownError: it is not in memory, and the storage does not answer.
        """
        if self._state.status(task_id) is None:
            await self._stored(task_id)
            for message in await self.read(lambda store: store.messages(task_id)):
                yield message
            return
        messages = follow(self._state, task_id)
        try:
            async for message in messages:
                if message.stage in LAST:
                    await self._journal.settled(task_id)
                yield message
        finally:
            await messages.aclose()

    async def past(self, task_id: str | None) -> Past | None:
        """Return a task to continue that is not in memory; None if it is there, unknown, or there is none.

        Raises:
            StorageDownError: the storage does not answer.
        """
        if task_id is None or self._state.status(task_id) is not None:
            return None
        try:
            record = (await self._stored(task_id)).record
        except NotFoundError:
            return None
        history = await self.read(lambda store: store.history(task_id))
        return Past(record.spec.owner, record.status, history, record.sandbox)

    async def _stored(self, task_id: str) -> StoredTask:
        """Return a task that is not in memory. It has ended, whatever the storage says: all others are in memory."""
        stored = await self.read(lambda store: store.task(task_id))
        if stored is not None and stored.record.status in LIVE:
            # It has left the memory a moment ago, and its end is on its way.
            await self._journal.settled(task_id)
            stored = await self.read(lambda store: store.task(task_id))
        if stored is None:
            raise NotFoundError("task", task_id)
        if stored.record.status in LIVE:
            raise StorageDownError(self._journal.problem or "the end of the task is not stored yet")
        return stored
