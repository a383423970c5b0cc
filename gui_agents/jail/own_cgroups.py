"""The cgroups of this service, and where below them it may make those of its jails.

With version 1, there is a tree for memory, one for processes and one for processors, and root may make cgroups below
its own ones. With version 2, a cgroup that has cgroups with limits below it must have no processes. So a service to
which systemd (`Delegate=yes`) or a container gave its cgroup moves into a leaf of that first.
"""

import os
import re
from pathlib import Path
from typing import Final

CONTROLLERS: Final = frozenset({"memory", "pids"})
UNIFIED: Final = ""
"""What stands for the controllers of version 2."""
LEAF: Final = "service"
"""The cgroup into which the service's own processes move."""
MARKS: Final = ("user.delegate", "trusted.delegate")
"""Attributes by which systemd marks what it gave away; the second can be read by root only."""
MOVES: Final = 10

_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


def parents(proc_self: Path = Path("/proc/self")) -> tuple[Path, ...]:
    """Return the cgroups below which those of jails can be made; none if there are none.

    Raises:
        OSError: the kernel does not tell.
    """
    own = own_directories(proc_self)
    if own.keys() >= CONTROLLERS:
        places = [own["memory"], own["pids"]]
        if "cpu" in own and os.access(own["cpu"], os.W_OK):  # better, but not needed
            places.append(own["cpu"])
        return tuple(dict.fromkeys(places))
    unified = _given(own[UNIFIED]) if UNIFIED in own else None
    return () if unified is None else (unified,)


def own_directories(proc_self: Path) -> dict[str, Path]:
    """Return the directories of this process's cgroups, by their controllers; version 2 is `UNIFIED`.

    Raises:
        OSError: the kernel does not tell.
    """
    own = {}
    for line in (proc_self / "cgroup").read_text().splitlines():
        _number, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    found = {}
    for line in (proc_self / "mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _source, options = after.split(" ", 2)
        root, place = (_unescaped(word) for word in before.split(" ")[3:5])
        names = {"cgroup": options.split(","), "cgroup2": [UNIFIED]}.get(kind, [])
        for name in names:
            # In a container, a mount may show a part of the tree only; what is not below that part is not seen.
            if name in own and os.path.commonpath([own[name], root]) == root:
                found[name] = Path(place, os.path.relpath(own[name], root)).resolve()
    return found


def _unescaped(word: str) -> str:
    """Return a path of mountinfo, which has spaces and others as octal numbers."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), word)


def _given(own: Path) -> Path | None:
    """Return the cgroup of version 2 that was given to this service; None if there is none."""
    try:
        if _enabled(own):
            return own
        for place in (own.parent, own):
            if _is_given(place):
                if place == own:
                    _move_to_leaf(own)
                if not _enabled(place):
                    (place / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(CONTROLLERS)))
                return place
    except OSError:  # it was not given wholly
        return None
    return None


def _enabled(place: Path) -> bool:
    """Return whether cgroups below this one can have limits."""
    return set((place / "cgroup.subtree_control").read_text().split()) >= CONTROLLERS


def _is_given(place: Path) -> bool:
    if not (place / "cgroup.type").exists():  # the root of the machine's tree, or not a cgroup at all
        return False
    if not (place.parent / "cgroup.procs").exists():  # the root of what a container sees
        return True
    return any(name in os.listxattr(place) and os.getxattr(place, name) == b"1" for name in MARKS)


def _move_to_leaf(own: Path) -> None:
    """Move all processes of a cgroup into a new one below it."""
    leaf = own / LEAF
    leaf.mkdir(exist_ok=True)
    for _ in range(MOVES):  # each may start others meanwhile
        processes = (own / "cgroup.procs").read_text().split()
        if not processes:
            break
        for process in processes:
            (leaf / "cgroup.procs").write_text(process)
