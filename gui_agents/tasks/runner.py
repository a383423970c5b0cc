"""Runs tasks: a bounded FIFO queue in front of a number of slots.

Theory of operation. The task table is the queue: its first task starts as soon as a slot and a place for a sandbox
are free. A task runs in an asyncio task of its own and does not depend on the RPC that started it. Every end (the agent
is done, the deadline, a cancel, the shutdown) goes through `_end`, which is one critical section of the state. After
it the slot is free and the next task starts. The asyncio task then unwinds and hands its sandbox to the keeper. The
first end counts; later ones find the task ended and change nothing. If the asyncio task does not unwind in time,
because it ignores the cancel or hangs, the keeper takes its sandbox and closes it.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Final, Protocol

import attrs

from gui_agents.access.owners import Owners
from gui_agents.agent import loop
from gui_agents.agent.budget import Budget
from gui_agents.agent.cancellation import end_if_cancelled, is_cancelled
from gui_agents.agent.ledger import Prices
from gui_agents.agent.loop import Episode
from gui_agents.agent.spending import SpendingLimits
from gui_agents.domain.access import Identity, QuotaExceededError, Role
from gui_agents.domain.clock import Clock
from gui_agents.domain.errors import (
    DayBudgetSpentError,
    DrainingError,
    NotFoundError,
    NotStoredError,
    QueueFullError,
    StorageDownError,
)
from gui_agents.domain.journal import NO_JOURNAL, Journal
from gui_agents.domain.lifecycle import LIVE, Ending, FailureReason, TaskEvent, TaskStatus, failure
from gui_agents.domain.model import BudgetExhaustedError, History, Model, ModelError, ModelRefusedError
from gui_agents.domain.redaction import KNOWS_NO_KEYS, Redactor
from gui_agents.domain.sandbox import SandboxError
from gui_agents.domain.spec import ModelChoice, TaskSpec
from gui_agents.domain.storage import StoredTask
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.weight import weight
from gui_agents.pictures.recording import NO_RECORDING, Recording
from gui_agents.pictures.studio import Studio
from gui_agents.state.service_state import ServiceState
from gui_agents.tasks import log_lines
from gui_agents.tasks.continuing import NOTHING, Beginning, Continuations, Past
from gui_agents.tasks.departure import UNCLEAR
from gui_agents.tasks.desk import Desk, Desks
from gui_agents.tasks.keeper import SandboxKeeper
from gui_agents.tasks.last_look import LastLooks
from gui_agents.tasks.line import Line
from gui_agents.tasks.pace import paced
from gui_agents.tasks.treasury import Treasury
from gui_agents.tasks.warm import SandboxFactory, WarmPool

NOT_STORED: Final = "not accepted: it could not be stored"
RESTORED: Final = "the service has started again, and the task waits again"
UNWIND_SECONDS: Final = 5.0
"""How long a task that was stopped may take to let go of what it holds."""
LAST_SECONDS: Final = 1.5
"""The same while the service stops; and how long all sandboxes together may then take to close."""

_OWNER: Final = frozenset({Role.SUBMIT})

_log = logging.getLogger(__name__)


class ModelFactory(Protocol):
    """Makes models."""

    def create(self, choice: ModelChoice) -> Model:
        """Return a new model for a task."""


@attrs.define
class _Execution:
    """A running task's asyncio task, what it works with, and the timer of its deadline."""

    task: asyncio.Task[None]
    desk: Desk
    deadline: asyncio.TimerHandle


