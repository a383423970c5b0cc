"""The one thread that opens a store, writes transactions to it, deletes old tasks, and closes it.

It takes what its writer has allowed, and reports each time that it was woken. What it reports is called on the event
loop. See `writer` for the theory of operation.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import chain, repeat
from typing import Any, Final, Protocol

from gui_agents.domain.journal import Entry, TaskEnded, TaskRequeued
from gui_agents.domain.storage import StorageError, TaskStore

RETRY_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Before each further try; the last one for all that follow."""
MOST_AT_ONCE: Final = 2000
"""Entries of one transaction."""
TENDING_SECONDS: Final = 60.0
"""From one look for old tasks to the next."""

_BEGIN_MORE: Final = (TaskEnded, TaskRequeued)
"""What is not divided from the entry behind it: the last message of an end, and whatever a new attempt begins with."""

_log = logging.getLogger(__name__)


class Reports(Protocol):
    """What the thread tells; on the event loop."""

    def rested(self) -> None:
        """Take note that there was nothing to write."""

    def committed(self, entries: int, seconds: float) -> None:
        """Take note of a transaction."""

    def failed_to_write(self, problem: str) -> None:
        """Take note of a transaction that will be tried again."""

    def never_written(self, entries: int, problem: str) -> None:
        """Take note of entries that no database takes."""

    def tended(self, expired: Collection[str], size_bytes: int | None) -> None:
        """Take note of the tasks that were deleted and of the store's size; None if that failed."""


class WritingThread:
    """Writes what is in `queue`. Its methods are called on the event loop."""

    def __init__(
        self,
        store: TaskStore,
        reports: Reports,
        *,
        keep_seconds: float | None,
        max_bytes: int | None,
        tending_seconds: float = TENDING_SECONDS,
    ) -> None:
        self.queue: deque[Entry] = deque()
        """Entries that are not taken yet."""
        self._store = store
        self._reports = reports
        self._keep_seconds = keep_seconds
        self._max_bytes = max_bytes
        self._tending_seconds = tending_seconds
        self._allowed = 0
        """Entries that may be taken; what was appended up to then is whole."""
        self._taken = 0
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._closing_until = 0.0
        self._thread: threading.Thread | None = None

    @property
    def going(self) -> bool:
        """Whether it was started and not told to end."""
        return self._thread is not None and not self._closing.is_set()

    async def start(self) -> None:
        """Open the store, and write from now on.

        Raises:
            StorageStartError: this service cannot use it.
            StorageError: it does not answer.
        """
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        opened = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="storage writer", daemon=True)
        self._thread.start()
        await opened

    def write(self, entries: int) -> None:
        """Have everything written up to this number of entries since the start."""
        self._allowed = entries
        self._wake.set()

    async def close(self, entries: int, seconds: float) -> None:
        """Write up to this number of entries, for at most so long, and close the store."""
        self._closing_until = time.monotonic() + seconds
        self._closing.set()
        self.write(entries)
        await asyncio.wait((self._ended,), timeout=seconds + RETRY_SECONDS[0])

    # In the thread.

    def _run(self, opened: "asyncio.Future[None]") -> None:
        try:
            self._store.open()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self._call(ended, opened, error)
        else:
            self._call(ended, opened, None)
            self._work()
        self._call(ended, self._ended, None)

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
            self._call(self._reports.rested)
        while batch:
            if not self._write(batch):
                return False
            batch = self._take()
        return True

    def _take(self) -> Sequence[Entry]:
        batch: list[Entry] = []
        while self._taken < self._allowed and (len(batch) < MOST_AT_ONCE or isinstance(batch[-1], _BEGIN_MORE)):
            batch.append(self.queue.popleft())
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
                self._call(self._reports.failed_to_write, str(error))
                if self._gives_up_after(next(delays)):
                    return False
            except Exception as error:  # noqa: BLE001 - the boundary of a background loop
                defect = error
                break
            else:
                self._call(self._reports.committed, len(batch), time.monotonic() - began)
                return True
        first, second = _halves(batch)
        if second:
            return self._write(first) and self._write(second)
        _log.error("entries of task %s cannot be stored", getattr(batch[0], "task_id", "-"), exc_info=defect)
        self._call(self._reports.never_written, len(batch), f"it cannot be stored: {type(defect).__name__}")
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
            self._call(self._reports.tended, (), None)
            return False
        self._call(self._reports.tended, expired, size_bytes)
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


def ended(future: "asyncio.Future[None]", problem: BaseException | None) -> None:
    """End what somebody waits for, who may have left."""
    if future.done():
        return
    if problem is None:
        future.set_result(None)
    else:
        future.set_exception(problem)
