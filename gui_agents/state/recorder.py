"""Turns what the verbs of the state do into the entries of the journal.

As everything in this package but `service_state` it knows no lock and no clock.
"""

from collections.abc import Iterable
from decimal import Decimal

from gui_agents.domain.journal import (
    DaySpent,
    Journal,
    MessagePublished,
    SandboxGiven,
    Step,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
)
from gui_agents.domain.lifecycle import Ending, TaskStatus
from gui_agents.domain.model import History
from gui_agents.domain.sandbox import SandboxInfo
from gui_agents.domain.spec import TaskSpec
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.task import TaskRecord
from gui_agents.state.table import TaskTable


class Recorder:
    """Adds entries to a journal, each under the attempt of its task."""

    def __init__(self, journal: Journal, table: TaskTable) -> None:
        self._append = journal.append
        self._table = table

    def created(self, task_id: str, spec: TaskSpec, at: float) -> None:
        """Record a new task."""
        attempt = self._table.attempt(task_id)
        self._append(TaskCreated(task_id=task_id, attempt=attempt, spec=spec, created_at=at))

    def requeued(self, task_id: str) -> None:
        """Record a task of an earlier service that waits again."""
        self._append(TaskRequeued(task_id=task_id, attempt=self._table.attempt(task_id)))

    def started(self, task_id: str, at: float) -> None:
        """Record that a task has a slot."""
        self._append(TaskStarted(task_id=task_id, attempt=self._table.attempt(task_id), started_at=at))

    def given(self, task_id: str, sandbox: SandboxInfo) -> None:
        """Record the sandbox of a task."""
        self._append(SandboxGiven(task_id=task_id, attempt=self._table.attempt(task_id), sandbox=sandbox))

    def published(self, task_id: str, position: int, message: StreamMessage) -> None:
        """Record the next message of a task's stream."""
        attempt = self._table.attempt(task_id)
        self._append(MessagePublished(task_id=task_id, attempt=attempt, position=position, message=message))

    def stepped(self, task_id: str, step: Step, at: float) -> None:
        """Record an action of a step, and what the task has used so far."""
        self._append(
            StepRecorded(
                task_id=task_id,
                attempt=self._table.attempt(task_id),
                position=self._table.next_record(task_id),
                at=at,
                step=step,
                statistics=self._table.used(task_id),
            )
        )

    def ended(self, last: TaskRecord, status: TaskStatus, ending: Ending, history: History, at: float) -> None:
        """Record the end of a task; `last` is the task just before."""
        self._append(
            TaskEnded(
                task_id=last.task_id,
                attempt=self._table.attempt(last.task_id),
                status=status,
                ending=ending,
                statistics=last.statistics,
                execution_seconds=last.execution_seconds,
                ended_at=at,
                history=history,
            )
        )

    def spent(self, accounts: Iterable[tuple[int, str, Decimal]], owner: str = "") -> None:
        """Record what days have cost the service or one owner, each with its currency."""
        for day, currency, amount in accounts:
            self._append(DaySpent(day=day, currency=currency, amount=amount, owner=owner))
