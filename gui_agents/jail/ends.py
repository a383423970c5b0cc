"""Tells from a program's status and its cgroup why a jail ended."""

import signal
from typing import Final

from gui_agents.domain.sandbox import SandboxEnd
from gui_agents.jail.limits import GIBIBYTE, Ended, Limits

CLOSED: Final = Ended(SandboxEnd.CLOSED, "it was closed")
UNKNOWN: Final = Ended(SandboxEnd.CRASHED, "its program ended")
SIGNALLED: Final = 128
"""A shell and bwrap report the signal that ended a program as this much more than its number."""
ORDERED: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
"""Signals that somebody sends. A program gets the others because of its own faults."""


def explain(status: int, out_of_memory: int, limits: Limits) -> Ended:
    """Return why a jail ended that was not closed.

    Args:
        status: of its program, as `asyncio` or a shell reports it.
        out_of_memory: how many processes of the jail the kernel has ended because they used too much memory.
        limits: of the jail.
    """
    number = -status if status < 0 else status - SIGNALLED
    if number == signal.SIGKILL and out_of_memory:
        size = limits.memory_bytes / GIBIBYTE
        return Ended(SandboxEnd.OUT_OF_MEMORY, f"it used more than SANDBOX_MEMORY ({size:.1f} GiB)")
    if number in ORDERED:
        return Ended(SandboxEnd.KILLED, f"something outside of the service sent it {signal.Signals(number).name}")
    if number in signal.valid_signals():
        return Ended(SandboxEnd.CRASHED, f"its program crashed with {_name(number)}")
    return Ended(SandboxEnd.CRASHED, f"its program ended by itself, with status {status}")


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals, most of which have no name
        return f"signal {number}"
