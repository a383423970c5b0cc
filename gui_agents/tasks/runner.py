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
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import attrs

from gui_agents.agent import loop
from gui_agents.agent.budget import Budget
from gui_agents.agent.cancellation import end_if_cancelled, is_cancelled
from gui_agents.agent.ledger import Prices
from gui_agents.agent.loop import Episode
from gui_agents.agent.spending import SpendingLimits
from gui_agents.domain.clock import Clock
from gui_agents.domain.errors import DayBudgetSpentError, DrainingError, NotFoundError, QueueFullError
from gui_agents.domain.lifecycle import LIVE, Ending, FailureReason, TaskEvent, TaskStatus, failure
from gui_agents.domain.model import BudgetExhaustedError, Model, ModelError, ModelRefusedError
from gui_agents.domain.redaction import KNOWS_NO_KEYS, Redactor
from gui_agents.domain.sandbox import SandboxEnd, SandboxError
from gui_agents.domain.spec import ModelChoice, TaskSpec
from gui_agents.pictures.studio import Studio
from gui_agents.state.service_state import ServiceState
from gui_agents.tasks import journal
from gui_agents.tasks.continuing import NOTHING, Beginning, Continuations
from gui_agents.tasks.departure import Departure
from gui_agents.tasks.desk import Desk, Desks
from gui_agents.tasks.keeper import SandboxKeeper
from gui_agents.tasks.pace import paced
from gui_agents.tasks.treasury import Treasury
from gui_agents.tasks.warm import SandboxFactory, WarmPool

UNWIND_SECONDS: Final = 5.0
"""How long a task that was stopped may take to let go of what it holds."""
LAST_SECONDS: Final = 1.5
"""The same while the service stops; and how long all sandboxes together may then take to close."""

UNCLEAR: Final = Departure(SandboxEnd.CLOSED, "it was closed because its task did not end in good order")

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
        clock: Clock,
        unbudgeted: bool = False,
        redactor: Redactor = KNOWS_NO_KEYS,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        last_seconds: float = LAST_SECONDS,
    ) -> None:
        self._state = state
        self._keeper = keeper
        self._pool = pool
        self._models = models
        self._spending = spending
        self._treasury = Treasury(state, prices, spending, time=clock.time, unbudgeted=unbudgeted)
        self._redactor = redactor
        self._clock = clock
        self._new_id = new_id
        self._last_seconds = last_seconds
        self._studio = Studio()
        self._executions: dict[str, _Execution] = {}
        self._unwinding: dict[asyncio.Task[None], Desk] = {}
        self._continuations = Continuations(state, keeper)
        self._desks = Desks(
            state=state,
            sandboxes=sandboxes,
            pool=pool,
            keeper=keeper,
            continuations=self._continuations,
            clock=clock,
        )
        self._beginnings: dict[str, Beginning] = {}
        """What pending tasks begin with."""
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()
        keeper.on_free = self._dispatch

    @property
    def draining(self) -> bool:
        """Whether no more tasks are accepted."""
        return self._draining

    def submit(self, spec: TaskSpec) -> str:
        """Accept a task and return its id. It runs as soon as a slot and a place for a sandbox are free.

        Raises:
            DrainingError: the service is shutting down.
            DayBudgetSpentError: nothing is left of what may be spent on this day.
            QueueFullError: all slots and all places in the queue are taken.
            NotFoundError: the task to continue is unknown.
            PreconditionError: no budget could hold the model, the task to continue has not ended, its sandbox is in
                use, or the sandbox that is named by its id is gone or in use.
        """
        limits = self._state.limits
        if self._draining:
            raise DrainingError
        self._treasury.check_model(spec.model)
        self._treasury.check_day(spec.model)
        if self._state.pending >= limits.queue_capacity + max(0, self._state.free_slots):
            raise QueueFullError(limits.queue_capacity)
        beginning = self._continuations.beginning(spec)
        task_id = self._new_id()
        self._beginnings[task_id] = beginning
        self._idle.clear()
        self._state.task_created(task_id, spec, _first_message(self._state.pending, beginning, spec.unused))
        journal.accepted(task_id, spec)
        self._dispatch()
        return task_id

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
        """Accept no more tasks, give running ones `seconds` to finish, end the rest, and close all sandboxes."""
        self._draining = True
        self._pool.stop()
        async for task_id in paced(self._state.live()):
            if task_id not in self._executions:
                self._stop(task_id, _INTERRUPTED)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        async for task_id in paced(self._state.live()):
            self._stop(task_id, _INTERRUPTED)
        if self._unwinding:
            await asyncio.wait(self._unwinding, timeout=self._last_seconds)
        async for desk in paced(list(self._unwinding.values())):
            self._abandon(desk)
        await self._keeper.close_all(self._last_seconds)

    def _dispatch(self) -> None:
        while self._state.free_slots > 0 and not self._draining:
            task_id = self._state.head()
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
        journal.started(task_id)
        spec = self._state.record(task_id).spec
        running = asyncio.get_running_loop()
        desk = self._desks.prepared(task_id, spec, self._beginnings.pop(task_id), taken=taken)
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
        history = beginning.history if execution is None else execution.desk.conversation.history
        record = self._state.record(task_id)
        redactor = self._redactor.knowing(record.spec.keys)
        ending = ending.redacted(redactor)
        journal.ended(record, ending, history, redactor)
        self._state.task_ended(task_id, ending, history)
        if execution is not None:
            execution.deadline.cancel()
        if beginning.kept is not None:
            self._keeper.unclaim(beginning.kept)
        if beginning.attached is not None:
            self._continuations.left(beginning.attached)
        if self._state.idle:
            self._idle.set()
        self._dispatch()

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
        except (BudgetExhaustedError, DayBudgetSpentError) as error:
            ending = failure(FailureReason.BUDGET, str(error))
        except ModelError as error:
            ending = failure(FailureReason.MODEL_ERROR, str(error))
        except BaseException:  # noqa: BLE001 - the boundary of a task: a sandbox or a model may raise anything
            ending = self._defect(desk)
        self._end(desk.task_id, ending)
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
        self._treasury.check_day(spec.model)
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
        )
        ledger = self._treasury.ledger(desk.task_id, spec.model, self._redactor.knowing(spec.keys))
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


def _first_message(ahead: int, beginning: Beginning, unused: Sequence[str]) -> str:
    """Return what a client is told first: what it waits for, and what is not as it may think."""
    said = ["accepted"]
    if ahead:
        said.append(f"{ahead} tasks are ahead")
    if beginning.remark:
        said.append(beginning.remark)
    if unused:
        said.append(f"not used: {', '.join(unused)}")
    return "; ".join(said)


_INTERRUPTED: Final = failure(FailureReason.INTERRUPTED, "the service is shutting down")
