"""What tests put in place of clocks, models, sandboxes and prices, and a service's state to use them with.

Scripts. A scripted model or sandbox takes one item of its script each time it is asked: an exception is raised, an
`asyncio.Event` is waited for and the next item taken, anything else is the answer. What a script does not say any more
is what its `then` says, again and again.
"""

import asyncio
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gui_agents.domain.actions import SANDBOX_ACTIONS, Action, ActionName, Done, InvalidActionError
from gui_agents.domain.clock import Clock
from gui_agents.domain.journal import NO_JOURNAL, Journal
from gui_agents.domain.model import Calls, Decision, DecisionRequest
from gui_agents.domain.price import Price
from gui_agents.domain.rpc import OTHER, RpcMethod
from gui_agents.domain.sandbox import SandboxEnd, SandboxGoneError, SandboxType
from gui_agents.domain.screen import Bounds, Element, Observation
from gui_agents.domain.spec import ModelChoice, RunningConfig, TaskSpec
from gui_agents.domain.task import TaskLimits
from gui_agents.domain.usage import CallBound, CallOutcome, ModelCall, Usage
from gui_agents.snapshot import ServiceInfo
from gui_agents.state.access_stats import AccessStats
from gui_agents.state.budgets import Budgets
from gui_agents.state.service_state import ServiceState
from gui_agents.state.stats import Observed, ServiceStats
from gui_agents.state.streams import StreamManager

EPOCH = 1_700_000_000.0

METHODS = (
    RpcMethod("QueryTaskStatus", ("OK", "INTERNAL"), streaming=False),
    RpcMethod("GetAgentTaskStream", ("OK", "NOT_FOUND", "CANCELLED"), streaming=True),
    RpcMethod(OTHER, ("OK", "UNIMPLEMENTED"), streaming=False),
)
PROVIDERS = ("builtin", "openai")


class FakeClock:
    """Both clocks, which stand still until `advance` or `turn_wall_clock` moves them."""

    def __init__(self, monotonic: float = 1000.0, wall: float = EPOCH) -> None:
        self._monotonic = monotonic
        self._wall = wall

    def monotonic(self) -> float:
        return self._monotonic

    def time(self) -> float:
        return self._wall

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        if seconds < 0:
            raise ValueError("time does not go back; turn_wall_clock is what an operator does")
        self._monotonic += seconds
        self._wall += seconds

    def turn_wall_clock(self, seconds: float) -> None:
        """Set the wall clock forward or back, as NTP and operators do."""
        self._wall += seconds


class Script:
    """Answers one after the other."""

    def __init__(self, items: Iterable[Any], then: Any) -> None:
        self._items = list(items)
        self._then = then

    async def next(self) -> Any:
        while True:
            item = self._items.pop(0) if self._items else self._then
            if isinstance(item, BaseException):
                raise item
            if not isinstance(item, asyncio.Event):
                return item
            await item.wait()


class CallBook(list[ModelCall]):
    """What a model told of its calls. Its budget has room for all of them, or for `room` output tokens each."""

    def __init__(self, room: int | None = None) -> None:
        super().__init__()
        self.room = room
        self.reserved: list[CallBound] = []

    async def reserve(self, bound: CallBound) -> int:
        self.reserved.append(bound)
        return bound.output_tokens if self.room is None else self.room

    def model_called(self, call: ModelCall) -> None:
        self.append(call)


