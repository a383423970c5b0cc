"""The warm pool: sandboxes that were opened before there is a task for them.

Theory of operation. One background task opens sandboxes, one after the other, until `size` of them stand ready. So
getting ready never takes the machine from the tasks that run. A task takes a ready one and never gives it back: after
the task it is kept or closed like any other, and the pool opens a new one in its place. Whoever finds none ready, or
needs one of another kind, makes its own.

The pool has places of its own, so it never takes one that a task waits for. One that was taken needs the place of its
task. One that died in the pool, or did not open, holds its place until it is closed.

After a failure, the pool waits before it opens the next one, and each time longer, until a task takes one: a sandbox
that opens and dies at once counts as a failure, too. A ready sandbox is watched and has no age: what stands still does
not wear out.
"""

import asyncio
import logging
from collections import deque
from functools import partial
from typing import Final, Protocol

import attrs

from gui_agents.agent.cancellation import is_cancelled
from gui_agents.domain.sandbox import Sandbox, SandboxEnd, SandboxError, SandboxInfo, SandboxType
from gui_agents.domain.spec import TaskSpec
from gui_agents.tasks.departure import Departure
from gui_agents.tasks.identity import info_of, type_of
from gui_agents.tasks.reaper import Reaper
from gui_agents.tasks.watch import Watch

OPEN_SECONDS: Final = 360.0
"""How long opening one may take; sandboxes have shorter limits of their own."""
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0

NOT_NEEDED: Final = Departure(SandboxEnd.CLOSED, "it was closed with the service")

_log = logging.getLogger(__name__)


class Records(Protocol):
    """The methods of the service's state that the pool needs."""

    def sandbox_created(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that is open now."""

    def sandbox_failed(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that could not be created."""

    def sandbox_warm(self, change: int) -> None:
        """Count a sandbox that stands ready, or no longer does."""


class SandboxFactory(Protocol):
    """Makes sandboxes that are not open yet."""

    def create(self, spec: TaskSpec) -> Sandbox:
        """Return a new sandbox for a task."""


@attrs.frozen(eq=False)
class Ready:
    """A sandbox that waits for its first task."""

    sandbox: Sandbox
    info: SandboxInfo


class WarmPool:
    """Keeps `size` sandboxes ready for tasks like `plain`, from `start` to `stop`."""

    def __init__(
        self, records: Records, reaper: Reaper, sandboxes: SandboxFactory, plain: TaskSpec, *, size: int
    ) -> None:
        self._records = records
        self._reaper = reaper
        self._sandboxes = sandboxes
        self._plain = plain
        self._size = size
        self._ready: deque[Ready] = deque()
        self._watches: dict[Ready, Watch] = {}
        self._closing = 0
        self._failures = 0
        """In a row, since a task took one."""
        self._opening: Sandbox | None = None
        self._wanted = asyncio.Event()
        self._filling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to open sandboxes in the background."""
        if self._size > 0:
            self._filling = asyncio.get_running_loop().create_task(self._fill(), name="warm pool")

    def take(self, spec: TaskSpec) -> Ready | None:
        """Hand over the one that has waited longest; None if none is ready, or the task needs another kind."""
        if not self._ready or not self._suits(spec):
            return None
        self._failures = 0
        return self._removed(self._ready[0])

    def stop(self) -> None:
        """Open no more, and begin to close those that are there."""
        if self._filling is not None:
            self._filling.cancel()
        if self._opening is not None:
            self._close(self._opening, None, NOT_NEEDED)
            self._opening = None
        while self._ready:
            ready = self._removed(self._ready[0])
            self._close(ready.sandbox, ready.info, NOT_NEEDED)

    def _suits(self, spec: TaskSpec) -> bool:
        plain = self._plain
        return (spec.backend, spec.cloud, spec.sandbox_id) == (plain.backend, plain.cloud, None)

    async def _fill(self) -> None:
        while not is_cancelled():
            while len(self._ready) + self._closing >= self._size:
                self._wanted.clear()
                await self._wanted.wait()
            if self._failures:
                await asyncio.sleep(self._pause_seconds())
            await self._add()

    def _pause_seconds(self) -> float:
        # From some failure on, it is the longest pause; no power of two gets too large for a float.
        return min(FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures - 1, 30), LONGEST_PAUSE_SECONDS)

    async def _add(self) -> None:
        """Open one more."""
        try:
            sandbox = self._opening = self._sandboxes.create(self._plain)
            async with asyncio.timeout(OPEN_SECONDS):
                await sandbox.open()
            info = info_of(sandbox)
        except BaseException as error:  # noqa: BLE001 - the boundary of a background task
            if not is_cancelled():
                self._failed(error)
        else:
            # One that opens in spite of the pool's end is closed already.
            if not is_cancelled():
                self._opening = None
                self._records.sandbox_created(info.sandbox_type)
                self._stand(Ready(sandbox, info))

    def _stand(self, ready: Ready) -> None:
        self._ready.append(ready)
        self._watches[ready] = Watch(ready.sandbox, ready.info.sandbox_id, partial(self._died, ready))
        self._records.sandbox_warm(1)

    def _removed(self, ready: Ready) -> Ready:
        self._ready.remove(ready)
        self._watches.pop(ready).end()
        self._records.sandbox_warm(-1)
        self._wanted.set()
        return ready

    def _died(self, ready: Ready, departure: Departure) -> None:
        self._failures += 1
        self._close(self._removed(ready).sandbox, ready.info, departure)

    def _failed(self, error: BaseException) -> None:
        """Give up one that did not open, or that could not even be made."""
        self._failures += 1
        _log.warning(
            "no sandbox could be made ready for a task to come; the next attempt follows in %g seconds: %s",
            self._pause_seconds(),
            Departure.of(error).why,
            exc_info=None if isinstance(error, SandboxError | TimeoutError) else error,
        )
        sandbox, self._opening = self._opening, None
        if sandbox is not None:
            sandbox_type = type_of(sandbox)
            if sandbox_type is not None:
                self._records.sandbox_failed(sandbox_type)
            self._close(sandbox, None, NOT_NEEDED)

    def _close(self, sandbox: Sandbox, info: SandboxInfo | None, departure: Departure) -> None:
        self._closing += 1
        self._reaper.close(sandbox, info, departure, self._closed)

    def _closed(self) -> None:
        self._closing -= 1
        self._wanted.set()
