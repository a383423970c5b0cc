"""Finds and ends processes by a marker in their environment, by their user, or by their cgroup.

A service that is root in a container often may not read the environment of another user's processes. A jail's user is
its own, so all processes of that user are the jail's.

A process's number may belong to another one as soon as the process has ended. So each candidate is held by a descriptor
before it is looked at, and the signal goes to that descriptor.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from gui_agents.jail import displays, pidfds

MARKER: Final = "GUI_AGENTS_JAIL"
"""The variable that all processes of a jail have in their environment; its value is the jail's id."""
WAIT_SECONDS: Final = 0.1
"""How long one ended process is waited for, before the next one is ended."""

_USER: Final = re.compile(r"^Uid:\t([0-9]+)", re.MULTILINE)
_PROC: Final = Path("/proc")


def end_marked(jail_ids: Collection[str], users: Collection[int], seconds: float) -> bool:
    """End the processes of these jails, until there are none, and remove what displays among them have left.

    Return whether there are none after `seconds`.

    Args:
        jail_ids: of the jails.
        users: which only these jails have.
        seconds: after which it gives up.
    """
    markers = {f"{MARKER}={jail_id}".encode() for jail_id in jail_ids}

    sockets: set[Path] = set()

    def is_one(pid: int) -> bool:
        with contextlib.suppress(OSError):  # it has ended
            if (users and _user(pid) in users) or _is_marked(pid, markers):
                sockets.update(displays.sockets_of(pid))
                return True
        return False

    if not end_all(_numbers, is_one, seconds):
        return False
    # Those of users last: a server may have ended by itself before, and one may have begun to listen just now.
    displays.remove(sockets | displays.sockets_of_users(users))
    return True


def _is_marked(pid: int, markers: Collection[bytes]) -> bool:
    """Return whether a process has one of these markers in its environment.

    Raises:
        OSError: it has ended.
    """
    return not set(markers).isdisjoint((_PROC / str(pid) / "environ").read_bytes().split(b"\0"))


def _user(pid: int) -> int | None:
    """Return the user of a process; None of one that is ending.

    Raises:
        OSError: it has ended.
    """
    status = (_PROC / str(pid) / "status").read_text(errors="replace")
    found = _USER.search(status)
    return int(found[1]) if found else None


def end_all(candidates: Callable[[], Iterable[int]], is_one: Callable[[int], bool], seconds: float) -> bool:
    """End the candidates of which `is_one` is true, until there are none. Return whether there are none in time.

    Once is not enough: a process that is not ended yet may start others.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = 0
        for pid in candidates():
            found += _end(pid, is_one)
        if not found:
            return True
        if time.monotonic() > deadline:
            return False


def _numbers() -> Iterator[int]:
    return (int(place.name) for place in _PROC.iterdir() if place.name.isdecimal())


def _end(pid: int, is_one: Callable[[int], bool]) -> bool:
    """End a process if it is one, and return whether it was."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if not is_one(pid) or pidfds.has_ended(descriptor):
            return False
        pidfds.kill(descriptor)
        pidfds.has_ended(descriptor, WAIT_SECONDS)
    finally:
        os.close(descriptor)
    return True
