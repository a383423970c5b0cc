"""The journal of a service whose tasks are stored in a database, and the one thread that writes it.

Theory of operation. The state's verbs append entries, on the event loop and under the state's lock: that is a queue and
a timer, and no I/O. The thread takes everything that is in the queue and writes it as one transaction (group commit);
while it waits for the disk, the next transaction gathers. Nobody waits for most entries, so they linger a moment, to be
written with more of their kind. Somebody who waits, such as a client whose task was just accepted, wakes the thread at
once.

The thread reports the outcome of each transaction, and the loop alone decides when the next one is due. If a
transaction fails, the thread tries it again until it succeeds: entries are never out of order, and never lost while the
service runs. Whoever waits is told, and new tasks are refused as long as `problem` is set. Tasks in memory go on. What
they add is bounded: above `MOST_QUEUED` entries, messages and steps are left out, and the ends of tasks are not.

An entry that no database takes is a defect. It must not hold up all others, so the entries of its transaction are then
written one by one, and it is left out and logged.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, Protocol

from gui_agents.domain.errors import StorageDownError
from gui_agents.domain.storage import (
    Entry,
    MessagePublished,
    StepRecorded,
    StorageError,
    StorageOperation,
    StorageOutcome,
    TaskEnded,
    TaskStore,
)

LINGER_SECONDS: Final = 0.02
"""How long an entry may wait for others, if nobody waits for it."""
PATIENCE_SECONDS: Final = 5.0
"""After which a client is told that the storage does not answer."""
RETRY_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Before each further try; the last one for all that follow."""
MOST_AT_ONCE: Final = 2000
"""Entries of one transaction."""
MOST_QUEUED: Final = 50_000
"""Entries above which messages and steps are left out while nothing can be written."""
TENDING_SECONDS: Final = 60.0
"""From one look for old tasks to the next."""

_log = logging.getLogger(__name__)


