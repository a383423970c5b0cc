"""The inline cost of monitoring: what the verbs cost the event loop per RPC and per step.

python -m tests.bench.bench_verbs
"""

import sys
import time
import timeit
from collections.abc import Callable

from gui_agents.config import load
from gui_agents.domain.actions import ActionName
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.spec import Defaults, ModelChoice, TaskSpec
from gui_agents.models.prices.price_list import PriceList
from gui_agents.service import build_state
from gui_agents.state.service_state import ServiceState
from tests.bench.report import conditions, line

CALLS = 5_000
REPEATS = 200
LIMIT_MICROSECONDS = 3.0
TASK = "0" * 32


def spec() -> TaskSpec:
    """Return what a task that does nothing is asked to do."""
    defaults = Defaults(backend="simulated", steps=50, timeout_seconds=3600)
    return TaskSpec(
        instruction="Do nothing",
        backend=defaults.backend,
        steps=defaults.steps,
        timeout_seconds=defaults.timeout_seconds,
        model=ModelChoice("builtin", "builtin/rules"),
        config=defaults.as_config(),
    )


def running_state() -> ServiceState:
    """Return a state with one running task."""
    state = build_state(load({}), PriceList.load(None), SystemClock())
    state.task_created(TASK, spec(), "accepted")
    state.task_started(TASK)
    return state


def microseconds(statement: Callable[[], object]) -> float:
    return min(timeit.repeat(statement, timer=time.thread_time, number=CALLS, repeat=REPEATS)) / CALLS * 1e6


def main() -> int:
    print(f"Microseconds of CPU on the event loop, the best of {REPEATS} x {CALLS} calls; {conditions()}")  # noqa: T201
    state, click = running_state(), ActionName.CLICK

    def rpc() -> None:
        state.rpc_started("GetAgentInfo")
        state.rpc_ended("GetAgentInfo", "OK", 0.001)

    def step() -> None:
        state.decided(TASK, 0.001, 0.01)
        state.acted(TASK, click, 0.002, ok=True)

    kept = [
        line("verbs per RPC, µs", microseconds(rpc), at_most=LIMIT_MICROSECONDS),
        line("verbs per step, µs", microseconds(step), at_most=LIMIT_MICROSECONDS),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
