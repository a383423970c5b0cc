"""The task table. It alone writes task records, and it keeps all tallies that follow from them.

Pending tasks are in the order of the queue, running ones in the order of their last progress, ended ones in the order
of their end. No question therefore needs a scan. There is no lock here: `ServiceState` calls it inside its critical
sections.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Final

from gui_agents.domain.buckets import EXECUTION_SECONDS, QUEUE_WAIT_SECONDS, TASK_STEPS
from gui_agents.domain.errors import NotFoundError
from gui_agents.domain.journal import FIRST_ATTEMPT
from gui_agents.domain.lifecycle import (
    Ending,
    FailureReason,
    IllegalTransitionError,
    TaskEvent,
    TaskStatus,
    next_status,
)
from gui_agents.domain.model import NO_HISTORY, History
from gui_agents.domain.money import EXACT
from gui_agents.domain.sandbox import SandboxInfo
from gui_agents.domain.spec import TaskSpec
from gui_agents.domain.task import RejectReason, TaskLimits, TaskRecord, TaskStatistics
from gui_agents.domain.usage import Bill, ModelCall
from gui_agents.snapshot import TasksSnapshot
from gui_agents.state.histogram import Histogram
from gui_agents.state.window import SlidingWindow

EVICTED_AT_ONCE: Final = 1000
"""One large task may make many small ones go; a critical section is short nevertheless."""


class _Entry:
    """A task that can still change. Only the table writes it."""

    __slots__ = (
        "attempt",
        "cost",
        "created_at",
        "created_monotonic",
        "currency",
        "ended_monotonic",
        "ending",
        "history",
        "input_tokens",
        "output_tokens",
        "progressed_monotonic",
        "recorded",
        "sandbox",
        "spec",
        "started_monotonic",
        "status",
        "steps",
        "task_id",
        "weight",
    )

    def __init__(self, task_id: str, spec: TaskSpec, monotonic: float, at: float, attempt: int) -> None:
        self.task_id = task_id
        self.attempt = attempt
        self.spec = spec
        self.status = TaskStatus.PENDING
        self.created_at = at
        self.created_monotonic = monotonic
        self.started_monotonic: float | None = None
        self.ended_monotonic: float | None = None
        self.ending: Ending | None = None
        self.history = NO_HISTORY
        self.sandbox: SandboxInfo | None = None
        self.progressed_monotonic = monotonic
        self.recorded = 0
        """Actions of its steps, as the journal has them."""
        self.steps = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost = Decimal(0)
        self.currency: str | None = None
        self.weight = 0

    def used(self) -> TaskStatistics:
        """Return what the task has used so far."""
        return TaskStatistics(self.steps, self.input_tokens, self.output_tokens, self.cost, self.currency)


class _Ended:
    """The ended tasks of one owner that are retained, in the order of their end."""

    __slots__ = ("bytes", "tasks")

    def __init__(self) -> None:
        self.bytes = 0
        self.tasks: OrderedDict[str, None] = OrderedDict()


class TaskTable:
    """All tasks in memory, and the tallies of all tasks since the start; `native` as in `Histogram`."""

    def __init__(self, limits: TaskLimits, *, native: bool = False) -> None:
        self.limits = limits
        self._entries: dict[str, _Entry] = {}
        self._pending: OrderedDict[str, _Entry] = OrderedDict()
        self._running: OrderedDict[str, _Entry] = OrderedDict()
        """Running tasks; the one that has been silent longest is first."""
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._ended_bytes = 0
        self._ended_by_owner: dict[str, _Ended] = {}
        self._created = dict.fromkeys(map(str, TaskStatus), 0)
        self._failures = dict.fromkeys(map(str, FailureReason), 0)
        self._rejected = dict.fromkeys(map(str, RejectReason), 0)
        self._execution = Histogram(EXECUTION_SECONDS, native=native)
        self._queue_wait = Histogram(QUEUE_WAIT_SECONDS, native=native)
        self._steps = Histogram(TASK_STEPS)
        self._latency = SlidingWindow()

    @property
    def pending(self) -> int:
        """Tasks that wait now."""
        return len(self._pending)

    @property
    def running(self) -> int:
        """Tasks that hold a slot now."""
        return len(self._running)

    def __len__(self) -> int:
        """Return how many tasks are in memory."""
        return len(self._entries)

    def spec(self, task_id: str) -> TaskSpec:
        """Return what a task was asked to do."""
        return self._entries[task_id].spec

    def next_record(self, task_id: str) -> int:
        """Return the number of the next action of a task that the journal gets, from 0."""
        entry = self._entries[task_id]
        entry.recorded += 1
        return entry.recorded - 1

    def used(self, task_id: str) -> TaskStatistics:
        """Return what a task has used so far."""
        return self._entries[task_id].used()

    def history(self, task_id: str) -> History:
        """Return the conversation of a task that has ended.

        Raises:
            NotFoundError: the task is unknown, or no longer retained.
        """
        return self._known(task_id).history

    def attempt(self, task_id: str) -> int:
        """Return by which attempt at it a task is run."""
        return self._entries[task_id].attempt

    def live(self) -> list[str]:
        """Return the ids of all running tasks, then of all pending ones."""
        return [*self._running, *self._pending]

    def status(self, task_id: str) -> TaskStatus | None:
        """Return a task's status, or None for an unknown one."""
        entry = self._entries.get(task_id)
        return None if entry is None else entry.status

    def owner(self, task_id: str) -> str | None:
        """Return who started a task, or None for an unknown one."""
        entry = self._entries.get(task_id)
        return None if entry is None else entry.spec.owner

    def record(self, task_id: str, monotonic: float) -> TaskRecord:
        """Return a task as of `monotonic`, in seconds of the monotonic clock.

        Raises:
            NotFoundError: the task is unknown, or no longer retained.
        """
        entry = self._known(task_id)
        started, ended = entry.started_monotonic, entry.ended_monotonic
        return TaskRecord(
            task_id=task_id,
            spec=entry.spec,
            status=entry.status,
            created_at=entry.created_at,
            execution_seconds=0.0 if started is None else (monotonic if ended is None else ended) - started,
            statistics=entry.used(),
            sandbox=entry.sandbox,
            ending=entry.ending,
        )

    def create(self, task_id: str, spec: TaskSpec, monotonic: float, at: float, attempt: int = FIRST_ATTEMPT) -> None:
        """Add a pending task, created `at` a time of the wall clock, at the end of the queue."""
        if task_id in self._entries:
            raise ValueError(f"task {task_id} exists already")
        entry = _Entry(task_id, spec, monotonic, at, attempt)
        self._entries[task_id] = entry
        self._pending[task_id] = entry
        self._created[TaskStatus.PENDING] += 1

    def start(self, task_id: str, monotonic: float, at: float) -> None:
        """Move a pending task to running.

        Raises:
            IllegalTransitionError: it is not pending; nothing changed.
        """
        entry = self._entries[task_id]
        entry.status = _moved(entry, TaskEvent.START)
        del self._pending[task_id]
        entry.started_monotonic = monotonic
        entry.progressed_monotonic = monotonic
        self._running[task_id] = entry
        self._created[TaskStatus.RUNNING] += 1
        wait = monotonic - entry.created_monotonic
        self._queue_wait.observe(wait, task_id, at)

    def end(
        self,
        task_id: str,
        ending: Ending,
        monotonic: float,
        at: float,
        *,
        weight: int = 0,
        history: History = NO_HISTORY,
    ) -> None:
        """Move a live task to its terminal status. It may make the table `overfull`; `evict` is called then.

        `weight` are the bytes that are kept of it, those of its conversation included.

        Raises:
            IllegalTransitionError: it has ended already; nothing changed.
        """
        entry = self._entries[task_id]
        entry.status = _moved(entry, ending.event)
        entry.ending = ending
        entry.history = history
        entry.ended_monotonic = monotonic
        entry.spec = entry.spec.without_keys()
        started = entry.started_monotonic
        if started is None:
            del self._pending[task_id]
            wait = monotonic - entry.created_monotonic
            self._queue_wait.observe(wait, task_id, at)
        else:
            del self._running[task_id]
            seconds = monotonic - started
            self._execution.observe(seconds, task_id, at)
            self._steps.observe(entry.steps, task_id, at)
            self._latency.observe(seconds, monotonic)
        self._created[entry.status] += 1
        if ending.reason is not None:
            self._failures[ending.reason] += 1
        entry.weight = weight
        self._ended_bytes += weight
        self._ended[task_id] = None
        ended = self._ended_by_owner.setdefault(entry.spec.owner, _Ended())
        ended.bytes += weight
        ended.tasks[task_id] = None

    def reject(self, reason: RejectReason) -> None:
        """Count a refused submission."""
        self._rejected[reason] += 1

    def progressed(self, task_id: str, monotonic: float, steps: int = 0) -> bool:
        """Record progress of a task and add its new steps. Return False if it has ended; nothing changes then."""
        entry = self._running.get(task_id)
        if entry is None:
            return False
        entry.progressed_monotonic = monotonic
        entry.steps += steps
        self._running.move_to_end(task_id)
        return True

    def billed(self, task_id: str, call: ModelCall, bill: Bill) -> None:
        """Add a call to a model to the statistics of a running task."""
        entry = self._entries[task_id]
        if call.usage is not None:
            entry.input_tokens += call.usage.input_tokens
            entry.output_tokens += call.usage.output_tokens
        if bill.currency is not None:
            entry.cost = EXACT.add(entry.cost, bill.amount)
            if call.usage is not None or not call.billed:
                # Without any such call, what the task cost is not known, and not 0.
                entry.currency = bill.currency

    def sandboxed(self, task_id: str, sandbox: SandboxInfo) -> None:
        """Record the sandbox of a task."""
        self._entries[task_id].sandbox = sandbox

    def statistics(self, monotonic: float, dated: Callable[[float], float]) -> TasksSnapshot:
        """Return the frozen tallies; the latency window is the one that ends at `monotonic`.

        `dated` returns the wall clock's date of an instant of the monotonic clock.
        """
        pending, running = next(iter(self._pending.values()), None), next(iter(self._running.values()), None)
        return TasksSnapshot(
            created=self._created.copy(),
            live={str(TaskStatus.PENDING): len(self._pending), str(TaskStatus.RUNNING): len(self._running)},
            failures=self._failures.copy(),
            rejected=self._rejected.copy(),
            retained=len(self._ended),
            slots=self.limits.slots,
            queue_capacity=self.limits.queue_capacity,
            retention_limit=self.limits.retention,
            oldest_pending_at=None if pending is None else dated(pending.created_monotonic),
            oldest_progress_at=None if running is None else dated(running.progressed_monotonic),
            execution=self._execution.point(),
            queue_wait=self._queue_wait.point(),
            steps=self._steps.point(),
            latency=self._latency.point(monotonic),
        )

    def _known(self, task_id: str) -> _Entry:
        entry = self._entries.get(task_id)
        if entry is None:
            raise NotFoundError("task", task_id)
        return entry

    @property
    def overfull(self) -> bool:
        """Whether more ended tasks are kept than the limits allow."""
        limits = self.limits
        return len(self._ended) > limits.retention or (self._ended_bytes > limits.retention_bytes and bool(self._ended))

    def evict(self, owner: str = "", owner_bytes: int | None = None) -> Collection[str]:
        """Forget the tasks that ended first, up to `EVICTED_AT_ONCE` while there are too many; return their ids.

        First go those of an owner whose ended tasks take more than `owner_bytes`, if that is a limit.
        """
        evicted: list[str] = []
        ended = self._ended_by_owner.get(owner)
        while ended is not None and owner_bytes is not None and ended.bytes > owner_bytes and ended.tasks:
            if len(evicted) == EVICTED_AT_ONCE:
                return evicted
            evicted.append(self._forget(next(iter(ended.tasks))))
        while self.overfull and len(evicted) < EVICTED_AT_ONCE:
            evicted.append(self._forget(next(iter(self._ended))))
        return evicted

    def _forget(self, task_id: str) -> str:
        """Forget an ended task, and return its id."""
        entry = self._entries.pop(task_id)
        del self._ended[task_id]
        self._ended_bytes -= entry.weight
        ended = self._ended_by_owner[entry.spec.owner]
        del ended.tasks[task_id]
        ended.bytes -= entry.weight
        if not ended.tasks:
            del self._ended_by_owner[entry.spec.owner]
        return task_id


def _moved(entry: _Entry, event: TaskEvent) -> TaskStatus:
    status = next_status(entry.status, event)
    if status is None:
        raise IllegalTransitionError(entry.status, event)
    return status
