"""Operations of grpc.aio that are never cancelled, whoever waits for them.

grpc.aio frees what an operation needs, 80 bytes of C, when the operation is over and its coroutine goes on. A coroutine
that is cancelled does not go on, and leaks them: little, but for each call that a client leaves, and each keeps its
page of memory from going back to the system. The end of the call ends the operation in any case.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def to_its_end(operation: Awaitable[Result]) -> Result:
    """Wait for an operation, which goes on by itself if this is cancelled."""
    running = asyncio.ensure_future(operation)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        running.add_done_callback(_forget)
        raise


def _forget(ended: asyncio.Future[Result]) -> None:
    """Take the outcome of an operation for which nobody waits, so that it is not called unseen."""
    if not ended.cancelled():
        ended.exception()
