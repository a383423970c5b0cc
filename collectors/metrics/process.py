"""The process: the families that every Python program shows, under prometheus_client's names, and its memory.

The numbers are those of prometheus_client's own collectors, read in a cheaper way. Nothing here needs the snapshot, so
that this section still shows when the snapshot fails.
"""

import gc
import math
import mmap
import os
import platform
import time
import weakref
from pathlib import Path
from typing import Final

import psutil

from collectors.metrics.definitions import Described, Section, counter, gauge

PROCESS: Final = "process"
PYTHON_GC: Final = "python_gc"
"""The names by which PROMETHEUS_DISABLE switches off several families at once."""

_VIRTUAL, _RESIDENT = 0, 1
"""The places of the sizes in `statm`, which are told in pages (proc_pid_statm(5))."""
_ONE_SCRAPE_SECONDS: Final = 0.005
"""Sizes read within this time serve all rows of a scrape: each read hands over the interpreter to other threads."""
_STATM_BYTES: Final = 256
"""More than its seven numbers can take."""


class ProcessReader:
    """Reads this process; what prometheus_client reads from /proc is None on a system without one."""

    def __init__(self, proc: str = "/proc") -> None:
        self._process = psutil.Process()
        self._has_gc_statistics = platform.python_implementation() == "CPython"
        self._statm: int | None = None
        self._sizes: list[bytes] = []
        self._read_seconds = -math.inf
        """When the sizes were read, on the monotonic clock."""
        self._descriptors = Path(proc, "self", "fd")
        try:
            # It stays open, as opening it takes longer than all the rest; each read from its beginning is a new one.
            self._statm = os.open(f"{proc}/self/statm", os.O_RDONLY)
        except OSError:
            return
        weakref.finalize(self, os.close, self._statm)

    def memory_bytes(self) -> int:
        """Return the resident memory on any system."""
        resident = self.resident_bytes()
        return int(self._process.memory_info().rss) if resident is None else resident

    def resident_bytes(self) -> int | None:
        """Return the resident memory."""
        return self._bytes(_RESIDENT)

    def virtual_bytes(self) -> int | None:
        """Return the size of the address space."""
        return self._bytes(_VIRTUAL)

    def _bytes(self, place: int) -> int | None:
        if self._statm is None:
            return None
        now = time.monotonic()
        if now - self._read_seconds > _ONE_SCRAPE_SECONDS:
            self._sizes = os.pread(self._statm, _STATM_BYTES, 0).split()
            self._read_seconds = now
        return int(self._sizes[place]) * mmap.PAGESIZE

    def start_time_seconds(self) -> float | None:
        """Return when the process started, as a Unix time; psutil remembers it."""
        return None if self._statm is None else self._process.create_time()

    def cpu_seconds(self) -> float | None:
        """Return the CPU time of user and system; the same ticks as in `stat`, without its file."""
        if self._statm is None:
            return None
        times = os.times()
        return times.user + times.system

    def open_descriptors(self) -> int | None:
        """Return the number of open file descriptors."""
        if self._statm is None:
            return None
        try:
            # Linux 6.2 and later give the number as a size. Listing the directory instead hands over the interpreter
            # for each entry, and waits for a busy thread to give it back.
            return self._descriptors.stat().st_size or self._process.num_fds()
        except (OSError, psutil.Error):
            # Listing them takes one more, and they may all be in use: then the other families are needed most.
            return None

    def most_descriptors(self) -> int | None:
        """Return how many file descriptors may be open: the soft limit."""
        return None if self._statm is None else int(self._process.rlimit(psutil.RLIMIT_NOFILE)[0])

    def collections(self, field: str) -> dict[str, int] | None:
        """Return a number of the garbage collector by generation; None if the interpreter has no such statistics."""
        if not self._has_gc_statistics:
            return None
        return {str(generation): stats[field] for generation, stats in enumerate(gc.get_stats())}


def python_info() -> dict[tuple[str, ...], int]:
    """Return the one series of `python_info`."""
    return {(platform.python_version(), platform.python_implementation(), *platform.python_version_tuple()): 1}


_GENERATIONS: Final = {"generation": Described("0 is the youngest")}


def section() -> Section[ProcessReader]:
    """Return the section of this process."""
    return Section[ProcessReader](
        name="process",
        subject=ProcessReader(),
        metrics=(
            gauge(
                "agent_memory_usage_bytes",
                "Resident memory of the service's process, in bytes.",
                lambda process: process.memory_bytes(),
                example="max(agent_memory_usage_bytes)",
            ),
            gauge(
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
                lambda process: process.virtual_bytes(),
                example="max(process_virtual_memory_bytes)",
                optional=True,
                switch=PROCESS,
            ),
            gauge(
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
                lambda process: process.resident_bytes(),
                example="max(process_resident_memory_bytes)",
                optional=True,
                switch=PROCESS,
            ),
            gauge(
                "process_start_time_seconds",
                "Start time of the process since unix epoch in seconds.",
                lambda process: process.start_time_seconds(),
                example="time() - process_start_time_seconds",
                optional=True,
                switch=PROCESS,
            ),
            counter(
                "process_cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
                lambda process: process.cpu_seconds(),
                example="rate(process_cpu_seconds_total[5m])",
                optional=True,
                switch=PROCESS,
            ),
            gauge(
                "process_open_fds",
                "Number of open file descriptors.",
                lambda process: process.open_descriptors(),
                example="process_open_fds / process_max_fds",
                optional=True,
                switch=PROCESS,
            ),
            gauge(
                "process_max_fds",
                "Maximum number of open file descriptors.",
                lambda process: process.most_descriptors(),
                example="min(process_max_fds)",
                optional=True,
                switch=PROCESS,
            ),
            counter(
                "python_gc_objects_collected_total",
                "Objects collected during gc",
                lambda process: process.collections("collected"),
                labels=_GENERATIONS,
                example="sum by (generation) (rate(python_gc_objects_collected_total[5m]))",
                optional=True,
                switch=PYTHON_GC,
            ),
            counter(
                "python_gc_objects_uncollectable_total",
                "Uncollectable objects found during GC",
                lambda process: process.collections("uncollectable"),
                labels=_GENERATIONS,
                example="sum(increase(python_gc_objects_uncollectable_total[1h]))",
                optional=True,
                switch=PYTHON_GC,
            ),
            counter(
                "python_gc_collections_total",
                "Number of times this generation was collected",
                lambda process: process.collections("collections"),
                labels=_GENERATIONS,
                example="rate(python_gc_collections_total[5m])",
                optional=True,
                switch=PYTHON_GC,
            ),
            gauge(
                "python_info",
                "Python platform information",
                lambda _: python_info(),
                labels={
                    "version": Described("such as 3.11.7"),
                    "implementation": Described("such as CPython"),
                    "major": Described("such as 3"),
                    "minor": Described("such as 11"),
                    "patchlevel": Described("such as 7"),
                },
                example="count by (version) (python_info)",
                optional=True,
            ),
        ),
    )
