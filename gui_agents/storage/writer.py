"""The journal of a service whose tasks are stored in a database, and the one thread that writes it.

Theory of operation. The state's verbs append entries, on the event loop and under the state's lock: that is a queue and
a timer, and no I/O. The loop decides when a transaction is due, and up to which entry. The thread takes these entries
and writes them as one transaction (group commit); while it waits for the disk, the next transaction gathers. Nobody
waits for most entries, so they linger a moment, to be written with more of their kind. Somebody who waits, such as a
client whose task was just accepted, wakes the thread at once.

The loop decides only between two verbs. So what one verb appends is never in two transactions: the end of a task is on
disk with its last message, or not at all.

Each time the thread is woken, it reports what came of it. If a transaction fails, the thread tries it again until it
succeeds: entries are never out of order, and never lost while the service runs. Whoever waits is told, and new tasks
are refused as long as `problem` is set. Tasks in memory go on. What they add meanwhile is bounded: above `MOST_QUEUED`
entries or `MOST_QUEUED_BYTES`, messages and steps are left out. The first and the last message of a task are not.

An entry that no database takes is a defect. It must not hold up all others, so the transaction is then halved until the
entry is alone; it is left out and logged, and if it is a new task, its client is told.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection
from itertools import islice
from typing import Final, Protocol

import attrs

from gui_agents.domain.errors import StorageDownError
from gui_agents.domain.journal import Entry, MessagePublished, StepRecorded, TaskCreated, TaskStarted
from gui_agents.domain.storage import StorageOperation, StorageOutcome, TaskStore
from gui_agents.domain.stream import LAST
from gui_agents.domain.weight import weight
from gui_agents.storage.writing_thread import TENDING_SECONDS, WritingThread, ended

LINGER_SECONDS: Final = 0.02
"""How long an entry may wait for others, if nobody waits for it."""
PATIENCE_SECONDS: Final = 5.0
"""After which a client is told that the storage does not answer."""
MOST_QUEUED: Final = 50_000
"""Entries above which messages and steps are left out while nothing can be written."""
MOST_QUEUED_BYTES: Final = 32 * 2**20
"""The same for the bytes of messages and steps that wait."""
_log = logging.getLogger(__name__)


class Records(Protocol):
    """The methods of the service's state that the writer needs."""

    def storage_committed(self, seconds: float) -> None:
        """Count a commit."""

    def storage_done(self, operation: StorageOperation, outcome: StorageOutcome) -> None:
        """Count another operation."""

    def storage_measured(self, size_bytes: int) -> None:
        """Record how large the store is."""


@attrs.frozen
class _Waiting:
    """Somebody who waits for entries."""

    entries: int
    """How many entries must be on disk."""
    created: int
    """The number of the first entry of the task that is waited for; 0 for none."""
    since: float
    reached: "asyncio.Future[None]"