class TaskRunner:
    """Accepts, starts, ends and drains tasks. All methods are called on the event loop."""

    def __init__(
        self,
        *,
        state: ServiceState,
        keeper: SandboxKeeper,
        pool: WarmPool,
        sandboxes: SandboxFactory,
        models: ModelFactory,
        prices: Prices,
        spending: SpendingLimits,
        owners: Owners,
        clock: Clock,
        journal: Journal = NO_JOURNAL,
        unbudgeted: bool = False,
        redactor: Redactor = KNOWS_NO_KEYS,
        recorder: Callable[[str], Recording] = lambda _: NO_RECORDING,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        last_seconds: float = LAST_SECONDS,
    ) -> None:
        self._state = state
        self._keeper = keeper
        self._pool = pool
        self._models = models
        self._spending = spending
        self._owners = owners
        self._line = Line(owners)
        self._redactor = redactor
        self._treasury = Treasury(state, prices, spending, owners, time=clock.time, unbudgeted=unbudgeted)
        self._clock = clock
        self._new_id = new_id
        self._last_seconds = last_seconds
        self._studio = Studio()
        self._recorder = recorder
        self._executions: dict[str, _Execution] = {}
        self._unwinding: dict[asyncio.Task[None], Desk] = {}
        self._continuations = Continuations(state, keeper)
        self._desks = Desks(
            state=state,
            sandboxes=sandboxes,
            pool=pool,
            keeper=keeper,
            continuations=self._continuations,
            redactor=redactor,
            clock=clock,
        )
        self._last_looks = LastLooks(self._state, self._desks)
        self._continuations.wanted = self._last_looks.give_up
        self._beginnings: dict[str, Beginning] = {}
        """What pending tasks begin with."""
        self._journal = journal
        self._unwritten: dict[str, asyncio.Future[None]] = {}
        """Pending tasks that would not survive a crash yet; they do not start."""
        self._draining = False
        self._resting = asyncio.Event()
        """Set when the service stops and nothing runs any more."""
        keeper.on_free = self._dispatch

    @property
    def draining(self) -> bool:
        """Whether no more tasks are accepted."""
        return self._draining

    def submit(self, spec: TaskSpec, caller: Identity | None = None, past: Past | None = None) -> str:
        """Accept a task and return its id. It runs once it is stored, and a slot and a place for a sandbox are free.

        A client may hear of it once `stored` has returned. `caller` is who asks, and may continue the tasks of others
        if it is an admin; by default it is the spec's owner. `past` is the task to continue, if it is not in memory.

        Raises:
            DrainingError: the service is shutting down.
            StorageDownError: nothing can be stored now.
            DayBudgetSpentError: nothing is left of what may be spent on this day.
            QuotaExceededError: the owner's money, queue or memory is used up.
            QueueFullError: all slots and all places in the queue are taken.
            NotFoundError: the task to continue is unknown.
            PreconditionError: no budget could hold the model, the task to continue has not ended, its sandbox is in
                use, or the sandbox that is named by its id is gone or in use.
        """
        limits = self._state.limits
        if self._draining:
            raise DrainingError
        self._treasury.check_model(spec.model, spec.owner)
        self._treasury.check_day(spec.model, spec.owner)
        if self._state.pending >= limits.queue_capacity + max(0, self._state.free_slots):
            raise QueueFullError(limits.queue_capacity)
        if self._journal.problem is not None:
            raise StorageDownError(self._journal.problem)
        size = 0 if self._owners.quotas(spec.owner).bytes is None else weight(spec)
        self._owners.check_task(spec.owner, self._state.free_slots, size)
        beginning = self._continuations.beginning(spec, caller or Identity(spec.owner, _OWNER), past)
        task_id = self._new_id()
        self._beginnings[task_id] = beginning
        self._owners.task_waits(task_id, spec.owner, size)
        self._state.task_created(task_id, spec, _first_message(self._state.pending, beginning, spec.unused))
        log_lines.accepted(task_id, spec)
        written = self._journal.written()
        if written is None:
            self._line.add(task_id, spec.owner)
            self._dispatch()
        else:
            self._unwritten[task_id] = written
            written.add_done_callback(partial(self._written, task_id, spec.owner))
        return task_id

    async def stored(self, task_id: str) -> None:
        """Wait until a task that was just submitted survives a crash.

        Raises:
            NotStoredError: it cannot be stored now, and was cancelled.
        """
        written = self._unwritten.get(task_id)
        if written is not None:
            await asyncio.wait((written,))
            problem = written.exception()
            if problem is not None:
                raise NotStoredError(problem.problem if isinstance(problem, StorageDownError) else str(problem))

    def _written(self, task_id: str, owner: str, written: asyncio.Future[None]) -> None:
        """Let a task start that survives a crash now, or cancel it if it could not be stored."""
        del self._unwritten[task_id]
        problem = written.exception()
        if self._state.status(task_id) not in LIVE:
            return
        if problem is None:
            self._line.add(task_id, owner)
            # A moment later, so that its client has its answer whatever the task's sandbox does to the event loop.
            asyncio.get_running_loop().call_soon(self._dispatch)
        else:
            self._stop(task_id, Ending(event=TaskEvent.CANCEL, message=NOT_STORED))

    def client_left(self, task_id: str) -> None:
        """Cancel a task whose client follows it no longer.

        When the service stops, all clients lose it; a task that waits then goes on after the next start.
        """
        if self._draining and self._journal.durable and self._state.status(task_id) is TaskStatus.PENDING:
            return
        with contextlib.suppress(NotFoundError):
            self.cancel(task_id, "cancelled: its client left")

    def restore(self, stored: StoredTask, spec: TaskSpec, past: Past | None, messages: Sequence[StreamMessage]) -> None:
        """Take over a task that an earlier service has accepted: it waits again, whatever the queue's limit is.

        Args:
            stored: the task.
            spec: its request, with keys.
            past: the task that it continues, if it does.
            messages: of its stream so far.

        Raises:
            RefusedError: the sandbox that it names is gone, or in use.
        """
        # Whoever started it was allowed to: an admin may have gone on with the task of another owner.
        beginning = self._continuations.beginning(spec, Identity(spec.owner, frozenset({Role.ADMIN})), past)
        task_id = stored.record.task_id
        self._beginnings[task_id] = beginning
        self._owners.task_waits(task_id, spec.owner, weight(spec))
        message = _first_message(self._state.pending, beginning, (), said=RESTORED)
        self._state.task_restored(stored, spec, message, messages)
        log_lines.restored(task_id, stored.attempt + 1)
        self._line.add(task_id, spec.owner)
        self._dispatch()

    def cancel(self, task_id: str, message: str = "cancelled on request") -> bool:
        """Cancel a live task. Return whether the task is cancelled now, by this call or before.

        Raises:
            NotFoundError: the task is unknown.
        """
        status = self._state.status(task_id)
        if status is None:
            raise NotFoundError("task", task_id)
        if status in LIVE:
            self._stop(task_id, Ending(event=TaskEvent.CANCEL, message=message))
            return True
        return status is TaskStatus.CANCELLED

    async def drain(self, seconds: float) -> None:
        """Accept no more tasks, give running ones `seconds` to finish, end the rest, and close all sandboxes.

        Tasks that wait go on after the next start; if they are not stored, they have failed.
        """
        self._draining = True
        self._pool.stop()
        async for task_id in paced(self._state.live()):
            if task_id in self._executions:
                continue
            if self._journal.durable:
                self._state.stream_left(task_id)
            else:
                self._stop(task_id, _INTERRUPTED)
        self._note_rest()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._resting.wait()
        async for task_id in paced(list(self._executions)):
            self._stop(task_id, _INTERRUPTED)
        if self._unwinding:
            await asyncio.wait(self._unwinding, timeout=self._last_seconds)
        async for desk in paced(list(self._unwinding.values())):
            self._abandon(desk)
        await self._keeper.close_all(self._last_seconds)

    def day_restored(self, day: int, spent: Mapping[str, Mapping[str, Decimal]]) -> None:
        """Take over what a day has cost before the service started, by owner and then by ISO code."""
        self._treasury.restored(day, spent)

    def quotas_changed(self) -> None:
        """Apply the quotas of owners as they are now."""
        self._line.quotas_changed()
        self._treasury.quotas_changed()
        self._dispatch()

    def _dispatch(self) -> None:
        while self._state.free_slots > 0 and not self._draining:
            task_id = self._line.head()
            if task_id is None:
                return
            claim = self._beginnings[task_id].kept
            taken = claim is not None and self._keeper.take(claim)
            if not taken and not self._keeper.reserve():
                return
            self._start(task_id, taken=taken)

    def _start(self, task_id: str, *, taken: bool) -> None:
        """Start a task in the sandbox that it has taken over, or in the place that was reserved for a new one."""
        self._state.task_started(task_id)
        log_lines.started(task_id)
        spec = self._state.record(task_id).spec
        self._line.remove(task_id, spec.owner)
        self._owners.task_started(task_id)
        running = asyncio.get_running_loop()
        desk = self._desks.prepared(task_id, spec, self._beginnings.pop(task_id), taken=taken)
        desk.recording = self._recorder(task_id)
        task = running.create_task(self._run(desk), name=f"task {task_id}")
        self._unwinding[task] = desk
        task.add_done_callback(self._unwound)
        deadline = running.call_later(spec.timeout_seconds, self._expire, task_id, spec.timeout_seconds)
        self._executions[task_id] = _Execution(task, desk, deadline)

    def _expire(self, task_id: str, seconds: float) -> None:
        self._stop(task_id, failure(FailureReason.TIMEOUT, f"not done after {seconds:g} seconds, which is the limit"))

    def _stop(self, task_id: str, ending: Ending) -> None:
        """End a live task from outside, and cancel whatever it waits for."""
        execution = self._executions.get(task_id)
        self._end(task_id, ending)
        if execution is not None:
            execution.task.cancel()
            patience = asyncio.get_running_loop().call_later(UNWIND_SECONDS, self._abandon, execution.desk)
            execution.task.add_done_callback(lambda _: patience.cancel())

    def _end(self, task_id: str, ending: Ending) -> None:
        if self._state.status(task_id) not in LIVE:
            return
        execution = self._executions.pop(task_id, None)
        beginning = self._beginnings.pop(task_id, NOTHING)
        history = beginning.history
        if execution is not None:
            history, ending = _told(execution.desk, ending)
        record = self._state.record(task_id)
        redactor = self._redactor.knowing(record.spec.keys)
        ending = ending.redacted(redactor)
        log_lines.ended(record, ending, history)
        owner = self._owners.task_ended(task_id)
        self._state.task_ended(task_id, ending, history, self._owners.quotas(owner).bytes)
        self._line.remove(task_id, owner)
        self._line.task_ended(owner)
        if execution is not None:
            execution.deadline.cancel()
        if beginning.kept is not None:
            self._keeper.unclaim(beginning.kept)
        if beginning.attached is not None:
            self._continuations.left(beginning.attached)
        self._dispatch()
        self._note_rest()

    def _note_rest(self) -> None:
        if self._draining and not self._executions:
            self._resting.set()

    async def _run(self, desk: Desk) -> None:
        """Run one task; an error of any kind ends this task and no other."""
        try:
            ending = await self._work(desk)
        except asyncio.CancelledError:
            ending = _INTERRUPTED if is_cancelled() else self._defect(desk)
        except SandboxError as error:
            ending = failure(FailureReason.SANDBOX_ERROR, self._desks.failed(desk, error))
        except ModelRefusedError as error:
            ending = failure(FailureReason.REFUSED, str(error))
        except (BudgetExhaustedError, DayBudgetSpentError, QuotaExceededError) as error:
            ending = failure(FailureReason.BUDGET, str(error))
        except ModelError as error:
            ending = failure(FailureReason.MODEL_ERROR, str(error))
        except BaseException:  # noqa: BLE001 - the boundary of a task: a sandbox or a model may raise anything
            ending = self._defect(desk)
        self._end(desk.task_id, ending)
        if desk.unpictured and not self._draining:
            await self._last_looks.take(desk)
        self._desks.leave(desk)
        await self._close_model(desk)

    def _defect(self, desk: Desk) -> Ending:
        """Log a defect; it may be one of the sandbox, which is not used again."""
        desk.lost = UNCLEAR
        _log.exception("task %s ended by a defect of the service", desk.task_id, extra={"task_id": desk.task_id})
        return failure(FailureReason.INTERNAL, "a defect of the service; its log has the details")

    async def _close_model(self, desk: Desk) -> None:
        """Close a task's model after the task has ended. Nothing waits for it, and an error changes nothing."""
        try:
            if desk.model is not None:
                await desk.model.close()
        except BaseException:  # noqa: BLE001 - the boundary of a task
            _log.exception("the model of task %s could not be closed", desk.task_id, extra={"task_id": desk.task_id})

    async def _work(self, desk: Desk) -> Ending:
        spec = desk.spec
        deadline = self._clock.monotonic() + spec.timeout_seconds
        self._treasury.check_day(spec.model, spec.owner)
        sandbox = await self._desks.sandbox(desk)
        end_if_cancelled()
        desk.model = self._models.create(spec.model)
        episode = Episode(
            instruction=spec.instruction,
            budget=Budget(spec.steps, self._spending.tokens, self._spending.cost),
            deadline_monotonic_seconds=deadline,
            conversation=desk.conversation,
            settings=desk.settings,
            studio=self._studio,
            recording=desk.recording,
            recorded=partial(self._journal.settled, desk.task_id),
        )
        ledger = self._treasury.ledger(desk.task_id, spec.model, spec.owner, self._redactor.knowing(spec.keys))
        try:
            return await loop.run(episode, sandbox, desk.model, ledger, self._clock)
        finally:
            ledger.close()

    def _unwound(self, task: asyncio.Task[None]) -> None:
        # An asyncio task that is cancelled before it runs has executed no code, not even a `finally`.
        self._desks.leave(self._unwinding.pop(task))

    def _abandon(self, desk: Desk) -> None:
        """Close the sandbox of a task that was stopped and does not unwind."""
        if not desk.left:
            text = "task %s does not let go of its sandbox, which is closed now"
            _log.warning(text, desk.task_id, extra={"task_id": desk.task_id})
            desk.lost = UNCLEAR
            self._desks.leave(desk)


def _told(desk: Desk, ending: Ending) -> tuple[History, Ending]:
    """Return the conversation and the end of a task without passwords, and keep the pictures of one that failed."""
    desk.unpictured = desk.recording.ended(failed=ending.reason is not None)
    return desk.conversation.told, desk.conversation.masking.ending(ending)


def _first_message(ahead: int, beginning: Beginning, unused: Sequence[str], said: str = "accepted") -> str:
    """Return what a client is told first: what it waits for, and what is not as it may think."""
    parts = [said]
    if ahead:
        parts.append(f"{ahead} tasks are ahead")
    if beginning.remark:
        parts.append(beginning.remark)
    if unused:
        parts.append(f"not used: {', '.join(unused)}")
    return "; ".join(parts)


_INTERRUPTED: Final = failure(FailureReason.INTERRUPTED, "the service is shutting down")
