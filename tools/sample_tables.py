"""Tables of the samples of a service that has just begun: by metric, by kind, and what many instances come to."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from prometheus_client.metrics_core import Metric as Family

from collectors.metrics import catalogue
from tools import idle
from tools.vocabulary import SCRAPE_SERIES

LARGEST: Final = 6
"""How many metrics a table names before it sums the others up."""
INSTANCES: Final = (10, 1_000, 100_000)
SCRAPE_SECONDS: Final = 15
DAY_SECONDS: Final = 24 * 60 * 60
SERIES_BYTES: Final = 3 * 2**10
"""Memory of Prometheus for a series that is live, measured."""
SAMPLE_BYTES: Final = 1.5
"""Disk of Prometheus for a sample, measured."""


def series() -> int:
    """Return the series that Prometheus keeps of one instance, its own included."""
    return len(idle.samples()) + SCRAPE_SERIES


def by_metric() -> str:
    """Return the table of the metrics with the most samples, and of all without the optional ones."""
    sizes = {_name(family): len(family.samples) for family in idle.families()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:LARGEST]
    rest = sum(size for name, size in sizes.items() if name not in largest)
    switches = catalogue.switches(catalogue.sections())
    return _table(
        ("Family", "Samples"),
        *((f"`{name}`", sizes[name]) for name in largest),
        ("all others", rest),
        ("**All**", f"**{sum(sizes.values())}**"),
        ("**All with every optional family switched off**", f"**{len(idle.samples(switches))}**"),
    )


def by_kind() -> str:
    """Return the table of a scrape's samples by what they belong to."""
    families = idle.families()
    histograms = [family for family in families if family.type == "histogram"]
    methods = max(sum(sample.name.endswith("_count") for sample in family.samples) for family in histograms)
    kinds = Counter[str]()
    for family in families:
        kinds[_kind(family)] += len(family.samples)
    return _table(
        ("What", "Samples"),
        (f"Histograms ({len(histograms)} families, {methods} methods in the largest)", kinds["histogram"]),
        ("RPC counters: requests, errors, handled, by method and code", kinds["rpc"]),
        ("Everything else of the service", kinds["service"]),
        ("Process, garbage collector, Python", kinds["process"]),
        ("**All of a scrape**", f"**{kinds.total()}**"),
        ("Added by Prometheus: `up`, `scrape_…`", SCRAPE_SERIES),
    )


def by_instances() -> str:
    """Return the table of what Prometheus needs for many instances."""
    rows = []
    for instances in INSTANCES:
        live = instances * series()
        rate = live / SCRAPE_SECONDS
        memory = _amount(live * SERIES_BYTES, 1024, "MiB", "GiB")
        disk = _amount(rate * DAY_SECONDS * SAMPLE_BYTES, 1000, "MB", "GB")
        rows.append((f"{instances:,}", f"{live:,}", f"{rate:,.0f}", memory, disk))
    return _table(("Instances", "Series", "Samples/s", "Memory", "Disk a day"), *rows)


def _name(family: Family) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _kind(family: Family) -> str:
    if family.type == "histogram":
        return "histogram"
    if family.type == "counter" and family.name.startswith("agent_grpc_"):
        return "rpc"
    return "service" if family.name.startswith("agent_") else "process"


def _amount(size: float, step: int, *units: str) -> str:
    """Return a number of bytes in the first of the units, or in the next one if it is larger."""
    number, unit = size / step**2, units[0]
    if number >= step:
        number, unit = number / step, units[1]
    return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"  # noqa: PLR2004 - two digits


def _table(head: tuple[str, ...], *rows: Iterable[object]) -> str:
    """Return a table of Markdown on lines of its own."""
    first, *lines = (f"| {' | '.join(map(str, line))} |\n" for line in (head, *rows))
    return "".join(["\n", first, f"{'|---' * len(head)}|\n", *lines])
