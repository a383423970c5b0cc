"""Cgroups of jails: they bound memory and processes, and tell whether memory was the reason of an end.

The service makes cgroups below its own one, where it may: as root with version 1, or with version 2 where systemd or
a container gave it a subtree (`Delegate=yes`). Where it may not, `rlimits` bound what they can.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gui_agents.jail.limits import Limits
from gui_agents.jail.processes import end_all

PREFIX: Final = "gui-agents-"
"""How the name of a jail's cgroup begins; the jail's id follows."""
UNIFIED: Final = ""
"""What stands for the controllers of version 2."""
_SPACE: Final = re.compile(r"\\040")


def own_directories(proc_self: Path = Path("/proc/self")) -> dict[str, Path]:
    """Return the directories of this process's cgroups, by their controllers; version 2 is `UNIFIED`."""
    own = {}
    for line in (proc_self / "cgroup").read_text().splitlines():
        _number, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    found = {}
    for line in (proc_self / "mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _source, options = after.split(" ", 2)
        root, place = (_SPACE.sub(" ", word) for word in before.split(" ")[3:5])
        if kind not in {"cgroup", "cgroup2"}:
            continue
        for name in (UNIFIED,) if kind == "cgroup2" else options.split(","):
            # In a container, a mount may show a part of the tree only: paths below that part are seen there.
            if name in own and os.path.commonpath([own[name], root]) == root:
                found[name] = Path(place, os.path.relpath(own[name], root))
    return found


class Cgroup:
    """The cgroups of one jail: one for memory and one for processes, which are the same in version 2."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self.directories: Final = tuple(directories)

    @classmethod
    def of(cls, jail_id: str, own: dict[str, Path]) -> "Cgroup":
        """Return the cgroup of a jail below the service's own one. It has to be made."""
        parents = [own[name] for name in ("memory", "pids") if name in own]
        if not parents and UNIFIED in own:
            parents = [own[UNIFIED]]
        return cls([parent / (PREFIX + jail_id) for parent in dict.fromkeys(parents)])

    def make(self, limits: Limits) -> bool:
        """Make it, and return whether it bounds memory and processes. If not, nothing is left of it."""
        try:
            for directory in self.directories:
                directory.mkdir()
            bounded = {name for name, text in _settings(limits) for place in self._having(name) if _write(place, text)}
        except OSError:
            bounded = set()
        if bounded & {"memory.max", "memory.limit_in_bytes"} and "pids.max" in bounded:
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
        """Return how many processes the kernel has ended because the jail used too much memory."""
        for name in ("memory.events", "memory.oom_control"):
            for place in self._having(name):
                for line in place.read_text().splitlines():
                    if line.startswith("oom_kill "):
                        return int(line.split()[1])
        return 0

    def end_processes(self, seconds: float) -> bool:
        """End all processes in it. Return whether there are none after `seconds`."""
        return end_all(lambda: list(self._processes()), lambda pid: pid in self._processes(), seconds)

    def remove(self) -> None:
        """Remove it; there must be no process in it.

        Raises:
            OSError: that failed.
        """
        for directory in self.directories:
            with contextlib.suppress(FileNotFoundError):
                directory.rmdir()

    def _having(self, name: str) -> list[Path]:
        return [directory / name for directory in self.directories if (directory / name).exists()]

    def _processes(self) -> Iterator[int]:
        for place in self._having("cgroup.procs"):
            with contextlib.suppress(OSError):
                yield from map(int, place.read_text().split())


def _settings(limits: Limits) -> list[tuple[str, int]]:
    """Return the files of both versions and what is written into them, in order."""
    return [
        ("memory.max", limits.memory_bytes),
        ("memory.swap.max", 0),
        ("memory.limit_in_bytes", limits.memory_bytes),
        ("memory.memsw.limit_in_bytes", limits.memory_bytes),
        ("pids.max", limits.processes),
    ]


def _write(place: Path, number: int) -> bool:
    place.write_text(str(number))
    return True
