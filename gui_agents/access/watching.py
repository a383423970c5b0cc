"""Looks once a second whether the file of tokens has changed. The disk is read in a thread, and may hang there."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from gui_agents.access.guard import Guard
from gui_agents.threads import Threads

SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class TokensWatch:
    """Calls `changed` on the event loop whenever other tokens are in use."""

    def __init__(self, guard: Guard, changed: Callable[[], None], seconds: float = SECONDS) -> None:
        self._guard = guard
        self._changed = changed
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, if calls need tokens."""
        if self._guard.on:
            self._task = asyncio.create_task(self._watch(), name="tokens")

    async def stop(self) -> None:
        """End; nothing happens if it has not begun."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _watch(self) -> None:
        threads = Threads("tokens")
        while True:
            await asyncio.sleep(self._seconds)
            try:
                if await threads.run(self._guard.reload):
                    self._changed()
            except Exception:  # noqa: BLE001 - the boundary of a background loop
                _log.exception("the tokens could not be read again")
