"""A service that does something between any two scrapes, by the verbs of its state alone."""

import time

from gui_agents.config import load
from gui_agents.domain.clock import SystemClock
from gui_agents.models.prices.price_list import PriceList
from gui_agents.service import build_state
from gui_agents.snapshot import ServiceSnapshot
from gui_agents.state.service_state import ServiceState
from gui_agents.state.stats import Observed
from tests.bench.bench_history import run_tasks, touched


class BusyState:
    """Lives through a whole task and some RPCs before each snapshot."""

    def __init__(self, state: ServiceState, tasks: int) -> None:
        self._state = state
        self._tasks = tasks
        self.life_seconds = 0.0
        """CPU seconds of this life so far, without those of the snapshots."""

    def snapshot(self) -> ServiceSnapshot:
        began = time.thread_time()
        touched(self._state, self._tasks)
        self._tasks += 1
        self.life_seconds += time.thread_time() - began
        return self._state.snapshot()


def busy_state(tasks: int, *, native: bool = False) -> BusyState:
    """Return a service with so many ended tasks in its history; a `native` one counts native histograms, too."""
    state = build_state(load({}), PriceList.load(None), SystemClock(), observed=Observed(native=native))
    run_tasks(state, 0, tasks)
    return BusyState(state, tasks)
