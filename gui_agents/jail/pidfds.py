"""Processes by their descriptors (pidfds), which never come to stand for another process, as numbers do."""

import asyncio
import contextlib
import os
import select
import signal


def kill(descriptor: int) -> None:
    """Send SIGKILL to a process, if it still runs."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)


def has_ended(descriptor: int, seconds: float = 0) -> bool:
    """Return whether a process has ended, or ends within some seconds, for which this blocks."""
    poll = select.poll()  # unlike `select.select`, it can have descriptors from 1024 on
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


async def ended(descriptor: int) -> None:
    """Wait until a process has ended."""
    loop = asyncio.get_running_loop()
    # A descriptor of its own: several may wait for one process, and the event loop knows one reader of each.
    own = os.dup(descriptor)
    done = asyncio.Event()
    try:
        loop.add_reader(own, done.set)
        try:
            await done.wait()
        finally:
            loop.remove_reader(own)
    finally:
        os.close(own)
