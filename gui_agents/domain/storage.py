"""What is read of stored tasks, and the protocol of the stores.

No key is stored. A task is stored with its keys masked, and `keys_forgotten` says that it cannot be run from the store.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum, unique
from typing import Final, Protocol

import attrs

from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.journal import Entry, Step
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.model import History
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.task import TaskRecord, TaskStatistics


@attrs.frozen(kw_only=True)
class StoredTask:
    """One task as it is stored."""

    record: TaskRecord
    """Its keys masked."""
    attempt: int
    keys_forgotten: bool
    """Whether its request had keys, or a text with keys, which are not stored."""
    started_at: float | None
    ended_at: float | None


@attrs.frozen(kw_only=True)
class StoredStep:
    """One action of a stored task."""

    attempt: int
    at: float
    step: Step


@attrs.frozen(kw_only=True)
class TaskSummary:
    """One line of a list of tasks."""

    task_id: str
    attempt: int
    owner: str
    status: TaskStatus
    reason: FailureReason | None
    model: str
    """PROVIDER/NAME."""
    backend: str
    instruction: str
    """The first `SUMMARY_CHARACTERS` of it."""
    message: str
    """How it ended; empty while it has not."""
    created_at: float
    started_at: float | None
    ended_at: float | None
    execution_seconds: float
    """0 while it has not ended."""
    statistics: TaskStatistics


SUMMARY_CHARACTERS: Final = 300


@unique
class TaskOrder(StrEnum):
    """What a list of tasks is sorted by, and then by their order of creation.

    Tasks without the value come behind the others, in either direction: those that have not ended have neither an end
    nor a duration, and some have no known cost.
    """

    CREATED = "created"
    ENDED = "ended"
    DURATION = "duration"
    COST = "cost"
    STEPS = "steps"


SEARCHED_CHARACTERS: Final = 10_000
"""So many characters of an instruction are searched for a text."""


@attrs.frozen(kw_only=True)
class TaskFilter:
    """Which tasks are wanted: those that meet all that is set. Empty collections and None ask for nothing."""

    statuses: frozenset[TaskStatus] = frozenset()
    reasons: frozenset[FailureReason] = frozenset()
    models: frozenset[str] = frozenset()
    """PROVIDER/NAME."""
    backends: frozenset[str] = frozenset()
    owner: str | None = None
    created_from: float | None = None
    created_before: float | None = None
    text: str = ""
    """Is in the first `SEARCHED_CHARACTERS` of the instruction, upper and lower case alike."""
    min_cost: Decimal | None = None
    """In whatever currency. A task without a known cost meets no bound of it."""
    max_cost: Decimal | None = None
    min_seconds: float | None = None
    """Of execution. A task that has not ended meets no bound of it."""
    max_seconds: float | None = None
    id_prefix: str = ""
    """How the id begins."""


@attrs.frozen(kw_only=True)
class TaskPage:
    """A part of a list."""

    tasks: tuple[TaskSummary, ...]
    next_cursor: str
    """Where the next part begins; empty at the end."""


@attrs.frozen(kw_only=True)
class TaskCounts:
    """What the tasks of a time were, added up."""

    statuses: Mapping[TaskStatus, int]
    reasons: Mapping[FailureReason, int]
    costs: Mapping[str, Decimal]
    """By ISO code."""
    input_tokens: int
    output_tokens: int
    steps: int
    execution_seconds: float


@unique
class StorageOperation(StrEnum):
    """What is done with the store, as metrics spell it."""

    COMMIT = "commit"
    """Entries were written, many at once."""
    READ = "read"
    """A client or an operator asked for what is not in memory."""
    EXPIRE = "expire"
    """Old tasks were deleted, or the store was measured."""


@unique
class StorageOutcome(StrEnum):
    """How it ended, as metrics spell it."""

    OK = "ok"
    ERROR = "error"


class StorageError(GuiAgentsError):
    """The store cannot be read or written now. What was written stays; another try may succeed."""


class StorageStartError(StorageError):
    """The store cannot be used by this service: a newer one has made it, another one has it, or it is damaged.

    `variable` is what an operator changes, and the text says how.
    """

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


class CursorError(GuiAgentsError):
    """A cursor was not made by this store for this list."""


class TaskStore(Protocol):
    """Where tasks are stored. `open`, `write`, `expire` and `close` are called by one thread, the others by any.

    Every method may raise StorageError.
    """

    def open(self) -> None:
        """Take the store over and bring it to the newest version.

        Raises:
            StorageStartError: this service cannot use it.
        """

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries in their order, all or none. They survive a crash once this has returned."""

    def unfinished(self) -> Sequence[StoredTask]:
        """Return the tasks that have not ended, in the order of their creation."""

    def task(self, task_id: str) -> StoredTask | None:
        """Return one task; None if it is unknown."""

    def messages(self, task_id: str) -> Sequence[StreamMessage]:
        """Return the messages of a task's stream in their order; none for an unknown one."""

    def steps(self, task_id: str) -> Sequence[StoredStep]:
        """Return the steps of a task in their order; none for an unknown one."""

    def history(self, task_id: str) -> History:
        """Return the conversation of a task; an empty one if it has none."""

    def tasks(
        self, wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str = ""
    ) -> TaskPage:
        """Return the next part of a list, at most `limit` tasks, from `cursor` on.

        Raises:
            CursorError: the cursor is none of this list.
        """

    def counts(self, wanted: TaskFilter) -> TaskCounts:
        """Return the sums of the wanted tasks."""

    def spent(self, day: int) -> Mapping[str, Mapping[str, Decimal]]:
        """Return what a day has cost, by owner and then by ISO code.

        The owner "" is the service as a whole. Its budget counts the calls of all owners, so amounts are not added up.
        """

    def expire(self, *, ended_before: float, max_bytes: int | None) -> Collection[str]:
        """Delete tasks that ended before a time, then the oldest ended ones while the store is larger than that.

        A call deletes a bounded number; it is repeated until it returns none. Returns the ids of what was deleted.
        """

    def size_bytes(self) -> int:
        """Return how large the store is."""

    def close(self) -> None:
        """Let the store go. A second call does nothing."""
