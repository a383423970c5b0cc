"""What becomes of the tasks that an earlier service has accepted and not ended.

Those that waited wait again, in their order. Those that ran have failed, or wait again from their first step, as the
operator says. Keys are not stored: a task that needs one of its client's has failed as well, and its message says so.
Nothing of this counts as having happened in this service, but that tasks wait and run here again.
"""

import logging
from collections.abc import Callable, Sequence
from enum import StrEnum, unique
from typing import Final, Protocol

import attrs

from gui_agents.domain.cloud import CloudOrder, CloudWish
from gui_agents.domain.errors import RefusedError, StorageDownError
from gui_agents.domain.journal import (
    Journal,
    MessagePublished,
    SandboxGiven,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
)
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskStatus, failure
from gui_agents.domain.model import History, Turn
from gui_agents.domain.spec import LLMSettings, ModelChoice, TaskSpec
from gui_agents.domain.storage import StoredStep, StoredTask, TaskStore
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.weight import weight
from gui_agents.tasks.archive import Archive
from gui_agents.tasks.runner import TaskRunner

FIELD: Final = "runningConfig.stageModelConfig"
KEYS_FORGOTTEN: Final = (
    "its request or the global configuration had a key, keys are not stored, and the service has started again since; "
    "send the request again"
)
LAST_POSITION: Final = 2**31 - 1
"""Of the last message of a task that was interrupted: behind all others, of which some may have been left out."""

_log = logging.getLogger(__name__)


@unique
class Resume(StrEnum):
    """What becomes of tasks that ran when the service ended without warning."""

    FAIL = "fail"
    """They have failed: interrupted."""
    REQUEUE = "requeue"
    """They run again, from their first step."""


class Models(Protocol):
    """Chooses models."""

    def choose(self, requested: LLMSettings | None, configured: LLMSettings | None, field: str) -> ModelChoice:
        """Return the model of a task. Raise RefusedError if it cannot be used."""


class Backends(Protocol):
    """Knows clouds."""

    def check(self, backend: str, field: str) -> None:
        """Raise RefusedError if a backend cannot run here."""

    def order(self, backend: str, wish: CloudWish) -> CloudOrder | None:
        """Return what a task asks of a backend's cloud; None if it has none."""


@attrs.frozen(kw_only=True)
class Recovery:
    """Takes over what an earlier service has left."""

    archive: Archive
    journal: Journal
    runner: TaskRunner
    models: Models
    backends: Backends
    resume: Resume
    time: Callable[[], float]
    """The wall clock, seconds since the epoch."""

    async def run(self) -> None:
        """Restore the tasks that wait, and end the others.

        Raises:
            StorageDownError: the storage does not answer.
        """
        waiting = interrupted = 0
        for stored in await self.archive.read(lambda store: store.unfinished()):
            why = await self._restored(stored)
            if why is None:
                waiting += 1
            else:
                interrupted += 1
                await self._end(stored, why)
        if waiting or interrupted:
            _log.warning("of an earlier service, %d tasks wait again, and %d have failed", waiting, interrupted)

    async def _restored(self, stored: StoredTask) -> Ending | None:
        """Let a task wait again; or return how it ends.

        Raises:
            StorageDownError: the storage does not answer.
        """
        record = stored.record
        if record.status is TaskStatus.RUNNING and self.resume is Resume.FAIL:
            return failure(FailureReason.INTERRUPTED, "the service ended without warning while the task ran")
        if stored.keys_forgotten:
            return failure(FailureReason.INTERRUPTED, KEYS_FORGOTTEN)
        try:
            spec = self._with_keys(record.spec)
            past = await self.archive.past(spec.previous_task_id)
            messages = await self.archive.read(lambda store: store.messages(record.task_id))
            self.runner.restore(stored, spec, past, messages)
        except StorageDownError:
            raise  # nothing is wrong with the task: the next start takes it over
        except RefusedError as error:
            return failure(FailureReason.INTERRUPTED, f"the service has started again, and cannot run it: {error}")
        return None

    def _with_keys(self, spec: TaskSpec) -> TaskSpec:
        """Return a request with the keys of the operator.

        Raises:
            RefusedError: its model or its backend cannot be used any more.
        """
        self.backends.check(spec.backend, "runningConfig.backend")
        stage, named = spec.config.decider(spec.config.mode)
        model = self.models.choose(named, None, f"{FIELD}.{stage}")
        cloud = spec.cloud
        if cloud is not None:
            order = self.backends.order(spec.backend, CloudWish(sandbox_id=spec.sandbox_id or ""))
            cloud = None if order is None else attrs.evolve(cloud, account=order.account)
        return attrs.evolve(spec, model=model, cloud=cloud)

    async def _end(self, stored: StoredTask, ending: Ending) -> None:
        """Write the end of a task. It is no task of this service, so it is in none of its tallies."""
        task_id, attempt, now = stored.record.task_id, stored.attempt + 1, self.time()

        def left(store: TaskStore) -> tuple[Sequence[StoredStep], Sequence[StreamMessage]]:
            return store.steps(task_id), store.messages(task_id)

        steps, messages = await self.archive.read(left)
        self.journal.append(TaskRequeued(task_id=task_id, attempt=attempt))
        # A new attempt begins without what the last one had.
        if stored.started_at is not None:
            self.journal.append(TaskStarted(task_id=task_id, attempt=attempt, started_at=stored.started_at))
        if stored.record.sandbox is not None:
            self.journal.append(SandboxGiven(task_id=task_id, attempt=attempt, sandbox=stored.record.sandbox))
        self.journal.append(
            TaskEnded(
                task_id=task_id,
                attempt=attempt,
                status=TaskStatus.FAILED,
                ending=ending,
                statistics=stored.record.statistics,
                execution_seconds=_ran(stored, messages),
                ended_at=now,
                history=_history(stored, steps),
            )
        )
        message = StreamMessage(Stage.ERROR, ending.message, now)
        entry = MessagePublished(task_id=task_id, attempt=attempt, position=LAST_POSITION, message=message)
        self.journal.append(entry)


def _ran(stored: StoredTask, messages: Sequence[StreamMessage]) -> float:
    """Return how long a task is known to have run: until its last message."""
    if stored.started_at is None or not messages:
        return 0.0
    return max(0.0, messages[-1].published_at - stored.started_at)


def _history(stored: StoredTask, steps: Sequence[StoredStep]) -> History:
    """Return the conversation of a task that could not store it at its end, for a task that continues it."""
    instruction = stored.record.spec.instruction
    turns = tuple(Turn(instruction, each.step.action, each.step.rationale, each.step.outcome) for each in steps)
    return History(turns, sum(map(weight, turns)))
