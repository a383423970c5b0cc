"""Scrapes and memory after a long history: cost follows the number of series, never how many tasks ever ran.

python -m tests.bench.bench_history
"""

import gc
import sys
import timeit
import tracemalloc

from collectors import catalogue
from collectors.exposition import Exposition
from collectors.layouts import Format
from collectors.scrape import Instant
from gui_agents.clock import SystemClock
from gui_agents.config import load
from gui_agents.models.pricing import PriceList
from gui_agents.service import build_state
from gui_agents.state import ServiceState
from gui_agents.tasks.lifecycle import Ending, TaskEvent
from tests.bench.bench_verbs import spec
from tests.bench.report import conditions, line

TASKS = 100_000
RETENTION = 1000
SCRAPES = 300
ROUNDS = 7


def run_tasks(state: ServiceState, first: int, last: int) -> None:
    """Live through whole tasks, by the verbs alone."""
    ending = Ending(event=TaskEvent.COMPLETE, message="completed in 1 step")
    for number in range(first, last):
        task_id = f"{number:032x}"
        state.task_created(task_id, spec(), "accepted")
        state.task_started(task_id)
        state.decided(task_id, 0.001, 0.01)
        state.step_told(task_id, "done")
        state.task_ended(task_id, ending)


def touched(state: ServiceState, task_id: str) -> None:
    """Change what a busy service changes between two scrapes: a whole task, and some RPCs."""
    run_tasks(state, int(task_id, 16), int(task_id, 16) + 1)
    state.rpc_started("QueryTaskStatus")
    state.rpc_ended("QueryTaskStatus", "OK", 0.002)


def scrape_seconds(state: ServiceState, exposition: Exposition, start: int) -> float:
    """Return the seconds of one scrape, each after a change, without the seconds of the change."""
    best = float("inf")
    for round_number in range(ROUNDS):
        total = 0.0
        for number in range(SCRAPES):
            touched(state, f"{start + round_number * SCRAPES + number:032x}")
            total += timeit.timeit(lambda: exposition.render(Instant(state), Format.TEXT), number=1)
        best = min(best, total / SCRAPES)
    return best


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
    fresh = scrape_seconds(young, expositions[0], 10 * TASKS)
    aged = scrape_seconds(old, expositions[1], 10 * TASKS)
    kept = [
        line(
            "scrape after 100,000 tasks / after none",
            aged / fresh,
            at_most=1.1,
            detail=f"{aged * 1e6:.0f} µs / {fresh * 1e6:.0f} µs",
        ),
        line(
            "bytes kept for each task beyond the retention",
            max(0, after - before) / (TASKS * 0.9),
            at_most=1.0,
            detail=f"{(after - before) / 1024:.0f} KiB after {TASKS * 9 // 10} tasks more",
        ),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
