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
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import chain, islice, repeat
from typing import Any, Final, Protocol

import attrs

from gui_agents.domain.errors import StorageDownError
from gui_agents.domain.storage import (
    Entry,
    MessagePublished,
    StepRecorded,
    StorageError,
    StorageOperation,
    StorageOutcome,
    TaskCreated,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
    TaskStore,
)
from gui_agents.domain.stream import LAST
from gui_agents.domain.weight import weight

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
MOST_QUEUED_BYTES: Final = 32 * 2**20
"""The same for the bytes of messages and steps that wait."""
TENDING_SECONDS: Final = 60.0
"""From one look for old tasks to the next."""

_BEGIN_MORE: Final = (TaskEnded, TaskRequeued)
"""What is not divided from the entry behind it: the last message of an end, and whatever a new attempt begins with."""

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
        self._store = store
        self._keep_seconds = keep_seconds
        self._max_bytes = max_bytes
        self._forget = forget
        self._patience_seconds = patience_seconds
        self._tending_seconds = tending_seconds
        self._queue: deque[Entry] = deque()
        self._appended = 0
        self._allowed = 0
        """Entries that the thread may take; what was appended up to then is whole."""
        self._taken = 0
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
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._closing_until = 0.0
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
        self._allowed = self._appended
        self._closing_until = time.monotonic() + seconds
        self._closing.set()
        self._wake.set()
        await asyncio.wait((self._ended,), timeout=seconds + RETRY_SECONDS[0])
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
        self._queue.append(entry)
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
        if len(self._queue) >= MOST_QUEUED or self._held_bytes >= MOST_QUEUED_BYTES:
            return True
        self._held_bytes += weight(entry)
        return False

    def written(self) -> "asyncio.Future[None] | None":
        """Return a future that is done when all entries so far are on disk; None if they are.

        It fails if they cannot be written now, or if the newest task is one that can never be.
        """
        return self._reached(self._appended, self._created)

    async def settled(self, task_id: str) -> None:
        """Wait until a task's start is on disk, and its end if it has ended, as long as the storage answers."""
        entries = self._turns.get(task_id)
        if entries is None:
            return
        reached = self._reached(entries)
        if reached is not None:
            await asyncio.wait((reached,))
            reached.exception()  # which is told to whoever submits

    def _reached(self, entries: int, created: int = 0) -> "asyncio.Future[None] | None":
        if self._written >= entries:
            return None
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
            self._allowed = self._appended
            self._wake.set()
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

    # What the thread tells; on the event loop.

    def _committed(self, entries: int, seconds: float) -> None:
        if self.problem is not None:
            _log.warning("the storage is written again")
            if self._left_out:
                _log.error("%d messages and steps of tasks were left out meanwhile", self._left_out)
            self.problem, self._left_out, self._held_bytes = None, 0, 0
        self._records.storage_committed(seconds)
        self._advance(entries)

    def _never_written(self, entries: int, problem: str) -> None:
        """Tell whoever waits for a new task in entries that no database takes."""
        lost = range(self._written + 1, self._written + entries + 1)
        for waiting in self._waiting:
            if waiting.created in lost:
                _tell(waiting.reached, StorageDownError(problem))
        self._records.storage_done(StorageOperation.COMMIT, StorageOutcome.ERROR)
        self._advance(entries)

    def _advance(self, entries: int) -> None:
        self._written += entries
        while self._waiting and self._waiting[0].entries <= self._written:
            _tell(self._waiting.popleft().reached, None)
        while self._turns:
            task_id, needed = next(iter(self._turns.items()))
            if needed > self._written:
                break
            del self._turns[task_id]
        self._rested()

    def _rested(self) -> None:
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
            _tell(self._waiting.popleft().reached, StorageDownError(problem))

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
            self._call(_tell, opened, error)
        else:
            self._call(_tell, opened, None)
            self._work()
        self._call(_tell, self._ended, None)

    def _work(self) -> None:
        tending = time.monotonic()
        going = True
        while going:
            if self._wake.wait(max(0.0, tending - time.monotonic())):
                self._wake.clear()
                closing = self._closing.is_set()
                going = self._write_due() and not closing
            if going and time.monotonic() >= tending:
                more = self._tend()
                tending = time.monotonic() + (0.0 if more else self._tending_seconds)
        try:
            self._store.close()
        except Exception:  # noqa: BLE001 - the boundary of a background loop
            _log.exception("the storage could not be closed in good order")

    def _write_due(self) -> bool:
        """Write what is due; False if the service ends before that."""
        batch = self._take()
        if not batch:
            self._call(self._rested)
        while batch:
            if not self._write(batch):
                return False
            batch = self._take()
        return True

    def _take(self) -> Sequence[Entry]:
        batch: list[Entry] = []
        while self._taken < self._allowed and (len(batch) < MOST_AT_ONCE or isinstance(batch[-1], _BEGIN_MORE)):
            batch.append(self._queue.popleft())
            self._taken += 1
        return batch

    def _write(self, batch: Sequence[Entry]) -> bool:
        """Write a transaction, however long it takes; False if the service ends before that."""
        delays = chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1]))
        while True:
            began = time.monotonic()
            try:
                self._store.write(batch)
            except StorageError as error:
                self._call(self._failed_to_write, str(error))
                if self._gives_up_after(next(delays)):
                    return False
            except Exception as error:  # noqa: BLE001 - the boundary of a background loop
                defect = error
                break
            else:
                self._call(self._committed, len(batch), time.monotonic() - began)
                return True
        first, second = _halves(batch)
        if second:
            return self._write(first) and self._write(second)
        _log.error("entries of task %s cannot be stored", getattr(batch[0], "task_id", "-"), exc_info=defect)
        self._call(self._never_written, len(batch), f"it cannot be stored: {type(defect).__name__}")
        return True

    def _gives_up_after(self, seconds: float) -> bool:
        """Wait until the next try; tell whether there is none, because the service has ended."""
        if self._closing.wait(seconds):
            time.sleep(RETRY_SECONDS[0])
            return time.monotonic() >= self._closing_until
        return False

    def _tend(self) -> bool:
        """Delete old tasks, and measure the store; return whether there may be more of them."""
        before = float("-inf") if self._keep_seconds is None else time.time() - self._keep_seconds
        try:
            expired = self._store.expire(ended_before=before, max_bytes=self._max_bytes)
            size_bytes = self._store.size_bytes()
        except Exception as error:  # noqa: BLE001 - the boundary of a background loop
            _log.warning("old tasks could not be deleted: %s", error, exc_info=not isinstance(error, StorageError))
            self._call(self._tended, (), None)
            return False
        self._call(self._tended, expired, size_bytes)
        return bool(expired)

    def _call(self, told: Callable[..., Any], *arguments: Any) -> None:
        # The loop may have ended: the process does not wait for this thread.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(told, *arguments)


def _halves(batch: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Return the two halves of a transaction; the second one is empty if it must not be divided."""
    ends = [number for number, entry in enumerate(batch, 1) if not isinstance(entry, _BEGIN_MORE)]
    middle = min(ends, key=lambda end: abs(2 * end - len(batch)), default=len(batch))
    return batch[:middle], batch[middle:]


def _tell(future: "asyncio.Future[None]", problem: BaseException | None) -> None:
    """End what somebody waits for, who may have left."""
    if future.done():
        return
    if problem is None:
        future.set_result(None)
    else:
        future.set_exception(problem)
