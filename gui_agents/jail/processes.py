"""Finds and ends processes by a marker in their environment.

A number of a process may belong to another one as soon as the process has ended. So each process is held by a
descriptor (pidfd) before its environment is read, and the signal goes to that descriptor.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

MARKER: Final = "GUI_AGENTS_JAIL"
"""The variable that all processes of a jail have in their environment; its value is the jail's id."""
POLL_SECONDS: Final = 0.05

_PROC: Final = Path("/proc")


def end_marked(jail_ids: Collection[str], seconds: float) -> bool:
    """End the processes of these jails, until there are none. Return whether there are none after `seconds`."""
    markers = {f"{MARKER}={jail_id}".encode() for jail_id in jail_ids}

    def is_marked(pid: int) -> bool:
        with contextlib.suppress(OSError):
            return not markers.isdisjoint((_PROC / str(pid) / "environ").read_bytes().split(b"\0"))
        return False

    return end_all(_numbers, is_marked, seconds)


def end_all(candidates: Callable[[], Iterable[int]], is_one: Callable[[int], bool], seconds: float) -> bool:
    """End the candidates of which `is_one` is true, until there are none. Return whether there are none in time."""
    deadline = time.monotonic() + seconds
    while True:
        ended = 0
        for pid in candidates():
            ended += _end(pid, is_one)
        if not ended:
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
        if not is_one(pid) or has_ended(descriptor):
            return False
        kill(descriptor)
        has_ended(descriptor, POLL_SECONDS)
        return True
    finally:
        os.close(descriptor)


def kill(descriptor: int) -> None:
    """Send SIGKILL to a process, if it still runs."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)


def has_ended(descriptor: int, seconds: float = 0) -> bool:
    """Return whether a process has ended, or ends in time."""
    poll = select.poll()  # select.select has no descriptors from 1024 on
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
