"""A store that does what a test says: it holds transactions back, fails, and does not take some entries."""

import threading
from collections.abc import Collection, Sequence
from decimal import Decimal

from gui_agents.domain.journal import (
    FIRST_ATTEMPT,
    Entry,
    MessagePublished,
    Step,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
)
from gui_agents.domain.lifecycle import Ending, TaskEvent, TaskStatus
from gui_agents.domain.storage import StorageError, StorageOperation, StorageOutcome
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskStatistics
from tests.fakes import a_spec

SECONDS = 20.0
"""After so long a test that waits has failed."""


class ScriptedStore:
    """Keeps the transactions that it was given; only what writers call is there."""

    def __init__(self) -> None:
        self.transactions: list[tuple[Entry, ...]] = []
        """What was written, in order."""
        self.tries = 0
        self.trying = threading.Semaphore(0)
        """Released when a transaction begins."""
        self.gate = threading.Event()
        """Lets transactions go on."""
        self.gate.set()
        self.problem: StorageError | None = None
        """Why every transaction fails; None if they do not."""
        self.poison: set[str] = set()
        """Tasks whose entries are never taken."""
        self.open_error: BaseException | None = None
        self.close_error: BaseException | None = None
        self.expired: list[Collection[str] | BaseException] = []
        """What looks for old tasks find, one after the other; then nothing."""
        self.looks: list[tuple[float, int | None]] = []
        self.closed = 0

    def open(self) -> None:
        if self.open_error is not None:
            raise self.open_error

    def write(self, entries: Sequence[Entry]) -> None:
        self.tries += 1
        self.trying.release()
        assert self.gate.wait(SECONDS)
        if self.problem is not None:
            raise self.problem
        lost = [entry for entry in entries if getattr(entry, "task_id", "") in self.poison]
        if lost:
            raise OverflowError("no such number")
        self.transactions.append(tuple(entries))

    def expire(self, *, ended_before: float, max_bytes: int | None) -> Collection[str]:
        self.looks.append((ended_before, max_bytes))
        found = self.expired.pop(0) if self.expired else ()
        if isinstance(found, BaseException):
            raise found
        return found

    def size_bytes(self) -> int:
        return 4096

    def close(self) -> None:
        self.closed += 1
        if self.close_error is not None:
            raise self.close_error

    @property
    def written(self) -> list[Entry]:
        return [entry for transaction in self.transactions for entry in transaction]


class Counts:
    """What a writer reports to the state."""

    def __init__(self) -> None:
        self.commits = 0
        self.done: list[tuple[StorageOperation, StorageOutcome]] = []
        self.sizes: list[int] = []

    def storage_committed(self, seconds: float) -> None:
        self.commits += 1

    def storage_done(self, operation: StorageOperation, outcome: StorageOutcome) -> None:
        self.done.append((operation, outcome))

    def storage_measured(self, size_bytes: int) -> None:
        self.sizes.append(size_bytes)


def created(task_id: str) -> TaskCreated:
    return TaskCreated(task_id=task_id, attempt=FIRST_ATTEMPT, spec=a_spec(), created_at=0.0)


def message(task_id: str, position: int = 1, stage: Stage = Stage.STEP, text: str = "text") -> MessagePublished:
    published = StreamMessage(stage, text, 0.0)
    return MessagePublished(task_id=task_id, attempt=FIRST_ATTEMPT, position=position, message=published)


def started(task_id: str) -> TaskStarted:
    return TaskStarted(task_id=task_id, attempt=FIRST_ATTEMPT, started_at=0.0)


def step(task_id: str) -> StepRecorded:
    taken = Step(number=1, action=None, rationale="", outcome="", seconds=0.0, tokens=0, cost=Decimal(0), currency=None)
    return StepRecorded(
        task_id=task_id, attempt=FIRST_ATTEMPT, position=0, at=0.0, step=taken, statistics=TaskStatistics()
    )


def requeued(task_id: str) -> TaskRequeued:
    return TaskRequeued(task_id=task_id, attempt=FIRST_ATTEMPT + 1)


def ended(task_id: str) -> tuple[TaskEnded, MessagePublished]:
    """Return the end of a task, with its last message."""
    end = TaskEnded(
        task_id=task_id,
        attempt=FIRST_ATTEMPT,
        status=TaskStatus.COMPLETED,
        ending=Ending(event=TaskEvent.COMPLETE, message="done"),
        statistics=TaskStatistics(),
        execution_seconds=0.0,
        ended_at=0.0,
    )
    return end, message(task_id, 2, Stage.FINISHED)