class ScriptedModel:
    """A model that decides what its script says: actions, tuples of several, or errors.

    Every decision reports one call, also one that is no action or is cancelled while it waits. The call tells `usage`
    and takes `seconds` on the clock.
    """

    def __init__(
        self,
        *script: Action | tuple[Action, ...] | BaseException | asyncio.Event,
        then: Action | tuple[Action, ...] | BaseException | asyncio.Event = Done("all done"),  # noqa: B008 - frozen
        provider: str = "openai",
        name: str = "scripted",
        usage: Usage | None = None,
        takes_screenshots: bool = False,
        clock: FakeClock | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.provider = provider
        self.takes_screenshots = takes_screenshots
        self.requests: list[DecisionRequest] = []
        """Everything that was asked."""
        self.closed = 0
        self._script = Script(script, then)
        self._name = name
        self._usage = usage
        self._clock = clock
        self._seconds = seconds

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        self.requests.append(request)
        outcome = CallOutcome.ERROR
        try:
            decided = await self._script.next()
            outcome = CallOutcome.OK
        except InvalidActionError:
            outcome = CallOutcome.INVALID
            raise
        finally:
            if self._clock is not None:
                self._clock.advance(self._seconds)
            calls.model_called(ModelCall(self.provider, self._name, outcome, self._usage, self._seconds))
        return Decision(decided if isinstance(decided, tuple) else (decided,), "as scripted")

    async def close(self) -> None:
        self.closed += 1


class ScriptedSandbox:
    """A sandbox whose actions end as its script says: a text, or an error.

    It shows one screen after the other, a new one each time unless `screens` are given, of which the last one stays.
    It lives until it is closed or told to `die`.
    """

    def __init__(
        self,
        *script: str | BaseException | asyncio.Event,
        then: str | BaseException | asyncio.Event = "ok",
        screens: Iterable[Observation | BaseException] = (),
        opening: Iterable[BaseException | asyncio.Event | None] = (),
        sandbox_id: str = "sandbox-1",
        sandbox_type: SandboxType = SandboxType.SIMULATED,
        supported: frozenset[ActionName] = SANDBOX_ACTIONS,
    ) -> None:
        self.sandbox_id = sandbox_id
        self.sandbox_type = sandbox_type
        self.supported = supported
        self.opened = 0
        self.acted: list[Action] = []
        """Everything that was carried out, or tried."""
        self.asked_for_screenshots: list[bool] = []
        """One for each observation."""
        self.closed: list[bool] = []
        """`destroy` of each call of `close`."""
        self.gone: SandboxGoneError | None = None
        """Why it is gone, once it is."""
        self._ended = asyncio.Event()
        self._script = Script(script, then)
        self._opening = Script(opening, None)
        self._screens = list(screens)

    async def open(self) -> None:
        self.opened += 1
        await self._opening.next()
        self._check_alive()

    async def observe(self, *, screenshot: bool) -> Observation:
        self.asked_for_screenshots.append(screenshot)
        self._check_alive()
        if not self._screens:
            return a_screen(f"screen {len(self.asked_for_screenshots)}")
        screen = self._screens.pop(0) if len(self._screens) > 1 else self._screens[0]
        if isinstance(screen, BaseException):
            raise screen
        return screen

    async def act(self, action: Action) -> str:
        self.acted.append(action)
        self._check_alive()
        outcome = await self._script.next()
        return str(outcome)

    async def close(self, *, destroy: bool) -> None:
        self.closed.append(destroy)
        self.die(SandboxGoneError("it was closed", SandboxEnd.CLOSED))

    def die(self, error: SandboxGoneError) -> None:
        """Be gone from now on."""
        self.gone = self.gone or error
        self._ended.set()

    async def ended(self) -> SandboxGoneError:
        await self._ended.wait()
        assert self.gone is not None
        return self.gone

    def _check_alive(self) -> None:
        if self.gone is not None and not self.closed:
            raise self.gone


class FixedPrices:
    """Prices by model name; every other model has no known price."""

    def __init__(self, prices: Mapping[str, Price] | None = None) -> None:
        self._prices = dict(prices or {})

    def price(self, provider: str, model: str, *, public: bool = True) -> Price | None:
        return self._prices.get(model)


def a_price(read: str = "3", cached: str = "0.3", written: str = "15", currency: str = "USD") -> Price:
    """Return a price per million tokens."""
    return Price(input=Decimal(read), cached_input=Decimal(cached), output=Decimal(written), currency=currency)


def a_screen(title: str, *, width: int = 1280, height: int = 720) -> Observation:
    """Return a screen with one window of this title."""
    everything = Bounds(0, 0, width, height)
    root = Element("desktop", "the desktop", everything, children=(Element("window", title, everything),))
    return Observation(width, height, root)


def a_spec(instruction: str = "do it", **changes: Any) -> TaskSpec:
    """Return a valid request, with some fields changed."""
    fields: dict[str, Any] = {
        "instruction": instruction,
        "backend": "simulated",
        "steps": 50,
        "timeout_seconds": 3600.0,
        "model": ModelChoice("builtin", "rules"),
        "config": RunningConfig(),
    }
    return TaskSpec(**{**fields, **changes})


def new_state(
    clock: Clock,
    *,
    slots: int = 2,
    queue_capacity: int = 100,
    retention: int = 1000,
    retention_bytes: int = 2**28,
    log_messages: int = 256,
    methods: Iterable[RpcMethod] = METHODS,
    providers: Iterable[str] = PROVIDERS,
    currencies: Iterable[str] = ("USD",),
    native: bool = False,
    day_limits: Mapping[str, Decimal] | None = None,
    task_limits: Mapping[str, Decimal] | None = None,
    access: AccessStats | None = None,
    journal: Journal = NO_JOURNAL,
    state_class: type[ServiceState] = ServiceState,
) -> ServiceState:
    """Return the state of a service that has just started, by default with three RPC methods and two providers."""
    return state_class(
        info=ServiceInfo("1.2.3", slots, "INFO", "local"),
        limits=TaskLimits(slots, queue_capacity, retention, retention_bytes),
        stats=ServiceStats(methods, providers, currencies, Observed(native=native), access),
        streams=StreamManager(log_messages),
        clock=clock,
        budgets=Budgets(day_limits or {}, task_limits or {}),
        journal=journal,
    )