class Writer:
    """Writes the entries of one service to its store. It opens the store, and closes it."""

    durable = True

    def __init__(
        self,
        store: TaskStore,
        *,
        keep_seconds: float | None = None,
        max_bytes: int | None = None,
        forget: Callable[[Collection[str]], None] = lambda _: None,
        patience_seconds: float = PATIENCE_SECONDS,
        tending_seconds: float = TENDING_SECONDS,
    ) -> None:
        """Make a writer that is not started.

        Args:
            store: that is written.
            keep_seconds: how long ended tasks are kept; None for ever.
            max_bytes: of the store; None without a limit.
            forget: is called on the event loop with the ids of tasks that were deleted.
            patience_seconds: after which whoever waits is told that the storage does not answer.
            tending_seconds: from one look for old tasks to the next.
        """
        self._forget = forget
        self._patience_seconds = patience_seconds
        self._thread = WritingThread(
            store, self, keep_seconds=keep_seconds, max_bytes=max_bytes, tending_seconds=tending_seconds
        )
        self._appended = 0
        self._written = 0
        """Entries that are on disk, and those that never can be."""
        self._created = 0
        """The number of the newest task's first entry."""
        self._left_out = 0
        """Messages and steps, since nothing could be written."""
        self._held_bytes = 0
        """Of messages and steps that wait since then."""
        self._waiting: deque[_Waiting] = deque()
        self._turns: dict[str, int] = {}
        """Tasks whose start or last message is not on disk yet -> how many entries must be until it is, in order."""
        self._due = False
        """Whether the thread was woken and has not reported yet."""
        self._due_since = 0.0
        self._soon: asyncio.Handle | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None
        self.problem: str | None = None

    @property
    def queued(self) -> int:
        """Entries that are not on disk yet."""
        return self._appended - self._written

    async def start(self, records: Records) -> None:
        """Open the store, and write from now on.

        Raises:
            StorageStartError: this service cannot use it.
            StorageError: it does not answer.
        """
        self._records = records
        self._loop = asyncio.get_running_loop()
        await self._thread.start()

    async def close(self, seconds: float) -> None:
        """Write what is left, for at most so long, and close the store. A second call does nothing."""
        if not self._thread.going:
            return
        await self._thread.close(self._appended, seconds)
        if self.queued:
            text = "%d entries could not be written in %g seconds, and the storage is left as it is: %s"
            _log.error(text, self.queued, seconds, self.problem or "it does not answer")
        self.problem = "the service has ended"
        for timer in (self._lingering, self._watching):
            if timer is not None:
                timer.cancel()

    # The journal; all of it on the event loop.

    def append(self, entry: Entry) -> None:
        """Add what has just happened."""
        if self.problem is not None and self._leaves_out(entry):
            self._left_out += 1
            return
        self._thread.queue.append(entry)
        self._appended += 1
        if isinstance(entry, TaskCreated):
            self._created = self._appended
        elif isinstance(entry, TaskStarted):
            self._turns[entry.task_id] = self._appended
        elif isinstance(entry, MessagePublished) and entry.message.stage in LAST:
            self._turns.pop(entry.task_id, None)
            self._turns[entry.task_id] = self._appended
        if not self._due and self._lingering is None:
            self._linger()

    def _leaves_out(self, entry: Entry) -> bool:
        """Tell whether an entry is one too many while nothing can be written; what tasks need is not."""
        if isinstance(entry, MessagePublished):
            if entry.position == 0 or entry.message.stage in LAST:
                return False
        elif not isinstance(entry, StepRecorded):
            return False
        if len(self._thread.queue) >= MOST_QUEUED or self._held_bytes >= MOST_QUEUED_BYTES:
            return True
        self._held_bytes += weight(entry)
        return False

    def written(self) -> "asyncio.Future[None] | None":
        """Return a future that is done when all entries so far are on disk; None if they are.

        It fails if they cannot be written now, or if the newest task is one that can never be.
        """
        return None if self._written >= self._appended else self._reached(self._appended, self._created)

    async def settled(self, task_id: str) -> None:
        """Wait until a task's start is on disk, and its end if it has ended, as long as the storage answers."""
        entries = self._turns.get(task_id)
        if entries is None:
            return
        reached = self._reached(entries)
        await asyncio.wait((reached,))
        reached.exception()  # which is told to whoever submits

    def _reached(self, entries: int, created: int = 0) -> "asyncio.Future[None]":
        reached = self._loop.create_future()
        if self.problem is not None:
            reached.set_exception(StorageDownError(self.problem))
            return reached
        self._waiting.append(_Waiting(entries, created, self._loop.time(), reached))
        self._hurry_soon()
        return reached

    def _hurry_soon(self) -> None:
        """Have the thread write after what is ready to happen: others may have something for the same transaction."""
        if not self._due and self._soon is None:
            self._soon = self._loop.call_soon(self._hurry)

    def _linger(self) -> None:
        self._lingering = self._loop.call_later(LINGER_SECONDS, self._hurry)

    def _hurry(self) -> None:
        """Have the thread write now what is there, unless it writes."""
        self._soon = None
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if not self._due:
            self._due, self._due_since = True, self._loop.time()
            self._thread.write(self._appended)
        self._watch()

    def _watch(self) -> None:
        """Look after the transaction, and whoever has waited longest, unless it is known that the storage fails."""
        since = self._oldest()
        if self._watching is None and since is not None and self.problem is None:
            self._watching = self._loop.call_at(since + self._patience_seconds, self._look)

    def _oldest(self) -> float | None:
        """Return since when the storage has owed an answer."""
        due = [self._due_since] if self._due else []
        return min([*due, *(waiting.since for waiting in islice(self._waiting, 1))], default=None)

    def _look(self) -> None:
        self._watching = None
        since = self._oldest()
        if since is not None and self._loop.time() >= since + self._patience_seconds:
            self._failed(f"nothing was written for {self._patience_seconds:g} seconds")
        self._watch()

    # What the thread reports; on the event loop.

    def committed(self, entries: int, seconds: float) -> None:
        """Tell whoever waits for the entries of a transaction."""
        if self.problem is not None:
            _log.warning("the storage is written again")
            if self._left_out:
                _log.error("%d messages and steps of tasks were left out meanwhile", self._left_out)
            self.problem, self._left_out, self._held_bytes = None, 0, 0
        self._records.storage_committed(seconds)
        self._advance(entries)

    def never_written(self, entries: int, problem: str) -> None:
        """Tell whoever waits for a new task in entries that no database takes."""
        lost = range(self._written + 1, self._written + entries + 1)
        for waiting in self._waiting:
            if waiting.created in lost:
                ended(waiting.reached, StorageDownError(problem))
        self._records.storage_done(StorageOperation.COMMIT, StorageOutcome.ERROR)
        self._advance(entries)

    def _advance(self, entries: int) -> None:
        self._written += entries
        while self._waiting and self._waiting[0].entries <= self._written:
            ended(self._waiting.popleft().reached, None)
        while self._turns:
            task_id, needed = next(iter(self._turns.items()))
            if needed > self._written:
                break
            del self._turns[task_id]
        self.rested()

    def rested(self) -> None:
        """Decide when the thread writes again; it has nothing left of what it was woken for."""
        self._due = False
        if self._waiting:
            self._hurry_soon()
        elif self.queued and self._lingering is None:
            self._linger()

    def _failed(self, problem: str) -> None:
        if self.problem is None:
            _log.error("the storage cannot be written: %s; no new task is accepted until it can", problem)
        self.problem = problem
        while self._waiting:
            ended(self._waiting.popleft().reached, StorageDownError(problem))

    def failed_to_write(self, problem: str) -> None:
        """Tell whoever waits that a transaction has failed; it is tried again."""
        self._records.storage_done(StorageOperation.COMMIT, StorageOutcome.ERROR)
        self._failed(problem)

    def tended(self, expired: Collection[str], size_bytes: int | None) -> None:
        """Forget the tasks that were deleted, and count it; without a size it has failed."""
        outcome = StorageOutcome.ERROR if size_bytes is None else StorageOutcome.OK
        self._records.storage_done(StorageOperation.EXPIRE, outcome)
        if size_bytes is not None:
            self._records.storage_measured(size_bytes)
        if expired:
            self._forget(expired)
