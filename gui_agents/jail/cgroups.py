"""The cgroups of a jail: they bound its memory, processes and processor time, and tell whether memory ended it."""

import contextlib
import errno
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gui_agents.jail.limits import Limits
from gui_agents.jail.processes import end_all

PREFIX: Final = "gui-agents-"
"""How the name of a jail's cgroup begins; the jail's id follows."""

PARTS_OF_PROCESSOR: Final = 4
"""A busy jail gets a quarter of the service's share, so that the service goes first where all processors are busy.
Niceness alone has no effect between sessions if the kernel groups them by itself (`sched_autogroup_enabled`).
"""
REMOVE_SECONDS: Final = 2.0
"""How long the kernel may need to forget processes that have ended."""

_log = logging.getLogger(__name__)


class Cgroup:
    """The cgroups of one jail: one in each tree of version 1, and one altogether in version 2."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self.directories: Final = tuple(directories)

    @classmethod
    def below(cls, parents: Sequence[Path], jail_id: str) -> "Cgroup":
        """Return the cgroup of a jail. It has to be made."""
        return cls([parent / (PREFIX + jail_id) for parent in parents])

    def make(self, limits: Limits) -> bool:
        """Make it, and return whether it bounds memory and processes. If not, nothing is left of it."""
        if not self.directories:
            return False
        try:
            for directory in self.directories:
                directory.mkdir()
            memory = sum(self._write(name, limits.memory_bytes) for name in ("memory.max", "memory.limit_in_bytes"))
            processes = self._write("pids.max", limits.processes)
            self._write("cpu.shares", 1024 // PARTS_OF_PROCESSOR)
            self._write("cpu.weight", 100 // PARTS_OF_PROCESSOR)
            self._write("memory.swap.max", 0)
            self._write("memory.memsw.limit_in_bytes", limits.memory_bytes)  # memory and swap together
        except OSError as error:
            _log.info("a sandbox has no cgroup, so that each of its processes is bounded, and not their sum: %s", error)
            memory = processes = 0
        if memory and processes:
            return True
        self.remove()
        return False

    def add(self, pid: int) -> None:
        """Put a process into it.

        Raises:
            OSError: that failed.
        """
        for directory in self.directories:
            (directory / "cgroup.procs").write_text(str(pid))

    def out_of_memory(self) -> int:
        """Return how many processes the kernel has ended because the jail used too much memory; 0 without a cgroup."""
        for name in ("memory.events", "memory.oom_control"):
            for place in self._existing(name):
                with contextlib.suppress(OSError):
                    for line in place.read_text().splitlines():
                        if line.startswith("oom_kill "):
                            return int(line.split()[1])
        return 0

    def end_processes(self, seconds: float) -> bool:
        """End all processes in it. Return whether there are none after `seconds`."""
        return end_all(self._processes, lambda pid: pid in self._processes(), seconds)

    def remove(self) -> None:
        """Remove it; there must be no process in it.

        Raises:
            OSError: that failed.
        """
        deadline = time.monotonic() + REMOVE_SECONDS
        for directory in self.directories:
            while not _removed(directory, last=time.monotonic() > deadline):
                time.sleep(0.01)

    def _write(self, name: str, number: int) -> int:
        """Write a setting where there is a file for it, and return in how many places."""
        places = self._existing(name)
        for place in places:
            place.write_text(str(number))
        return len(places)

    def _existing(self, name: str) -> list[Path]:
        return [directory / name for directory in self.directories if (directory / name).exists()]

    def _processes(self) -> list[int]:
        found: list[int] = []
        for place in self._existing("cgroup.procs"):
            with contextlib.suppress(OSError):  # it was removed meanwhile
                found += map(int, place.read_text().split())
        return found


def _removed(directory: Path, *, last: bool) -> bool:
    """Return whether an empty directory is gone now; False if it is still in use, unless this is the last attempt."""
    try:
        directory.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.EBUSY or last:
            raise
        return False
    return True
