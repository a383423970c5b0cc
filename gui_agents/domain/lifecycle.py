"""A task's life as data: its statuses, the events that change them, and the reasons for a failure.

pending -> running -> completed | failed | cancelled
pending -> failed | cancelled
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

import attrs

from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.redaction import Redactor


@unique
class TaskStatus(StrEnum):
    """The status of a task."""

    PENDING = "pending"
    """Accepted; waits for a slot and a sandbox."""
    RUNNING = "running"
    """Holds a slot."""
    COMPLETED = "completed"
    """The agent said that it is done."""
    FAILED = "failed"
    """Ended for one of the reasons in FailureReason."""
    CANCELLED = "cancelled"
    """A client cancelled it, or the client that followed it left."""


@unique
class TaskEvent(StrEnum):
    """What can happen to a task."""

    START = "start"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"


@unique
class FailureReason(StrEnum):
    """Why a task failed."""

    AGENT_GAVE_UP = "agent_gave_up"
    """The agent said that it cannot do it, or asked a question that nobody can answer."""
    TIMEOUT = "timeout"
    """The task's deadline passed."""
    STEP_LIMIT = "step_limit"
    """The task used all its steps."""
    BUDGET = "budget"
    """The next call has no room in what the task, or the service on this day, may spend."""
    STUCK = "stuck"
    """The agent's last steps led to nothing new on the screen."""
    MODEL_ERROR = "model_error"
    """The model could not be reached, or gave invalid answers several times in a row."""
    REFUSED = "refused"
    """The model or its provider refused the task, or demanded a confirmation that nobody gave."""
    SANDBOX_ERROR = "sandbox_error"
    """The sandbox could not be created, or broke."""
    INTERRUPTED = "interrupted"
    """The service shut down before the task ended."""
    INTERNAL = "internal"
    """A defect of the service; the log has it."""


LIVE: Final = frozenset({TaskStatus.PENDING, TaskStatus.RUNNING})
"""The statuses that a task can leave."""

TERMINAL: Final = frozenset(TaskStatus) - LIVE
"""The statuses that a task cannot leave."""

TRANSITIONS: Final[Mapping[tuple[TaskStatus, TaskEvent], TaskStatus]] = MappingProxyType(
    {
        (TaskStatus.PENDING, TaskEvent.START): TaskStatus.RUNNING,
        (TaskStatus.PENDING, TaskEvent.FAIL): TaskStatus.FAILED,
        (TaskStatus.PENDING, TaskEvent.CANCEL): TaskStatus.CANCELLED,
        (TaskStatus.RUNNING, TaskEvent.COMPLETE): TaskStatus.COMPLETED,
        (TaskStatus.RUNNING, TaskEvent.FAIL): TaskStatus.FAILED,
        (TaskStatus.RUNNING, TaskEvent.CANCEL): TaskStatus.CANCELLED,
    }
)
"""Every legal transition; what is not listed is illegal."""


ENDS: Final[Mapping[TaskEvent, TaskStatus]] = MappingProxyType(
    {event: status for (_, event), status in TRANSITIONS.items() if status in TERMINAL}
)
"""The status after each event that ends a task."""


def next_status(status: TaskStatus, event: TaskEvent) -> TaskStatus | None:
    """Return the status after `event`, or None if the event is illegal in this status."""
    return TRANSITIONS.get((status, event))


@attrs.frozen(kw_only=True)
class Ending:
    """How a task ends."""

    event: TaskEvent
    message: str
    """A sentence for people."""
    result: str = ""
    """The agent's answer."""
    reason: FailureReason | None = None
    """Set for a failure, and None otherwise."""

    def __attrs_post_init__(self) -> None:
        if (self.event is TaskEvent.FAIL) != (self.reason is not None):
            raise ValueError("a failure has a reason, and nothing else has one")

    def redacted(self, redactor: Redactor) -> "Ending":
        """Return the end as it may be shown."""
        message, result = redactor.redacted(self.message), redactor.redacted(self.result)
        if (message, result) == (self.message, self.result):
            return self
        return attrs.evolve(self, message=message, result=result)


def failure(reason: FailureReason, message: str, *, result: str = "") -> Ending:
    """Return the end of a task that failed; its message begins with the reason."""
    return Ending(event=TaskEvent.FAIL, reason=reason, message=f"{reason}: {message}", result=result)


class IllegalTransitionError(GuiAgentsError):
    """A task in `status` cannot take `event`."""

    def __init__(self, status: str, event: str) -> None:
        super().__init__(f"a {status} task cannot {event}")
        self.status = status
        self.event = event
