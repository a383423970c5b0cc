"""Gives memory that is free back to the system, after a flood of calls or of large requests.

glibc keeps freed memory if anything above it in the heap is still used, which after a flood is nearly always so: the
process would stay several times as large as it was. `malloc_trim` gives such pages back. It takes milliseconds, in
which other threads may wait for memory; so it is called seldom while it finds little.
"""

import asyncio
import contextlib
import ctypes
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

OFTEN_SECONDS: Final = 5.0
SELDOM_SECONDS: Final = 80.0
WORTH_BYTES: Final = 2**20
"""What has to come back for another try soon."""
_STATM: Final = Path("/proc/self/statm")


def trimmer() -> Callable[[], Awaitable[object]] | None:
    """Return what gives free memory back, or None if this system's C library has no such function."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return lambda: asyncio.to_thread(trim, 0)


def resident_bytes() -> int:
    """Return the memory that the process takes, as Linux says; 0 if it does not say."""
    with contextlib.suppress(OSError):
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


async def give_back(trim: Callable[[], Awaitable[object]], resident: Callable[[], int] = resident_bytes) -> None:
    """Give free memory back again and again, less and less often while there is little."""
    seconds = OFTEN_SECONDS
    while True:
        await asyncio.sleep(seconds)
        before = resident()
        await trim()
        worth = before - resident() >= WORTH_BYTES
        seconds = OFTEN_SECONDS if worth else min(2 * seconds, SELDOM_SECONDS)
