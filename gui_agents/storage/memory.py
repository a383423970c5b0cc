"""The store of a service that forgets its tasks at its end.

It keeps the objects that it is given, so what it holds costs hardly more than the task table does, and it is bounded as
that is: by the number of ended tasks and by the bytes of their texts. Which of them are wanted is found by looking at
each one.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final

from gui_agents.domain.journal import (
    DaySpent,
    Entry,
    MessagePublished,
    SandboxGiven,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
)
from gui_agents.domain.lifecycle import Ending, TaskStatus
from gui_agents.domain.model import NO_HISTORY, History
from gui_agents.domain.sandbox import SandboxInfo
from gui_agents.domain.storage import (
    SUMMARY_CHARACTERS,
    StoredStep,
    StoredTask,
    TaskCounts,
    TaskFilter,
    TaskOrder,
    TaskPage,
    TaskSummary,
)
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.task import TaskRecord, TaskStatistics
from gui_agents.domain.weight import weight
from gui_agents.storage import listing
from gui_agents.storage.keys import as_stored, keys_forgotten, masked_instruction

SECONDS_PER_DAY: Final = 86_400
AT_ONCE: Final = 100
"""Tasks that one call of `expire` deletes."""
RETAINED: Final = 1000
RETAINED_BYTES: Final = 2**28


class _Task:
    """One task; only the store writes it."""

    __slots__ = (
        "attempt",
        "created_at",
        "ended_at",
        "ending",
        "forgotten",
        "history",
        "instruction",
        "messages",
        "sandbox",
        "seconds",
        "sequence",
        "spec",
        "started_at",
        "statistics",
        "status",
        "steps",
        "task_id",
        "weight",
    )

    def __init__(self, entry: TaskCreated, sequence: int) -> None:
        self.task_id = entry.task_id
        self.sequence = sequence
        self.attempt = entry.attempt
        self.spec = entry.spec
        self.instruction = masked_instruction(entry.spec)
        self.forgotten = keys_forgotten(entry.spec)
        self.created_at = entry.created_at
        self.status = TaskStatus.PENDING
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.seconds = 0.0
        self.ending: Ending | None = None
        self.sandbox: SandboxInfo | None = None
        self.statistics = TaskStatistics()
        self.history = NO_HISTORY
        self.messages: dict[int, StreamMessage] = {}
        self.steps: dict[tuple[int, int], StoredStep] = {}
        self.weight = 0

    def stored(self) -> StoredTask:
        """Return the task as it is stored."""
        record = TaskRecord(
            task_id=self.task_id,
            spec=as_stored(self.spec),
            status=self.status,
            created_at=self.created_at,
            execution_seconds=self.seconds,
            statistics=self.statistics,
            sandbox=self.sandbox,
            ending=self.ending,
        )
        return StoredTask(
            record=record,
            attempt=self.attempt,
            keys_forgotten=self.forgotten,
            started_at=self.started_at,
            ended_at=self.ended_at,
        )

    def listed(self) -> listing.Listed:
        """Return what lists need to know of the task."""
        ending = self.ending
        summary = TaskSummary(
            task_id=self.task_id,
            attempt=self.attempt,
            owner=self.spec.owner,
            status=self.status,
            reason=None if ending is None else ending.reason,
            model=self.spec.model.full_name,
            backend=self.spec.backend,
            instruction=self.instruction[:SUMMARY_CHARACTERS],
            message="" if ending is None else ending.message,
            created_at=self.created_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            execution_seconds=self.seconds,
            statistics=self.statistics,
        )
        return listing.Listed(summary, self.sequence, self.instruction)


class MemoryStore:
    """Tasks in memory; see `domain.storage.TaskStore`. A lock parts the writer from those who read."""

    def __init__(self, *, retention: int = RETAINED, retention_bytes: int = RETAINED_BYTES) -> None:
        self._retention = retention
        self._retention_bytes = retention_bytes
        self._lock = threading.Lock()
        self._tasks: dict[str, _Task] = {}
        self._ended: OrderedDict[str, _Task] = OrderedDict()
        """Those that have ended, the first one first."""
        self._forgotten: list[str] = []
        self._created = 0
        self._bytes = 0
        """Of the texts of those that have ended."""
        self._spent: dict[int, dict[str, dict[str, Decimal]]] = {}

    def open(self) -> None:
        """Do nothing."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep entries in their order."""
        with self._lock:
            for entry in entries:
                self._write(entry)
            while len(self._ended) > self._retention or (self._bytes > self._retention_bytes and self._ended):
                task_id = next(iter(self._ended))
                self._forget(task_id)
                self._forgotten.append(task_id)

    def forgotten(self) -> Collection[str]:
        """Return the ids of the tasks that `write` had no room for any more, since the last call."""
        forgotten, self._forgotten = self._forgotten, []
        return forgotten

    def ids(self) -> Collection[str]:
        """Return the ids of all tasks."""
        with self._lock:
            return [*self._tasks]

    def unfinished(self) -> Sequence[StoredTask]:
        """Return the tasks that have not ended, in the order of their creation."""
        return [task.stored() for task in self._all() if task.ended_at is None]

    def task(self, task_id: str) -> StoredTask | None:
        """Return one task; None if it is unknown."""
        with self._lock:
            task = self._tasks.get(task_id)
            return None if task is None else task.stored()

    def messages(self, task_id: str) -> Sequence[StreamMessage]:
        """Return the messages of a task's stream in their order."""
        with self._lock:
            task = self._tasks.get(task_id)
            return [] if task is None else [message for _, message in sorted(task.messages.items())]

    def steps(self, task_id: str) -> Sequence[StoredStep]:
        """Return the steps of a task in their order."""
        with self._lock:
            task = self._tasks.get(task_id)
            return [] if task is None else [step for _, step in sorted(task.steps.items())]

    def history(self, task_id: str) -> History:
        """Return the conversation of a task."""
        with self._lock:
            task = self._tasks.get(task_id)
            return NO_HISTORY if task is None else task.history

    def tasks(
        self, wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str = ""
    ) -> TaskPage:
        """Return the next part of a list."""
        found = listing.wanted_of((task.listed() for task in self._all()), wanted)
        return listing.page(found, wanted, order, descending=descending, limit=limit, cursor=cursor)

    def counts(self, wanted: TaskFilter) -> TaskCounts:
        """Return the sums of the wanted tasks."""
        return listing.counts(listing.wanted_of((task.listed() for task in self._all()), wanted))

    def spent(self, day: int) -> Mapping[str, Mapping[str, Decimal]]:
        """Return what a day has cost, by owner and then by ISO code."""
        with self._lock:
            return {owner: dict(amounts) for owner, amounts in self._spent.get(day, {}).items()}

    def expire(self, *, ended_before: float, max_bytes: int | None) -> Collection[str]:
        """Delete old tasks, at most `AT_ONCE`."""
        with self._lock:
            oldest = sorted(self._ended.values(), key=lambda task: (task.ended_at, task.sequence))[:AT_ONCE]
            deleted = []
            for task in oldest:
                too_old = task.ended_at is not None and task.ended_at < ended_before
                if not too_old and (max_bytes is None or self._bytes <= max_bytes):
                    break
                self._forget(task.task_id)
                deleted.append(task.task_id)
            for day in [day for day in self._spent if (day + 1) * SECONDS_PER_DAY <= ended_before]:
                del self._spent[day]
        return deleted

    def size_bytes(self) -> int:
        """Return the bytes of the texts of ended tasks."""
        return self._bytes

    def close(self) -> None:
        """Do nothing."""

    def _all(self) -> list[_Task]:
        with self._lock:
            return [*self._tasks.values()]

    def _write(self, entry: Entry) -> None:
        if isinstance(entry, DaySpent):
            self._spent.setdefault(entry.day, {}).setdefault(entry.owner, {})[entry.currency] = entry.amount
            return
        task = self._tasks.get(entry.task_id)
        if isinstance(entry, TaskCreated):
            if task is None:
                self._created += 1
                self._tasks[entry.task_id] = _Task(entry, self._created)
        elif isinstance(entry, TaskRequeued):
            if task is not None and task.attempt < entry.attempt and task.ended_at is None:
                task.attempt, task.status = entry.attempt, TaskStatus.PENDING
                task.started_at, task.sandbox, task.statistics = None, None, TaskStatistics()
        elif task is not None and task.attempt == entry.attempt:
            self._change(task, entry)

    def _change(
        self, task: _Task, entry: TaskStarted | SandboxGiven | MessagePublished | StepRecorded | TaskEnded
    ) -> None:
        match entry:
            case MessagePublished():
                task.messages[entry.position] = entry.message
                self._weigh(task, entry.message)
            case StepRecorded():
                step = StoredStep(attempt=entry.attempt, at=entry.at, step=entry.step)
                task.steps[entry.attempt, entry.position] = step
                self._weigh(task, entry.step)
                if task.ended_at is None:
                    task.statistics = entry.statistics
            case TaskStarted() if task.status is TaskStatus.PENDING:
                task.status, task.started_at = TaskStatus.RUNNING, entry.started_at
            case SandboxGiven():
                task.sandbox = entry.sandbox
            case TaskEnded() if task.ended_at is None:
                self._end(task, entry)

    def _end(self, task: _Task, entry: TaskEnded) -> None:
        task.status, task.ending, task.statistics = entry.status, entry.ending, entry.statistics
        task.ended_at, task.seconds = entry.ended_at, entry.execution_seconds
        task.spec, task.history = as_stored(task.spec), entry.history
        task.weight = weight((task.spec, task.ending, task.history, [*task.messages.values()], [*task.steps.values()]))
        self._ended[task.task_id] = task
        self._bytes += task.weight

    def _weigh(self, task: _Task, added: object) -> None:
        """Add what belongs to a task that has ended already, such as its last message."""
        if task.ended_at is not None:
            more = weight(added)
            task.weight += more
            self._bytes += more

    def _forget(self, task_id: str) -> None:
        del self._ended[task_id]
        self._bytes -= self._tasks.pop(task_id).weight
