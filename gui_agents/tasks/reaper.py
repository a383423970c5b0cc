"""Closing sandboxes, and remembering why they are gone.

Theory of operation. Every sandbox that a task, the keeper or the warm pool gives up comes here exactly once. It is
closed in the background, under a timeout of its own, so that no task and no caller ever waits for it. One that hangs in
`close` is abandoned with whatever it waits for. A sandbox that was open counts as open until it is closed or abandoned.
It then counts as ended, with the reason that was known when it was given up.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from gui_agents.domain.sandbox import Sandbox, SandboxEnd, SandboxError, SandboxInfo, SandboxType
from gui_agents.tasks.departure import Departure

CLOSE_SECONDS: Final = 10.0
REMEMBERED: Final = 1000
"""Sandboxes of which it is known why they are gone."""
MAX_WHY: Final = 300
"""Characters of that."""

_log = logging.getLogger(__name__)


class Records(Protocol):
    """The methods of the service's state that the reaper needs."""

    def sandbox_ended(self, sandbox_type: SandboxType, reason: SandboxEnd) -> None:
        """Count a sandbox that was open and is gone."""

    def sandbox_failed(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that broke, or that could not be closed."""


class Reaper:
    """Closes sandboxes in the background."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._closing: set[asyncio.Task[None]] = set()
        self._abandoned: set[asyncio.Task[None]] = set()
        self._departures: OrderedDict[str, str] = OrderedDict()

    def why_gone(self, sandbox_id: str) -> str | None:
        """Return why a sandbox is gone; None if it is not, if that was long ago, or if its task was to close it."""
        return self._departures.get(sandbox_id)

    def close(
        self, sandbox: Sandbox, info: SandboxInfo | None, departure: Departure, closed: Callable[[], None]
    ) -> None:
        """Close a sandbox in the background, and call `closed` when that has ended, however it went.

        `info` is None for a sandbox that was never open.
        """
        if info is not None:
            if departure.reason is not SandboxEnd.CLOSED:
                self._remember(info.sandbox_id, departure.why[:MAX_WHY])
            if departure.is_death:
                self._records.sandbox_failed(info.sandbox_type)
        task = asyncio.get_running_loop().create_task(self._reap(sandbox, info, departure.reason, closed))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def finish(self, seconds: float) -> None:
        """Wait until everything is closed; what is not closed after so many seconds is abandoned."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._closing:
                    await asyncio.wait(self._closing)
        # A background task that is cancelled before its first line would not tell that it has ended.
        await asyncio.sleep(0)
        for task in self._closing:
            task.cancel()
        if self._closing:
            await asyncio.wait(self._closing)

    def _remember(self, sandbox_id: str, why: str) -> None:
        self._departures[sandbox_id] = why
        if len(self._departures) > REMEMBERED:
            self._departures.popitem(last=False)

    async def _reap(
        self, sandbox: Sandbox, info: SandboxInfo | None, reason: SandboxEnd, closed: Callable[[], None]
    ) -> None:
        try:
            await self._closed_in_time(sandbox)
        except BaseException as error:  # noqa: BLE001 - the boundary of a background task
            name = "that was not open yet" if info is None else info.sandbox_id
            _log.error("sandbox %s could not be closed and is abandoned", name, exc_info=error)
            if info is not None:
                self._records.sandbox_failed(info.sandbox_type)
        finally:
            if info is not None:
                self._records.sandbox_ended(info.sandbox_type, reason)
            closed()

    async def _closed_in_time(self, sandbox: Sandbox) -> None:
        """Close a sandbox; one that hangs is cancelled and left to itself, because it may ignore that too."""
        closing = asyncio.get_running_loop().create_task(_closed(sandbox))
        try:
            done, _ = await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        finally:
            if not closing.done():
                closing.cancel()
                self._abandoned.add(closing)
                closing.add_done_callback(self._forget)
        if not done:
            raise TimeoutError(f"not closed after {CLOSE_SECONDS:g} seconds")
        await closing

    def _forget(self, abandoned: asyncio.Task[None]) -> None:
        self._abandoned.discard(abandoned)
        if not abandoned.cancelled() and abandoned.exception() is not None:
            _log.warning("an abandoned sandbox failed to close at last", exc_info=abandoned.exception())


async def _closed(sandbox: Sandbox) -> None:
    """Close a sandbox; what would end the event loop itself, such as SystemExit, becomes a SandboxError."""
    try:
        await sandbox.close(destroy=True)
    except (KeyboardInterrupt, SystemExit) as error:
        raise SandboxError(f"it raised {type(error).__name__}") from error
