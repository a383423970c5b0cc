"""What sandboxes could leave behind, counted: on this machine, in this process and in its event loop.

This process adopts what its children leave behind (`PR_SET_CHILD_SUBREAPER`), so that every process that it has
started, directly or not, is below it.
"""

import asyncio
import contextlib
import ctypes
import os
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from gui_agents.jail import own_cgroups
from gui_agents.jail.cgroups import PREFIX

SET_CHILD_SUBREAPER: Final = 36
SECONDS: Final = 5.0
"""How long is waited for what others of this machine, or the kernel, have to do: what is left behind stays longer."""
POLL_SECONDS: Final = 0.05
POOLS: Final = {"jail": 4, "frames": 2, "pages": 2, "drawing": 2}
"""Threads that a service keeps for its next work, and how many of each."""
LISTENING: Final = "0A"
"""The state of a socket in /proc/net/tcp."""
NOTED: Final = re.compile(r"/note-\w+\.json$")
TEMPORARY: Final = re.compile(rf"{re.escape(PREFIX)}[0-9a-f]{{32}}$")
"""The files of a jail outside of RUNTIME_DIR. What has other names belongs to other programs of this machine."""


def adopt() -> None:
    """Let all processes that this one has started be below it, whatever becomes of those between."""
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def processes() -> Counter[str]:
    """Return the processes below this one, by their names."""
    return Counter(below().values())


def below() -> dict[int, str]:
    """Return the names of the processes below this one, by their numbers."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (place / "stat").read_text().partition(" (")[2].rpartition(") ")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if state != "Z":  # what was adopted is not waited for by anyone
            parents[int(place.name)], names[int(place.name)] = int(parent), name
    found = {}
    for process, parent in parents.items():
        above = parent
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid():
            found[process] = names[process]
    return found


def mounts() -> Counter[str]:
    """Return the mounts of this process."""
    return Counter(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())


def cgroups() -> Counter[str]:
    """Return the cgroups of jails that have no process, whoever made them: those with one are found by it."""
    found: Counter[str] = Counter()
    for parent in own_cgroups.parents():
        for place in parent.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):  # another service has removed it
                if not (place / "cgroup.procs").read_text():
                    found[str(place)] += 1
    return found


def named_sockets() -> Counter[str]:
    """Return the Unix sockets of this process that have a name, abstract ones (@) included."""
    own = set(_open())
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return Counter(row[7] for row in rows if len(row) > 7 and f"socket:[{row[6]}]" in own)


def temporary_files() -> Counter[str]:
    """Return the directories of jails among the temporary files."""
    directory = Path(tempfile.gettempdir())
    return Counter(place.name for place in directory.iterdir() if TEMPORARY.match(place.name))


def _open() -> Iterator[str]:
    for place in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one by which the directory was read
            yield str(place.readlink())


def descriptors() -> Counter[str]:
    """Return what this process has open."""
    return Counter(re.sub(r":\[\d+\]", "", what) for what in _open())


def ports() -> Counter[str]:
    """Return the ports at which this process listens."""
    own = set(_open())
    found: Counter[str] = Counter()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            row = line.split()
            if row[3] == LISTENING and f"socket:[{row[9]}]" in own:
                found[str(int(row[1].rpartition(":")[2], 16))] += 1
    return found


def threads() -> Counter[str]:
    """Return the threads of this process that it does not keep."""
    found = Counter(thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_"))
    return +Counter({name: number - POOLS.get(name, 0) for name, number in found.items()})


def loop_tasks() -> Counter[str]:
    """Return the tasks of the event loop, but for the one that asks."""
    current = asyncio.current_task()
    return Counter(str(task.get_coro()) for task in asyncio.all_tasks() if task is not current)


def readers() -> Counter[str]:
    """Return how many descriptors the event loop watches."""
    return Counter({"watched": len(asyncio.get_running_loop()._selector.get_map())})


COUNTS: Final[Mapping[str, Callable[[], Counter[str]]]] = {
    "process": processes,
    "mount": mounts,
    "cgroup": cgroups,
    "named socket": named_sockets,
    "temporary file": temporary_files,
    "descriptor": descriptors,
    "port": ports,
    "thread": threads,
    "task": loop_tasks,
    "reader": readers,
}
OF_THE_MACHINE: Final = ("mount", "cgroup", "temporary file", "thread")
"""What others change, too, or what ends a moment after it was told to."""


class Books:
    """What there was when nothing was open, to be compared with what there is."""

    def __init__(self, runtime_dir: Path) -> None:
        self._runtime_dir = runtime_dir
        self._before = {kind: count() for kind, count in COUNTS.items()}

    async def left(self) -> list[str]:
        """Return what is there now and was not before, a line each."""
        found = list(self._left(kind for kind in COUNTS if kind not in OF_THE_MACHINE))
        deadline = asyncio.get_running_loop().time() + SECONDS
        while (of_the_machine := list(self._left(OF_THE_MACHINE))) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        # A sandbox of a cloud that could not be deleted stays written down, for the next start.
        jails = [line for line in files(self._runtime_dir) if not NOTED.search(line)]
        return [*found, *of_the_machine, *jails]

    def _left(self, kinds: Iterable[str]) -> Iterator[str]:
        for kind in kinds:
            for what, number in (COUNTS[kind]() - self._before[kind]).items():
                yield f"{kind}: {number} more of {what}"


def files(runtime_dir: Path) -> list[str]:
    """Return what lies below RUNTIME_DIR, but for the locks of services that live, and their directories."""
    sandboxes = runtime_dir / "sandboxes"
    return [
        f"file: {place.relative_to(runtime_dir)}"
        for place in sorted(sandboxes.rglob("*"))
        if not (place / "lock").exists() and not (place.name == "lock" and place.parent.parent == sandboxes)
    ]
