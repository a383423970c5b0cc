"""Watching a sandbox that no task uses, so that one that dies is never handed out."""

import asyncio
import logging
from collections.abc import Callable

from gui_agents.agent.cancellation import is_cancelled
from gui_agents.domain.sandbox import Sandbox, SandboxGoneError
from gui_agents.tasks.departure import Departure

_log = logging.getLogger(__name__)


class Watch:
    """Waits until a sandbox is gone by itself and calls `gone` then, unless the watch has ended before."""

    def __init__(self, sandbox: Sandbox, sandbox_id: str, gone: Callable[[Departure], None]) -> None:
        self._sandbox = sandbox
        self._sandbox_id = sandbox_id
        self._gone = gone
        self._task = asyncio.get_running_loop().create_task(self._wait(), name=f"watch of sandbox {sandbox_id}")

    def end(self) -> None:
        """Watch no longer. A second call does nothing."""
        self._task.cancel()

    async def _wait(self) -> None:
        try:
            error: BaseException = await self._sandbox.ended()
        except BaseException as raised:  # noqa: BLE001 - the boundary of a background task
            error = raised
        # Also a sandbox that swallows the cancel, or answers while it is cancelled, is not watched any more.
        if is_cancelled():
            return
        departure = Departure.of(error)
        if isinstance(error, SandboxGoneError):
            _log.warning("sandbox %s is gone (%s): %s", self._sandbox_id, departure.reason, departure.why)
        else:
            _log.error("sandbox %s cannot be watched and counts as gone", self._sandbox_id, exc_info=error)
        self._gone(departure)
