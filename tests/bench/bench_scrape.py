"""Scrapes over HTTP: against `start_http_server`, many at once, and while Python burns in the main thread.

With all default series, and a task's life between any two scrapes, whose own cost is left out.

python -m tests.bench.bench_scrape
"""

import importlib.util
import sys
from statistics import median

from gui_agents.domain.packages import install_command
from tests.bench.page_servers import PageServer, least_cpu_seconds, python_server
from tests.bench.report import conditions, line, median_ratio, skipped
from tests.bench.scraper import PROMETHEUS, scrape, scrapers

ROUNDS = 5
SCRAPES = 100
AT_ONCE = 50
BURNING_SCRAPES = 100


def seconds_against(reference: PageServer, ours: PageServer) -> bool:
    mine, theirs = [], []
    with scrapers(ours.port) as our_scrapers, scrapers(reference.port) as their_scrapers:
        for _ in range(ROUNDS):
            mine.append(median(scrape(our_scrapers, SCRAPES)))
            theirs.append(median(scrape(their_scrapers, SCRAPES)))
    detail = f"{median(theirs) * 1e3:.2f} ms / {median(mine) * 1e3:.2f} ms"
    return line("start_http_server / ours, p50 with keep-alive", median_ratio(theirs, mine), at_least=4, detail=detail)


def cpu_against(reference: PageServer, ours: PageServer, compression: str, limit: float) -> bool:
    theirs, mine = least_cpu_seconds(reference, ours, request=PROMETHEUS)
    what = f"start_http_server / ours, CPU as Prometheus asks, {compression}"
    return line(what, theirs / mine, at_least=limit, detail=f"{theirs * 1e6:.0f} us / {mine * 1e6:.0f} us")


def at_once(ours: PageServer) -> bool:
    alone, together = [], []
    with scrapers(ours.port) as one, scrapers(ours.port, count=AT_ONCE) as many:
        for _ in range(ROUNDS):
            alone.append(median(scrape(one, SCRAPES)))
            together.append(median(scrape(many, SCRAPES // 5)))
    detail = f"{median(together) * 1e3:.2f} ms / {AT_ONCE} x {median(alone) * 1e3:.2f} ms"
    ratio = median_ratio(together, alone) / AT_ONCE
    return line(f"{AT_ONCE} scrapers at once / one after the other", ratio, at_most=0.75, detail=detail)


def while_python_burns() -> list[bool]:
    with python_server("ours", burning=True) as ours, scrapers(ours.port, PROMETHEUS) as one:
        latencies = sorted(scrape(one, BURNING_SCRAPES, pause=0.02))
    middle, worst = median(latencies) * 1e3, latencies[-1] * 1e3
    return [
        line("p50 while Python burns / 6 ms", middle / 6, at_most=1, detail=f"{middle:.1f} ms"),
        line("worst while Python burns / 0.5 s", worst / 500, at_most=1, detail=f"{worst:.0f} ms"),
    ]


def main() -> int:
    print(f"scrapes over HTTP; {conditions()}")  # noqa: T201
    with python_server("reference") as reference:
        with python_server("ours-zlib") as ours:
            kept = [
                seconds_against(reference, ours),
                cpu_against(reference, ours, "zlib", 12),
                at_once(ours),
            ]
        if importlib.util.find_spec("isal") is None:
            skipped("start_http_server / ours, CPU as Prometheus asks, isal", f"run: {install_command('fast')}")
        else:
            with python_server("ours") as ours:
                kept.append(cpu_against(reference, ours, "isal", 15))
    kept += while_python_burns()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
