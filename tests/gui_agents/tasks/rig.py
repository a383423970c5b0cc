"""A runner with its state and keeper on virtual time, and sandboxes and models that take as long as a test says."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from gui_agents.access.owners import Owners
from gui_agents.agent.spending import SpendingLimits
from gui_agents.domain.access import NO_QUOTAS, Quotas
from gui_agents.domain.actions import Action, Click, Done
from gui_agents.domain.journal import NO_JOURNAL, Journal
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.model import Calls, Decision, DecisionRequest
from gui_agents.domain.screen import Observation
from gui_agents.domain.spec import ModelChoice, TaskSpec
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.task import TaskRecord
from gui_agents.domain.usage import CallOutcome, ModelCall, Usage
from gui_agents.pictures.recording import NO_RECORDING, Recording
from gui_agents.state.streams import follow
from gui_agents.tasks.keeper import SandboxKeeper
from gui_agents.tasks.reaper import Reaper
from gui_agents.tasks.runner import TaskRunner
from gui_agents.tasks.warm import WarmPool
from tests.fakes import FixedPrices, ScriptedSandbox, a_price, a_spec, new_state
from tests.promises import broken
from tests.virtual_time import LoopClock, settle

CLICK = Click(1, 1)
AGES = 1e6
"""Seconds that outlast every limit of a test."""


async def pause(seconds: float, *, stubborn: bool = False) -> None:
    """Sleep; a stubborn sleeper does not wake up when it is cancelled."""
    until = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            await asyncio.sleep(until - asyncio.get_running_loop().time())
        except asyncio.CancelledError:
            if not stubborn:
                raise
        else:
            return


class TimedSandbox(ScriptedSandbox):
    """A sandbox that takes its time, and that may swallow a cancel in the methods named in `stubborn`."""

    alive: set[str]

    def __init__(
        self,
        *script: Any,
        opens: float = 0.0,
        observes: float = 0.0,
        acts: float = 0.0,
        closes: float = 0.0,
        stubborn: str = "",
        close_error: BaseException | None = None,
        **others: Any,
    ) -> None:
        super().__init__(*script, **others)
        self._seconds = {"open": opens, "observe": observes, "act": acts, "close": closes}
        self._stubborn = stubborn.split()
        self._close_error = close_error

    async def _take(self, what: str) -> None:
        await pause(self._seconds[what], stubborn=what in self._stubborn)

    async def open(self) -> None:
        self.alive.add(self.sandbox_id)
        await self._take("open")
        await super().open()

    async def observe(self, *, screenshot: bool) -> Observation:
        await self._take("observe")
        return await super().observe(screenshot=screenshot)

    async def act(self, action: Action) -> str:
        await self._take("act")
        return await super().act(action)

    async def close(self, *, destroy: bool) -> None:
        await super().close(destroy=destroy)
        await self._take("close")
        if self._close_error is not None:
            raise self._close_error
        self.alive.discard(self.sandbox_id)


class TimedModel:
    """Decides its actions, each after `seconds`, and then that all is done."""

    provider = "openai"
    takes_screenshots = False

    def __init__(
        self,
        *actions: Action | BaseException,
        seconds: float = 0.0,
        stubborn: bool = False,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.requests: list[DecisionRequest] = []
        self.closed = 0
        self._actions = list(actions)
        self._seconds = seconds
        self._stubborn = stubborn
        self._close = close

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        self.requests.append(request)
        outcome, usage = CallOutcome.ERROR, None
        try:
            await pause(self._seconds, stubborn=self._stubborn)
            action = self._actions.pop(0) if self._actions else Done("done")
            if isinstance(action, BaseException):
                raise action
            outcome, usage = CallOutcome.OK, Usage(100, 10, 5)
        finally:
            calls.model_called(ModelCall(self.provider, "scripted", outcome, usage, self._seconds))
        return Decision((action,), "as scripted")

    async def close(self) -> None:
        self.closed += 1
        if self._close is not None:
            await self._close()


PRICES = {
    "scripted": a_price(),
    "dear": a_price(),
    "yuan": a_price(currency="CNY"),
    "free": a_price("0", "0", "0"),
}
"""By model; the choice of a task names its instruction, and its calls name `scripted`."""


class Rig:
    """What a task runs with is chosen by its instruction; one that nothing is said of is done at once."""

    def __init__(
        self,
        *,
        slots: int = 2,
        queue: int = 100,
        keep: int = 2,
        keep_seconds: float = 600.0,
        warm: int = 0,
        retention: int = 1000,
        retention_bytes: int = 2**28,
        spending: SpendingLimits | None = None,
        day_limits: Mapping[str, Decimal] | None = None,
        unbudgeted: bool = False,
        quotas: dict[str, Quotas] | None = None,
        recorder: Callable[[str], Recording] = lambda _: NO_RECORDING,
        journal: Journal = NO_JOURNAL,
    ) -> None:
        self.quotas = quotas or {}
        """By owner; a test may change them."""
        self.clock = LoopClock()
        self.state = new_state(
            self.clock,
            slots=slots,
            queue_capacity=queue,
            retention=retention,
            retention_bytes=retention_bytes,
            day_limits=day_limits,
            journal=journal,
        )
        reaper = Reaper(self.state)
        self.keeper = SandboxKeeper(reaper, slots=slots, capacity=keep, keep_seconds=keep_seconds)
        self.pool = WarmPool(self.state, reaper, self, a_spec("warm"), size=warm)
        self.sandboxes: list[TimedSandbox] = []
        """All that were made, in order."""
        self.models: dict[str, TimedModel] = {}
        """The latest model by instruction."""
        self.alive: set[str] = set()
        """Sandboxes that someone began to open and nobody has closed."""
        self._sandbox_options: dict[str, dict[str, Any]] = {}
        self._model_options: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self._creating: TaskSpec | None = None
        self._ids = count(1)
        self.runner = TaskRunner(
            state=self.state,
            keeper=self.keeper,
            pool=self.pool,
            sandboxes=self,
            models=_Models(self),
            prices=FixedPrices(PRICES),
            spending=spending or SpendingLimits(),
            owners=Owners(lambda owner: self.quotas.get(owner, NO_QUOTAS), self.clock.monotonic),
            clock=self.clock,
            journal=journal,
            unbudgeted=unbudgeted,
            recorder=recorder,
            new_id=lambda: f"t{next(self._ids)}",
            last_seconds=10,
        )

    def sandbox(self, instruction: str, **options: Any) -> None:
        """Say how the sandboxes of tasks with this instruction behave."""
        self._sandbox_options[instruction] = options

    def model(self, instruction: str, *actions: Any, **options: Any) -> None:
        """Say what the models of tasks with this instruction decide."""
        self._model_options[instruction] = (actions, options)

    def create(self, spec: TaskSpec) -> TimedSandbox:
        """Make a sandbox, as the runner's factory."""
        options = dict(self._sandbox_options.get(spec.instruction, {}))
        failure = options.pop("create_error", None)
        if failure is not None:
            raise failure
        sandbox = TimedSandbox(sandbox_id=spec.sandbox_id or f"s{len(self.sandboxes) + 1}", **options)
        sandbox.alive = self.alive
        self.sandboxes.append(sandbox)
        return sandbox

    def create_model(self, choice: ModelChoice) -> TimedModel:
        """Make a model; its choice carries the instruction, see `submit`."""
        actions, options = self._model_options.get(choice.model, ((), {}))
        model = self.models[choice.model] = TimedModel(*actions, **options)
        return model

    def submit(self, instruction: str = "quick", **changes: Any) -> str:
        """Submit a task."""
        return self.runner.submit(a_spec(instruction, model=ModelChoice("openai", instruction), **changes))

    def status(self, task_id: str) -> TaskStatus | None:
        return self.state.status(task_id)

    def record(self, task_id: str) -> TaskRecord:
        return self.state.record(task_id)

    def reason(self, task_id: str) -> FailureReason | None:
        """Return why a task failed; None for one that did not."""
        ending = self.record(task_id).ending
        return None if ending is None else ending.reason

    def live(self) -> tuple[int, int]:
        """Return how many tasks run and wait."""
        live = self.state.snapshot().tasks.live
        return live["running"], live["pending"]

    def open_now(self) -> int:
        """Return the sandboxes that the books show as open."""
        return sum(self.state.snapshot().sandboxes.open.values())

    def ended_by(self) -> dict[str, int]:
        """Return why sandboxes have ended, by reason."""
        ended = self.state.snapshot().sandboxes.ended
        return {reason: number for (_, reason), number in ended.items() if number}

    def starts(self) -> dict[str, tuple[int, float]]:
        """Return how often sandboxes were given to tasks and the seconds that these waited, by where they came from."""
        openings = self.state.snapshot().sandboxes.openings
        return {start: (point.count, point.sum) for (_, start), point in openings.items() if point.count}

    async def ended(self, task_id: str) -> list[StreamMessage]:
        """Return all messages of a task, once it has ended."""
        return [message async for message in follow(self.state, task_id)]

    async def rest(self, *, drain_seconds: float = 0.0) -> None:
        """Drain, and check that nothing is left: no live task, no sandbox, no broken promise."""
        await self.runner.drain(drain_seconds)
        await settle()
        assert self.live() == (0, 0)
        assert self.open_now() == 0
        assert self.alive == set()
        assert broken(self.state.snapshot()) == []


class _Models:
    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def create(self, choice: ModelChoice) -> TimedModel:
        return self._rig.create_model(choice)