class Records(Protocol):
    """The methods of the service's state that the writer needs."""

    def storage_committed(self, seconds: float) -> None:
        """Count a commit."""

    def storage_done(self, operation: StorageOperation, outcome: StorageOutcome) -> None:
        """Count another operation."""

    def storage_measured(self, size_bytes: int) -> None:
        """Record how large the store is."""


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
        self._store = store
        self._keep_seconds = keep_seconds
        self._max_bytes = max_bytes
        self._forget = forget
        self._patience_seconds = patience_seconds
        self._tending_seconds = tending_seconds
        self._queue: deque[Entry] = deque()
        self._appended = 0
        self._written = 0
        self._left_out = 0
        """Messages and steps, since nothing could be written."""
        self._waiting: deque[tuple[int, float, asyncio.Future[None]]] = deque()
        """How many entries must be on disk, since when somebody waits for that, and how it is told."""
        self._endings: dict[str, int] = {}
        """Tasks whose end is not on disk yet -> how many entries must be until it is."""
        self._due = False
        """Whether the thread was woken and has not told of its transaction yet."""
        self._lingering: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
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
        opened = self._loop.create_future()
        self._ended = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="storage writer", daemon=True)
        self._thread.start()
        await opened

    async def close(self, seconds: float) -> None:
        """Write what is left, for at most so long, and close the store. A second call does nothing."""
        if self._thread is None or self._closing.is_set():
            return
        self._closing.set()
        self._wake.set()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._ended)
        except TimeoutError:
            text = "%d entries could not be written in %g seconds, and the storage is left as it is: %s"
            _log.error(text, self.queued, seconds, self.problem or "it does not answer")

    # The journal; all of it on the event loop.

    def append(self, entry: Entry) -> None:
        """Add what has just happened."""
        full = self.problem is not None and len(self._queue) >= MOST_QUEUED
        if full and isinstance(entry, MessagePublished | StepRecorded):
            self._left_out += 1
            return
        self._queue.append(entry)
        self._appended += 1
        if isinstance(entry, TaskEnded):
            self._endings[entry.task_id] = self._appended
        if not self._due and self._lingering is None:
            self._lingering = self._loop.call_later(LINGER_SECONDS, self._hurry)

    def written(self) -> "asyncio.Future[None] | None":
        """Return a future that is done when all entries so far are on disk; None if they are."""
        return self._reached(self._appended)

    async def settled(self, task_id: str) -> None:
        """Wait until the end of a task is on disk, if it has ended, and as long as the storage answers."""
        entries = self._endings.get(task_id)
        if entries is None:
            return
        reached = self._reached(entries)
        if reached is not None:
            await asyncio.wait((reached,))
            reached.exception()  # which is told to whoever submits

    def _reached(self, entries: int) -> "asyncio.Future[None] | None":
        if self._written >= entries:
            return None
        reached = self._loop.create_future()
        if self.problem is not None:
            reached.set_exception(StorageDownError(self.problem))
            return reached
        self._waiting.append((entries, self._loop.time(), reached))
        self._hurry()
        self._watch()
        return reached

    def _hurry(self) -> None:
        """Have the thread write now, unless it does."""
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if not self._due:
            self._due = True
            self._wake.set()

    def _watch(self) -> None:
        """Look after whoever has waited longest, while anybody waits."""
        if self._watching is None and self._waiting:
            since = self._waiting[0][1]
            self._watching = self._loop.call_at(since + self._patience_seconds, self._look)

    def _look(self) -> None:
        self._watching = None
        if self._waiting and self._loop.time() >= self._waiting[0][1] + self._patience_seconds:
            self._failed(f"nothing was written for {self._patience_seconds:g} seconds")
        self._watch()

    # What the thread tells; on the event loop.

    def _committed(self, entries: int, seconds: float) -> None:
        self._due = False
        self._written += entries
        if self.problem is not None:
            _log.warning("the storage is written again")
            if self._left_out:
                _log.error("%d messages and steps of tasks were left out meanwhile", self._left_out)
            self.problem, self._left_out = None, 0
        while self._waiting and self._waiting[0][0] <= self._written:
            _, _, reached = self._waiting.popleft()
            if not reached.done():
                reached.set_result(None)
        while self._endings:
            task_id, needed = next(iter(self._endings.items()))
            if needed > self._written:
                break
            del self._endings[task_id]
        self._records.storage_committed(seconds)
        if self._waiting:
            self._hurry()
        elif self._queue and self._lingering is None:
            self._lingering = self._loop.call_later(LINGER_SECONDS, self._hurry)

    def _failed(self, problem: str) -> None:
        if self.problem is None:
            _log.error("the storage cannot be written: %s; no new task is accepted until it can", problem)
        self.problem = problem
        while self._waiting:
            _, _, reached = self._waiting.popleft()
            if not reached.done():
                reached.set_exception(StorageDownError(problem))

    def _failed_to_write(self, problem: str) -> None:
        self._records.storage_done(StorageOperation.COMMIT, StorageOutcome.ERROR)
        self._failed(problem)

    def _tended(self, expired: Collection[str], size_bytes: int | None) -> None:
        outcome = StorageOutcome.ERROR if size_bytes is None else StorageOutcome.OK
        self._records.storage_done(StorageOperation.EXPIRE, outcome)
        if size_bytes is not None:
            self._records.storage_measured(size_bytes)
        if expired:
            self._forget(expired)

    # The thread.

    def _run(self, opened: "asyncio.Future[None]") -> None:
        try:
            self._store.open()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self._tell(_raise, opened, error)
            return
        self._tell(opened.set_result, None)
        tending = time.monotonic()
        while True:
            self._wake.wait(max(0.0, tending - time.monotonic()))
            self._wake.clear()
            batch = self._take()
            if batch and not self._write(batch):
                break
            if self._closing.is_set() and not self._queue:
                break
            if time.monotonic() >= tending:
                more = self._tend()
                tending = time.monotonic() + (0.0 if more else self._tending_seconds)
        self._store.close()
        self._tell(self._ended.set_result, None)

    def _take(self) -> Sequence[Entry]:
        return [self._queue.popleft() for _ in range(min(len(self._queue), MOST_AT_ONCE))]

    def _write(self, batch: Sequence[Entry]) -> bool:
        """Write a transaction, however long it takes; False if the service ends before that."""
        tries = 0
        while True:
            began = time.monotonic()
            try:
                self._store.write(batch)
            except StorageError as error:
                self._tell(self._failed_to_write, str(error))
                if self._closing.wait(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]) and tries:
                    return False
                tries += 1
            except Exception:
                if len(batch) == 1:
                    _log.exception("an entry of task %s cannot be stored", getattr(batch[0], "task_id", "-"))
                    self._tell(self._records.storage_done, StorageOperation.COMMIT, StorageOutcome.ERROR)
                    self._tell(self._committed, 1, time.monotonic() - began)
                    return True
                # One that fails for good must not keep the others back.
                return False not in [self._write((entry,)) for entry in batch]
            else:
                self._tell(self._committed, len(batch), time.monotonic() - began)
                return True

    def _tend(self) -> bool:
        """Delete old tasks, and measure the store; return whether there may be more of them."""
        before = float("-inf") if self._keep_seconds is None else time.time() - self._keep_seconds
        try:
            expired = self._store.expire(ended_before=before, max_bytes=self._max_bytes)
            size_bytes = self._store.size_bytes()
        except StorageError as error:
            _log.warning("old tasks could not be deleted: %s", error)
            self._tell(self._tended, (), None)
            return False
        self._tell(self._tended, expired, size_bytes)
        return bool(expired)

    def _tell(self, told: Callable[..., Any], *arguments: Any) -> None:
        # The loop may have ended: the process does not wait for this thread.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(told, *arguments)


def _raise(future: "asyncio.Future[None]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
