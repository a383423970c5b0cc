"""The life of a sandbox in the cloud, which is extended before it ends for as long as the sandbox is open."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from gui_agents.sandboxes.lybic.failures import FailedCallError, Trouble

MARGIN: Final = 1 / 3
"""The last part of a life in which it is extended."""
MAX_MARGIN_SECONDS: Final = 300.0
ATTEMPTS: Final = 5
"""To extend a life before it ends, each one with the retries of a call."""

_log = logging.getLogger(__name__)


class Life:
    """Extends one life. `extend` lets the sandbox live so many `seconds` from the moment of the call.

    `ends` is when it ends now, in the time of the event loop. A life is never made shorter.
    """

    def __init__(self, name: str, extend: Callable[[int], Awaitable[None]], seconds: int, *, ends: float) -> None:
        self._name = name
        self._extend = extend
        self._seconds = seconds
        self._margin = min(MAX_MARGIN_SECONDS, MARGIN * seconds)
        self._ends = ends

    async def keep(self) -> str:
        """Extend the life again and again, until that fails; then wait for its end, and return why it ended."""
        while True:
            await _until(self._ends - self._margin)
            problem = await self._extended()
            if problem is not None:
                await _until(self._ends)
                return problem

    async def _extended(self) -> str | None:
        """Extend the life once. Return why that cannot be done."""
        problem = ""
        while True:
            asked_at = _now()
            try:
                await self._extend(self._seconds)
            except FailedCallError as failed:
                problem = f"its life ended and could not be extended: {failed}"
                _log.warning("the sandbox %s could not be extended: %s", self._name, failed)
                if failed.trouble is Trouble.MISSING or not failed.passing:
                    return problem
            else:
                self._ends = asked_at + self._seconds
                return None
            pause = self._margin / ATTEMPTS
            if _now() + pause >= self._ends:
                return problem
            await asyncio.sleep(pause)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - _now()))
