"""Histories of a service: any sequence of verbs, also those that come too late for their task."""

import contextlib
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from gui_agents.domain.actions import ActionName
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.errors import NotFoundError
from gui_agents.domain.lifecycle import Ending, FailureReason, IllegalTransitionError, TaskEvent
from gui_agents.domain.sandbox import SandboxEnd, SandboxInfo, SandboxStart, SandboxType
from gui_agents.domain.spec import ConfigType
from gui_agents.domain.task import RejectReason
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall, Usage
from gui_agents.state.service_state import ServiceState
from gui_agents.state.streams import Subscription
from tests.fakes import METHODS, FakeClock, a_spec


@attrs.frozen
class Event:
    """One verb, and two numbers from which everything that it needs is chosen."""

    verb: str
    number: int
    seconds: float


class Player:
    """Plays events on a state; what an event needs and is not there makes it do nothing."""

    def __init__(self, state: ServiceState, clock: FakeClock) -> None:
        self.state = state
        self.clock = clock
        self.tasks: list[str] = []
        """Every task that ever was."""
        self._subscriptions: list[Subscription] = []
        self._calls: list[str] = []
        self._new: list[SandboxType] = []
        """The types of the sandboxes that have had no task yet and do not stand ready."""
        self._warm: list[SandboxType] = []
        self._used: list[SandboxType] = []

    def play(self, event: Event) -> None:
        verb: Callable[[int, float], None] = getattr(self, event.verb)
        with contextlib.suppress(NotFoundError, IllegalTransitionError, _NothingThereError):
            verb(event.number, event.seconds)

    def create(self, number: int, seconds: float) -> None:
        self.tasks.append(f"task-{len(self.tasks)}")
        self.state.task_created(self.tasks[-1], a_spec(), "accepted")

    def start(self, number: int, seconds: float) -> None:
        pending = self.state.live()[-self.state.pending :] if self.state.pending else []
        if pending:
            self.state.task_started(pending[0])

    def complete(self, number: int, seconds: float) -> None:
        self._end(number, Ending(event=TaskEvent.COMPLETE, message="done"))

    def fail(self, number: int, seconds: float) -> None:
        reason = list(FailureReason)[number % len(FailureReason)]
        self._end(number, Ending(event=TaskEvent.FAIL, message="failed", reason=reason))

    def cancel(self, number: int, seconds: float) -> None:
        self._end(number, Ending(event=TaskEvent.CANCEL, message="cancelled"))

    def reject(self, number: int, seconds: float) -> None:
        self.state.task_rejected(list(RejectReason)[number % len(RejectReason)])

    def decide(self, number: int, seconds: float) -> None:
        self.state.decided(_pick(self.tasks, number), seconds / 2, seconds)

    def act(self, number: int, seconds: float) -> None:
        self.state.acted(_pick(self.tasks, number), ActionName.CLICK, seconds, ok=number % 3 > 0)

    def tell(self, number: int, seconds: float) -> None:
        self.state.step_told(_pick(self.tasks, number), "a step")

    def call(self, number: int, seconds: float) -> None:
        usage = None if number % 5 == 0 else Usage(2 * number, number, number)
        bill = Bill(Decimal(0), None) if number % 7 == 0 else Bill(Decimal(number) / 1000, ("USD", "EUR")[number % 2])
        outcome = list(CallOutcome)[number % len(CallOutcome)]
        provider = ("openai", "builtin", "unheard of")[number % 3]
        self.state.model_called(_pick(self.tasks, number), ModelCall(provider, "model", outcome, usage, seconds), bill)

    def create_sandbox(self, number: int, seconds: float) -> None:
        self._new.append(list(SandboxType)[number % len(SandboxType)])
        self.state.sandbox_created(self._new[-1])

    def give_sandbox(self, number: int, seconds: float) -> None:
        task_id, kind = _pick(self.tasks, number), _take(self._new, number)
        start = (SandboxStart.COLD, SandboxStart.WARM)[number % 2]
        self.state.sandbox_given(task_id, SandboxInfo("sandbox", kind), start, seconds)
        self._used.append(kind)

    def give_kept_sandbox(self, number: int, seconds: float) -> None:
        task_id, kind = _pick(self.tasks, number), _pick(self._used, number)
        self.state.sandbox_given(task_id, SandboxInfo("sandbox", kind), SandboxStart.KEPT, 0.0)

    def end_sandbox(self, number: int, seconds: float) -> None:
        reasons = [reason for reason in SandboxEnd if reason is not SandboxEnd.SWEPT]
        self.state.sandbox_ended(_take(self._used, number), reasons[number % len(reasons)])

    def sweep_sandboxes(self, number: int, seconds: float) -> None:
        self.state.sandboxes_swept(list(SandboxType)[number % len(SandboxType)], number % 4)

    def warm_sandbox(self, number: int, seconds: float) -> None:
        """Let one that no task has had yet stand ready."""
        self._warm.append(_take(self._new, number))
        self.state.sandbox_warm(1)

    def cool_sandbox(self, number: int, seconds: float) -> None:
        self._new.append(_take(self._warm, number))
        self.state.sandbox_warm(-1)

    def connect(self, number: int, seconds: float) -> None:
        self.state.egress_connection(list(EgressVerdict)[number % len(EgressVerdict)])

    def fail_sandbox(self, number: int, seconds: float) -> None:
        self.state.sandbox_failed(list(SandboxType)[number % len(SandboxType)])

    def subscribe(self, number: int, seconds: float) -> None:
        self._subscriptions.append(self.state.subscribed(_pick(self.tasks, number)))

    def take(self, number: int, seconds: float) -> None:
        self.state.stream_taken(_pick(self._subscriptions, number))

    def unsubscribe(self, number: int, seconds: float) -> None:
        self.state.unsubscribed(_pick(self._subscriptions, number))

    def start_rpc(self, number: int, seconds: float) -> None:
        self._calls.append(METHODS[number % len(METHODS)].name)
        self.state.rpc_started(self._calls[-1])

    def end_rpc(self, number: int, seconds: float) -> None:
        code = ("OK", "INTERNAL", "CANCELLED")[number % 3]
        self.state.rpc_ended(_take(self._calls, number), code, seconds)

    def update_config(self, number: int, seconds: float) -> None:
        self.state.config_updated(list(ConfigType)[number % len(ConfigType)])

    def beat(self, number: int, seconds: float) -> None:
        self.state.heartbeat()

    def count_files(self, number: int, seconds: float) -> None:
        self.state.runtime_files_counted(number)

    def pass_time(self, number: int, seconds: float) -> None:
        self.clock.advance(seconds)

    def _end(self, number: int, ending: Ending) -> None:
        task_id = _pick(self.tasks if number % 9 == 0 else self.state.live(), number)
        if self.state.status(task_id) is not None:
            self.state.task_ended(task_id, ending)


class _NothingThereError(Exception):
    """An event needs what is not there."""


def _pick(candidates: list[Any], number: int) -> Any:
    if not candidates:
        raise _NothingThereError
    return candidates[number % len(candidates)]


def _take(candidates: list[Any], number: int) -> Any:
    chosen = _pick(candidates, number)
    candidates.remove(chosen)
    return chosen


VERBS = tuple(name for name, value in vars(Player).items() if callable(value) and name[0] != "_" and name != "play")
"""Every verb of the state, by the player's name for it."""

BUSY = (*VERBS, *["create", "start", "complete", "fail", "decide", "tell"] * 2, "pass_time")
"""The verbs, those more often that make a history of tasks that live and end."""


def events() -> st.SearchStrategy[Event]:
    return st.builds(Event, st.sampled_from(BUSY), st.integers(0, 10**6), st.floats(0, 10_000))


def endless(seed: int) -> Iterator[Event]:
    """Yield random events for ever."""
    source = random.Random(seed)
    while True:
        yield Event(source.choice(BUSY), source.randrange(10**6), source.choice([0.0, 0.3, 2.0, 45.0]))
