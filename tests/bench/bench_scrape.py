"""Scrapes over HTTP: against `start_http_server`, many at once, and while Python burns in the main thread.

With all default series, after a long history, and something happens between any two scrapes.

python -m tests.bench.bench_scrape
"""

import json
import subprocess
import sys
from statistics import median

from prometheus_client import CollectorRegistry, start_http_server

from collectors import metrics_endpoint, register
from gui_agents.config import load
from gui_agents.domain.clock import SystemClock
from gui_agents.models.prices.price_list import PriceList
from gui_agents.service import build_state
from gui_agents.snapshot import ServiceSnapshot
from gui_agents.state.service_state import ServiceState
from tests.bench.bench_history import TASKS, run_tasks
from tests.bench.report import conditions, line, median_ratio

ROUNDS = 5
SCRAPES = 100
AT_ONCE = 50
BURNING_SCRAPES = 60


class BusyState:
    """The state of a service that does something between any two scrapes."""

    def __init__(self, state: ServiceState, tasks: int) -> None:
        self._state = state
        self._tasks = tasks

    def snapshot(self) -> ServiceSnapshot:
        self._tasks += 1
        run_tasks(self._state, self._tasks, self._tasks + 1)
        self._state.rpc_started("QueryTaskStatus")
        self._state.rpc_ended("QueryTaskStatus", "OK", 0.002)
        return self._state.snapshot()


def busy_state() -> BusyState:
    state = build_state(load({}), PriceList.load(None), SystemClock())
    run_tasks(state, 0, TASKS)
    return BusyState(state, TASKS)


def scrape(port: int, scrapes: int, clients: int = 1, pause: float = 0.0, *, burn: bool = False) -> list[float]:
    """Return the seconds of each scrape, by a process of its own; this thread waits for it, or burns Python."""
    arguments = [sys.executable, "-m", "tests.bench.scraper", str(port), str(scrapes), str(clients), str(pause)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as scraper:
        while burn and scraper.poll() is None:
            burned = 0
            for number in range(200_000):
                burned += number * number
        output, _ = scraper.communicate()
    return list(json.loads(output))


def against_reference(port: int, reference_port: int) -> bool:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(median(scrape(port, SCRAPES)))
        theirs.append(median(scrape(reference_port, SCRAPES)))
    detail = f"{median(theirs) * 1e3:.2f} ms / {median(ours) * 1e3:.2f} ms"
    return line("start_http_server / ours, p50 with keep-alive", median_ratio(theirs, ours), at_least=4, detail=detail)


def at_once(port: int) -> bool:
    alone, together = [], []
    for _ in range(ROUNDS):
        alone.append(median(scrape(port, SCRAPES)))
        together.append(median(scrape(port, SCRAPES // 5, AT_ONCE)))
    detail = f"{median(together) * 1e3:.2f} ms / {AT_ONCE} x {median(alone) * 1e3:.2f} ms"
    ratio = median_ratio(together, alone) / AT_ONCE
    return line(f"{AT_ONCE} scrapers at once / one after the other", ratio, at_most=0.75, detail=detail)


def while_python_burns(port: int) -> list[bool]:
    latencies = sorted(scrape(port, BURNING_SCRAPES, pause=0.02, burn=True))
    middle, worst = median(latencies), latencies[-1]
    return [
        line("p50 while Python burns / 0.1 s", middle / 0.1, at_most=1, detail=f"{middle * 1e3:.0f} ms"),
        line("worst while Python burns / 0.5 s", worst / 0.5, at_most=1, detail=f"{worst * 1e3:.0f} ms"),
    ]


def main() -> int:
    print(f"scrapes over HTTP after {TASKS} tasks; {conditions()}")  # noqa: T201
    source = busy_state()
    registry = CollectorRegistry()
    register(source, registry)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    with metrics_endpoint(source, host="127.0.0.1", port=0, ready=lambda: True) as endpoint:
        kept = [
            against_reference(endpoint.port, server.server_port),
            at_once(endpoint.port),
            *while_python_burns(endpoint.port),
        ]
    server.shutdown()
    server.server_close()
    thread.join()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
