"""How long a connection may be silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

IDLE_SECONDS: Final = 300.0
"""A connection ends after so long without a byte in either direction."""
HALF_CLOSED_SECONDS: Final = 30.0
"""The same, once one side has sent its last byte."""


class Idle:
    """The clock of one connection, which each byte sets back."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._seconds = IDLE_SECONDS

    def moved(self) -> None:
        """Note that something was sent."""
        self._limit.reschedule(asyncio.get_running_loop().time() + self._seconds)

    def half_closed(self) -> None:
        """Note that one side sends no more."""
        self._seconds = HALF_CLOSED_SECONDS
        self.moved()


@asynccontextmanager
async def idle() -> AsyncIterator[Idle]:
    """Bound how long what runs inside may be silent.

    Raises:
        TimeoutError: it was silent for too long.
    """
    async with asyncio.timeout(IDLE_SECONDS) as limit:
        yield Idle(limit)
