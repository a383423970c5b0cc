"""Sandboxes after their task: those that are kept for the next task, and those that are closing.

Theory of operation. Every sandbox that exists or is being made has one of a bounded number of places: the slots, the
kept ones, and an allowance for those that are still closing. A place is reserved before a task starts and is free
when the sandbox is closed, however that went; who finds no place stays pending. A task that waits to go on in a kept
sandbox only claims it: nobody else gets it, but it is closed if a running task needs its place. Closing happens in
the background, under a timeout of its own, so that no task and no caller ever waits for it. A sandbox that hangs in
`close` is abandoned with whatever it waits for.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import attrs

from gui_agents.domain.sandbox import Sandbox, SandboxEnd, SandboxError, SandboxInfo, SandboxType
from gui_agents.tasks.pace import paced

CLOSE_SECONDS: Final = 10.0

_log = logging.getLogger(__name__)


class Records(Protocol):
    """The methods of the service's state that the keeper needs."""

    def sandbox_ended(self, sandbox_type: SandboxType, reason: SandboxEnd) -> None:
        """Count a sandbox that was open and is gone."""

    def sandbox_failed(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that broke."""


@attrs.frozen
class Kept:
    """A sandbox that waits for the next task."""

    sandbox: Sandbox
    info: SandboxInfo
    """What the sandbox said of itself when it was opened."""
    named: bool = False
    """Whether a client has named it by its id; then no task destroys it at its end."""


class SandboxKeeper:
    """Keeps at most `capacity` sandboxes for `keep_seconds` each. The least recently used one is closed first."""

    def __init__(self, records: Records, *, slots: int, capacity: int, keep_seconds: float) -> None:
        self._records = records
        self._capacity = capacity
        self._keep_seconds = keep_seconds
        self._places = 2 * slots + capacity
        self._used = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._claimed: set[str] = set()
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._abandoned: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.on_free: Callable[[], None] = lambda: None
        """Called whenever a place becomes free, or can be made free."""

    @property
    def places(self) -> int:
        """Sandboxes that may exist at once."""
        return self._places

    def reserve(self) -> bool:
        """Take a place for a new sandbox and return True; if there is none, close a kept sandbox and return False."""
        if self._used < self._places:
            self._used += 1
            return True
        if self._kept and not self._closing:
            self._evict()
        return False

    def release(self) -> None:
        """Give back a place that no sandbox uses any more."""
        self._used -= 1
        self.on_free()

    def keep(self, kept: Kept) -> None:
        """Keep a sandbox. If too many are kept, the least recently used one is closed."""
        if self._capacity == 0 or self._stopping:
            self.close(kept.sandbox, kept.info, destroy=True)
            return
        if kept.info.sandbox_id in self._kept:
            # A backend that gives an id twice is broken; whoever names the id means the first one.
            self.close(kept.sandbox, kept.info, destroy=True)
            return
        self._kept[kept.info.sandbox_id] = kept
        self._expire_later(kept.info.sandbox_id)
        if len(self._kept) - len(self._claimed) > self._capacity:
            self._evict()
        # A task that waits for a place may now get it from a kept sandbox.
        self.on_free()

    def claim(self, sandbox_id: str) -> Kept | None:
        """Promise a sandbox to one task that waits; None if it is not kept, or promised already."""
        kept = self._kept.get(sandbox_id)
        if kept is None or sandbox_id in self._claimed:
            return None
        self._claimed.add(sandbox_id)
        self._expiries.pop(sandbox_id).cancel()
        return kept

    def is_claimed(self, sandbox_id: str) -> bool:
        """Return whether a sandbox is promised to a task."""
        return sandbox_id in self._claimed

    def unclaim(self, kept: Kept) -> None:
        """Take a promise back."""
        if self._is_kept(kept):
            self._claimed.discard(kept.info.sandbox_id)
            self._expire_later(kept.info.sandbox_id)

    def take(self, kept: Kept) -> bool:
        """Hand over a claimed sandbox; False if it had to be closed in the meantime."""
        if not self._is_kept(kept):
            return False
        self._forget_kept(kept.info.sandbox_id)
        return True

    def close(self, sandbox: Sandbox, info: SandboxInfo | None, *, destroy: bool) -> None:
        """Close a sandbox in the background; its place is free when that has ended.

        `info` is None for a sandbox that was never open.
        """
        task = asyncio.get_running_loop().create_task(self._reap(sandbox, info, destroy=destroy))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close_all(self, seconds: float) -> None:
        """Close what is kept; what is not closed after so many seconds is abandoned."""
        self._stopping = True
        async for _ in paced(self._evictions()):
            pass
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._closing:
                    await asyncio.wait(self._closing)
        # A background task that is cancelled before its first line would not give its place back.
        await asyncio.sleep(0)
        for task in self._closing:
            task.cancel()
        if self._closing:
            await asyncio.wait(self._closing)

    def _is_kept(self, kept: Kept) -> bool:
        return self._kept.get(kept.info.sandbox_id) is kept

    def _expire_later(self, sandbox_id: str) -> None:
        loop = asyncio.get_running_loop()
        self._expiries[sandbox_id] = loop.call_later(self._keep_seconds, self._expire, sandbox_id)

    def _forget_kept(self, sandbox_id: str) -> Kept:
        self._claimed.discard(sandbox_id)
        timer = self._expiries.pop(sandbox_id, None)
        if timer is not None:
            timer.cancel()
        return self._kept.pop(sandbox_id)

    def _expire(self, sandbox_id: str) -> None:
        kept = self._forget_kept(sandbox_id)
        self.close(kept.sandbox, kept.info, destroy=True)

    def _evictions(self) -> Iterator[None]:
        while self._kept:
            self._evict()
            yield

    def _evict(self) -> None:
        """Close the least recently used one; those that are claimed last."""
        unclaimed = next((sandbox_id for sandbox_id in self._kept if sandbox_id not in self._claimed), None)
        self._expire(next(iter(self._kept)) if unclaimed is None else unclaimed)

    async def _reap(self, sandbox: Sandbox, info: SandboxInfo | None, *, destroy: bool) -> None:
        try:
            await self._closed_in_time(sandbox, destroy=destroy)
        except BaseException as error:  # noqa: BLE001 - the boundary of a background task
            name = "that was not open yet" if info is None else info.sandbox_id
            _log.error("sandbox %s could not be closed and is abandoned", name, exc_info=error)
            if info is not None:
                self._records.sandbox_failed(info.sandbox_type)
        finally:
            if info is not None:
                self._records.sandbox_ended(info.sandbox_type, SandboxEnd.CLOSED)
            self.release()

    async def _closed_in_time(self, sandbox: Sandbox, *, destroy: bool) -> None:
        """Close a sandbox; one that hangs is cancelled and left to itself, because it may ignore that too."""
        closing = asyncio.get_running_loop().create_task(_closed(sandbox, destroy=destroy))
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


async def _closed(sandbox: Sandbox, *, destroy: bool) -> None:
    """Close a sandbox; what would end the event loop itself, such as SystemExit, becomes a SandboxError."""
    try:
        await sandbox.close(destroy=destroy)
    except (KeyboardInterrupt, SystemExit) as error:
        raise SandboxError(f"it raised {type(error).__name__}") from error
