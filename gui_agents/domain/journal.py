"""What happens to tasks, as entries in the order in which it happened, and the journal that takes them.

Theory of operation. One thread writes entries, many at once, as one transaction. Entries can be written twice without
harm, because nobody knows whether a transaction was committed when its connection is lost.

Every entry of a task carries the `attempt` of whoever wrote it. A task that is taken over gets a higher attempt, and
entries of lower ones change nothing from then on: a writer that is late cannot spoil what its successor has written.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from gui_agents.domain.actions import Action
from gui_agents.domain.lifecycle import Ending, TaskStatus
from gui_agents.domain.model import NO_HISTORY, History
from gui_agents.domain.sandbox import SandboxInfo
from gui_agents.domain.spec import TaskSpec
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.task import TaskStatistics

if TYPE_CHECKING:
    import asyncio

FIRST_ATTEMPT: Final = 1


@attrs.frozen(kw_only=True)
class Step:
    """One action of a step, as it is recorded; an answer with several actions makes several."""

    number: int
    """Of the step, from 1."""
    action: Action | None
    """What was decided, passwords masked; None for an answer that was no action."""
    rationale: str
    outcome: str
    """What came of it, in a few words."""
    seconds: float
    tokens: int
    """Input and output tokens since the record before."""
    cost: Decimal
    """Known cost since the record before."""
    currency: str | None
    """ISO code; None if no price is known."""
    picture: str | None = None
    """The name that the picture of the screen has on which it was decided, if that is kept: `failed` writes only those
    of the last steps of tasks that fail, and the oldest ones go when there are too many."""


@attrs.frozen(kw_only=True)
class TaskCreated:
    """A task was accepted; its first message is an entry of its own."""

    task_id: str
    attempt: int
    spec: TaskSpec
    """With its keys, which no store may write."""
    created_at: float
    """Wall clock, seconds since the epoch, as all times here."""


@attrs.frozen(kw_only=True)
class TaskRequeued:
    """A task of an earlier service waits again, under a new attempt."""

    task_id: str
    attempt: int


@attrs.frozen(kw_only=True)
class TaskStarted:
    """A task has a slot."""

    task_id: str
    attempt: int
    started_at: float


@attrs.frozen(kw_only=True)
class SandboxGiven:
    """A task has a sandbox."""

    task_id: str
    attempt: int
    sandbox: SandboxInfo


@attrs.frozen(kw_only=True)
class MessagePublished:
    """A message of a task's stream."""

    task_id: str
    attempt: int
    position: int
    """Its number in the task's stream, from 0."""
    message: StreamMessage


@attrs.frozen(kw_only=True)
class StepRecorded:
    """A step's action, and what the task has used so far."""

    task_id: str
    attempt: int
    position: int
    """Its number among the records of this attempt, from 0; one that is written again replaces the first."""
    at: float
    step: Step
    statistics: TaskStatistics


@attrs.frozen(kw_only=True)
class TaskEnded:
    """A task has ended; its last message is an entry of its own."""

    task_id: str
    attempt: int
    status: TaskStatus
    ending: Ending
    statistics: TaskStatistics
    execution_seconds: float
    ended_at: float
    history: History = NO_HISTORY
    """Its conversation, without pictures."""


@attrs.frozen(kw_only=True)
class DaySpent:
    """What a day has cost so far in one currency, calls in flight at their worst; the newest one counts."""

    day: int
    """The number of the UTC day since the epoch."""
    currency: str
    amount: Decimal
    owner: str = ""
    """Whose quota of money it counts against; empty for the budget of the service, which counts all owners' calls."""


Entry = TaskCreated | TaskRequeued | TaskStarted | SandboxGiven | MessagePublished | StepRecorded | TaskEnded | DaySpent


class Journal(Protocol):
    """Takes the entries of the state's verbs, and knows which of them are on disk. Used on the event loop."""

    @property
    def durable(self) -> bool:
        """Whether what it takes survives the process."""

    @property
    def problem(self) -> str | None:
        """Why nothing can be written now; None if it can."""

    @property
    def queued(self) -> int:
        """Entries that are not on disk yet; read by any thread."""

    def append(self, entry: Entry) -> None:
        """Add what has just happened. Does no I/O, takes no lock and never waits."""

    def written(self) -> "asyncio.Future[None] | None":
        """Return a future that is done when all entries so far are on disk; None if they are.

        It fails with StorageDownError if they cannot be written now. They still are later.
        """

    async def settled(self, task_id: str) -> None:
        """Wait until the start of a task is on disk, and its end if it has ended.

        Not for ever, if the storage does not answer.
        """


class KeepsNothing:
    """The journal of a service that stores nothing."""

    durable = False
    problem = None
    queued = 0

    def append(self, entry: Entry) -> None:
        """Forget it."""

    def written(self) -> None:
        """Return None: there is nothing to wait for."""

    async def settled(self, task_id: str) -> None:
        """Return at once."""


NO_JOURNAL: Final[Journal] = KeepsNothing()
