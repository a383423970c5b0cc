"""Scrapes and memory after a long history: cost follows the number of series, never how many tasks ever ran.

python -m tests.bench.bench_history
"""

import gc
import sys
import time
import tracemalloc
from statistics import median

from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.metrics import catalogue
from gui_agents.config import load
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.lifecycle import Ending, TaskEvent
from gui_agents.domain.sandbox import SandboxEnd, SandboxInfo, SandboxStart, SandboxType
from gui_agents.models.prices.price_list import PriceList
from gui_agents.service import build_state
from gui_agents.state.service_state import ServiceState
from tests.bench.bench_verbs import spec
from tests.bench.report import conditions, line, median_ratio

TASKS = 100_000
RETENTION = 1000
SCRAPES = 100
ROUNDS = 15


def run_tasks(state: ServiceState, first: int, last: int) -> None:
    """Live through whole tasks, by the verbs alone."""
    ending = Ending(event=TaskEvent.COMPLETE, message="completed in 1 step")
    for number in range(first, last):
        task_id = f"{number:032x}"
        state.task_created(task_id, spec(), "accepted")
        state.task_started(task_id)
        state.sandbox_created(SandboxType.SIMULATED)
        state.sandbox_given(task_id, SandboxInfo(task_id, SandboxType.SIMULATED), SandboxStart.COLD, 0.01)
        state.decided(task_id, 0.001, 0.01)
        state.step_told(task_id, "done")
        state.task_ended(task_id, ending)
        state.sandbox_ended(SandboxType.SIMULATED, SandboxEnd.CLOSED)


def touched(state: ServiceState, number: int) -> None:
    """Change what a busy service changes between two scrapes: a whole task, and some RPCs."""
    run_tasks(state, number, number + 1)
    state.rpc_started("QueryTaskStatus")
    state.rpc_ended("QueryTaskStatus", "OK", 0.002)


def scrape_seconds(state: ServiceState, exposition: Exposition, first: int) -> float:
    """Return the CPU seconds of one scrape after a change, without those of the change; the median of many."""
    measured = []
    for number in range(first, first + SCRAPES):
        touched(state, number)
        began = time.thread_time()
        exposition.render(Instant(state), Format.TEXT)
        measured.append(time.thread_time() - began)
    return median(measured)


def main() -> int:
    print(f"Scrapes with none and with {TASKS} ended tasks of history, retention {RETENTION}; {conditions()}")  # noqa: T201
    states = [build_state(load({"TASK_RETENTION": str(RETENTION)}), PriceList.load(None), SystemClock()) for _ in "ab"]
    young, old = states
    expositions = [Exposition(catalogue.sections()) for _ in states]
    tracemalloc.start()
    run_tasks(old, 0, TASKS // 10)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    run_tasks(old, TASKS // 10, TASKS)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    fresh, aged = [], []
    for first in range(10 * TASKS, 10 * TASKS + ROUNDS * SCRAPES, SCRAPES):
        fresh.append(scrape_seconds(young, expositions[0], first))
        aged.append(scrape_seconds(old, expositions[1], first))
    kept = [
        line(
            "scrape after 100,000 tasks / after none",
            median_ratio(aged, fresh),
            at_most=1.1,
            detail=f"{median(aged) * 1e6:.0f} µs / {median(fresh) * 1e6:.0f} µs",
        ),
        line(
            "memory after 100,000 tasks / after 10,000",
            after / before,
            at_most=1.1,
            detail=f"{after / 2**20:.1f} MiB / {before / 2**20:.1f} MiB",
        ),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
