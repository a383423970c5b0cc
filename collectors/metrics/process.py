"""The process: its memory by psutil, and prometheus_client's own collectors.

Nothing here needs the snapshot, so that this section still shows when the snapshot fails.
"""

from collections.abc import Iterable

import psutil
from prometheus_client import CollectorRegistry
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from collectors.metrics.definitions import Borrowed, Section, gauge


class ProcessReader:
    """Reads this process."""

    def __init__(self) -> None:
        self._process = psutil.Process()

    def resident_bytes(self) -> int:
        """Return the resident memory; 16 µs, unlike what walks children or memory maps."""
        return int(self._process.memory_info().rss)


def borrowed() -> tuple[Borrowed, ...]:
    """Return prometheus_client's own collectors, free of its default registry."""
    process = ProcessCollector(registry=None)
    platform = PlatformCollector(registry=None)
    # The collector of garbage collections registers itself, and only where the interpreter tells statistics.
    registry = CollectorRegistry()
    GCCollector(registry)

    def collections() -> Iterable[Family]:
        return registry.collect()

    return (
        Borrowed(
            switch="process",
            title="CPU, memory, start time and open files of the process, where the system has a /proc.",
            names=frozenset(
                {
                    "process_virtual_memory_bytes",
                    "process_resident_memory_bytes",
                    "process_start_time_seconds",
                    "process_cpu_seconds_total",
                    "process_open_fds",
                    "process_max_fds",
                }
            ),
            example="rate(process_cpu_seconds_total[5m])",
            collect=process.collect,
        ),
        Borrowed(
            switch="python_gc",
            title="Garbage collections by generation, and what they found.",
            names=frozenset(
                {
                    "python_gc_objects_collected_total",
                    "python_gc_objects_uncollectable_total",
                    "python_gc_collections_total",
                }
            ),
            example="rate(python_gc_collections_total[5m])",
            collect=collections,
        ),
        Borrowed(
            switch="python_info",
            title="The Python that runs the service.",
            names=frozenset({"python_info"}),
            example="count by (version) (python_info)",
            collect=platform.collect,
        ),
    )


def section() -> Section[ProcessReader]:
    """Return the section of this process."""
    return Section[ProcessReader](
        name="process",
        subject=ProcessReader(),
        metrics=(
            gauge(
                "agent_memory_usage_bytes",
                "Resident memory of the service's process, in bytes.",
                lambda process: process.resident_bytes(),
                example="max(agent_memory_usage_bytes)",
            ),
        ),
        borrowed=borrowed(),
    )
