"""A tunnel: bytes in both directions, which nobody here looks at."""

import asyncio
import contextlib

from gui_agents.egress.idle import Idle, idle
from gui_agents.egress.streams import Stream


async def tunnel(one: Stream, other: Stream) -> None:
    """Carry bytes both ways until both sides have sent their last, one of them breaks, or both are silent."""
    with contextlib.suppress(TimeoutError):
        async with idle() as clock:
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(_carry(one, other, clock))
                    both.create_task(_carry(other, one, clock))
            except* OSError:
                pass


async def _carry(source: Stream, target: Stream, clock: Idle) -> None:
    while data := await source.read():
        await target.write(data)
        clock.moved()
    await target.flush()
    target.end()
    clock.half_closed()
