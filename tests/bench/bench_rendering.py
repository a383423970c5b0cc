"""Snapshot and rendering, against prometheus_client's `generate_latest` over the same collector.

python -m tests.bench.bench_rendering
"""

import sys
import time
from collections.abc import Callable
from math import inf
from statistics import mean

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from collectors import ServiceCollector
from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.http.compression import gzip_compression
from collectors.metrics import catalogue
from tests.bench.report import conditions, line
from tests.bench.workload import Workload, workload

SIZES = {400: (8, 2, 40), 4000: (115, 52, 8)}
"""Methods and providers that make about so many series, and how often each turn is timed."""
REFERENCE = {Format.TEXT: generate_latest, Format.OPENMETRICS: generate_openmetrics}
LIMITS = {(Format.TEXT, 1.0): 4.5, (Format.OPENMETRICS, 1.0): 7, (Format.TEXT, 0.1): 10, (Format.OPENMETRICS, 0.1): 16}


def seconds(render: Callable[[], bytes], repetitions: int) -> float:
    # The thread's own time: neighbours on the machine do not count.
    started = time.thread_time()
    for _ in range(repetitions):
        render()
    return (time.thread_time() - started) / repetitions


def compare(source: Workload, form: Format, rounds: int) -> tuple[float, float, float, int]:
    """Return the ratio, the seconds of the reference and ours, and the number of series."""
    # The process is left out on both sides: it is the same reading of files.
    sections = tuple(section for section in catalogue.sections() if section.subject is None)
    registry = CollectorRegistry()
    registry.register(ServiceCollector(source, sections))
    page = Exposition(sections)

    def reference() -> bytes:
        return REFERENCE[form](registry)

    def ours() -> bytes:
        return page.render(Instant(source), form)

    successes = sum(
        text.startswith(b"agent_collector_success") and text.endswith(b" 1.0") for text in ours().splitlines()
    )
    assert successes == len(sections), "a section that fails costs what no section should"
    series = sum(not text.startswith(b"#") for text in ours().splitlines())
    # Every turn of the workload at its best, as timeit advises: the rest is what neighbours on the machine take.
    slow, fast = [inf] * source.turns, [inf] * source.turns
    for _ in range(rounds):
        fast = [min(best, seconds(ours, 1)) for best in fast]
        slow = [min(best, seconds(reference, 1)) for best in slow]
    return sum(slow) / sum(fast), mean(slow), mean(fast), series


def compression(size: int, source: Workload) -> bool:
    page = Exposition(catalogue.sections())
    body = page.render(Instant(source), Format.TEXT)
    rendering = seconds(lambda: page.render(Instant(source), Format.TEXT), 100)
    compress = gzip_compression()
    squeezing = seconds(lambda: compress(body), 100)
    detail = f"{squeezing * 1e6:.0f} us / {rendering * 1e6:.0f} us"
    return line(f"gzip / rendering, about {size} series", squeezing / rendering, at_most=1.0, detail=detail)


def main() -> int:
    print(f"snapshot and rendering, generate_latest / ours; {conditions()}")  # noqa: T201
    kept = []
    for size, (methods, providers, rounds) in SIZES.items():
        for (form, share), limit in LIMITS.items():
            ratio, slow, fast, series = compare(workload(methods, providers, share), form, rounds)
            what = f"{form.name.lower()}, {series} series, {'all' if share == 1 else 'a tenth'} changed"
            kept.append(line(what, ratio, at_least=limit, detail=f"{slow * 1e6:.0f} us / {fast * 1e6:.0f} us"))
        kept.append(compression(size, workload(methods, providers, 1.0)))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
