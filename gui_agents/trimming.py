"""Gives memory that is free back to the system, after a flood of calls or of large requests.

glibc keeps freed memory in several heaps, and as long as anything above it in its heap is used; after a flood that is
nearly always so, and the process would stay several times as large as it was. So there is one heap, large texts get
pages of their own, and `malloc_trim` gives back free pages now and then. It takes milliseconds, in which other threads
may wait for memory.

asyncio and grpc.aio leave cycles of objects behind each connection and call, which only a full garbage collection
frees. Python seldom makes one, and it stops everything in proportion to what is alive. So it is made here: while that
is little, and when the process has grown much.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

OFTEN_SECONDS: Final = 5.0
SELDOM_SECONDS: Final = 10.0
WORTH_BYTES: Final = 2**20
"""What has to come back for another try soon."""
GROWTH_BYTES: Final = 64 * 2**20
"""How much larger than after the last garbage collection the process must be for one that may take longer."""
FEW_ALIVE: Final = 4_000
"""Calls and tasks up to which a full collection takes about 20 ms."""
LARGE_BYTES: Final = 64 * 2**10
"""What gets pages of its own, and how much free memory at the heap's end is kept."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt, as malloc.h of glibc has them."""
_STATM: Final = Path("/proc/self/statm")


Trim = Callable[[bool], Awaitable[object]]
"""Gives free memory back; if it is called with True, garbage is collected before."""


def set_up_heap() -> None:
    """Let there be one heap; to be called before the process has a second thread, which would get one of its own.

    Nothing happens if the C library of this system cannot. A second call changes nothing.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_ARENA_MAX, 1)
        set_option(_MMAP_THRESHOLD, LARGE_BYTES)
        set_option(_TRIM_THRESHOLD, LARGE_BYTES)


def trimmer() -> Trim | None:
    """Return what gives memory back, or None if the C library of this system cannot."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    set_up_heap()

    def give(collect: bool) -> None:  # noqa: FBT001 - called by position, through asyncio
        if collect:
            gc.collect()
        trim(0)

    return lambda collect: asyncio.to_thread(give, collect)


def resident_bytes() -> int:
    """Return the memory that the process takes, as Linux says; 0 if it does not say."""
    with contextlib.suppress(OSError):
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


async def give_back(trim: Trim, alive: Callable[[], int], resident: Callable[[], int] = resident_bytes) -> None:
    """Give free memory back again and again, less often while there is little; `alive` counts calls and tasks."""
    seconds = OFTEN_SECONDS
    collected = resident()
    while True:
        await asyncio.sleep(seconds)
        before = resident()
        collect = alive() <= FEW_ALIVE or before > collected + GROWTH_BYTES
        await trim(collect)
        after = resident()
        if collect:
            collected = after
        worth = before - after >= WORTH_BYTES
        seconds = OFTEN_SECONDS if worth else min(2 * seconds, SELDOM_SECONDS)
