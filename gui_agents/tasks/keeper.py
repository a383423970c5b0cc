"""Sandboxes after their task: those that are kept for the next task, and those that are closing.

Theory of operation. Every sandbox that exists or is being made takes one place. There are as many places as slots, plus
the kept sandboxes, plus an allowance for those that are closing. A place is reserved before a task starts. It is free
again when the sandbox is closed, even if closing failed. A task that finds no place stays pending. Closing runs in the
background with a timeout, so no task and no caller waits for it. A sandbox that hangs in `close` is abandoned.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

import attrs

from gui_agents.agent.conversation import Conversation
from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.sandbox import Sandbox, SandboxType

CLOSE_SECONDS: Final = 10.0

_log = logging.getLogger(__name__)


class Records(Protocol):
    """The methods of the service's state that the keeper needs."""

    def sandbox_closed(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that was closed."""

    def sandbox_failed(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that broke."""


@attrs.frozen
class Kept:
    """A sandbox that waits for the next task, with the conversation so far."""

    task_id: str
    """The task that used it last."""
    sandbox: Sandbox
    conversation: Conversation


class SandboxKeeper:
    """Keeps at most `capacity` sandboxes for `keep_seconds` each. The least recently used one is closed first."""

    def __init__(self, records: Records, *, slots: int, capacity: int, keep_seconds: float) -> None:
        self._records = records
        self._capacity = capacity
        self._keep_seconds = keep_seconds
        self._places = 2 * slots + capacity
        self._used = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
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
            self.close(kept.sandbox, destroy=True)
            return
        self._kept[kept.task_id] = kept
        loop = asyncio.get_running_loop()
        self._expiries[kept.task_id] = loop.call_later(self._keep_seconds, self._expire, kept.task_id)
        if len(self._kept) > self._capacity:
            self._evict()
        # A task that waits for a place may now get it from a kept sandbox.
        self.on_free()

    def take(self, task_id: str) -> Kept:
        """Hand over the sandbox that `task_id` used last, exclusively.

        Raises:
            PreconditionError: it is gone or in use.
        """
        kept = self._kept.pop(task_id, None)
        if kept is None:
            raise PreconditionError(
                f"previousTaskId: the sandbox of task {task_id!r} is gone or in use; start without previousTaskId"
            )
        self._expiries.pop(task_id).cancel()
        return kept

    def user_of(self, sandbox_id: str) -> str:
        """Return the task that used a kept sandbox last.

        Raises:
            PreconditionError: no kept sandbox has this id.
        """
        for task_id, kept in self._kept.items():
            if kept.sandbox.sandbox_id == sandbox_id:
                return task_id
        raise PreconditionError(
            f"sandbox.id: no sandbox {sandbox_id!r:.80} is kept here; it is gone, in use or unknown"
        )

    def close(self, sandbox: Sandbox, *, destroy: bool, opened: bool = True) -> None:
        """Close a sandbox in the background. Its place is free when that has ended."""
        task = asyncio.get_running_loop().create_task(self._reap(sandbox, destroy=destroy, opened=opened))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close_all(self) -> None:
        """Close all kept sandboxes, and return when every sandbox is closed."""
        self._stopping = True
        while self._kept:
            self._evict()
        while self._closing:
            await asyncio.wait(self._closing)

    def _expire(self, task_id: str) -> None:
        self.close(self.take(task_id).sandbox, destroy=True)

    def _evict(self) -> None:
        self._expire(next(iter(self._kept)))

    async def _reap(self, sandbox: Sandbox, *, destroy: bool, opened: bool) -> None:
        try:
            await self._closed_in_time(sandbox, destroy=destroy)
        except Exception:  # noqa: BLE001 - the boundary of a background task
            _log.exception("sandbox %s could not be closed and is abandoned", sandbox.sandbox_id)
            self._records.sandbox_failed(sandbox.sandbox_type)
        finally:
            if opened:
                self._records.sandbox_closed(sandbox.sandbox_type)
            self.release()

    async def _closed_in_time(self, sandbox: Sandbox, *, destroy: bool) -> None:
        """Close a sandbox. If it hangs, cancel it and do not wait, because it may ignore the cancel too."""
        closing = asyncio.get_running_loop().create_task(sandbox.close(destroy=destroy))
        done, _ = await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        if not done:
            closing.cancel()
            self._abandoned.add(closing)
            closing.add_done_callback(self._forget)
            raise TimeoutError(f"not closed after {CLOSE_SECONDS:g} seconds")
        await closing

    def _forget(self, abandoned: asyncio.Task[None]) -> None:
        self._abandoned.discard(abandoned)
        if not abandoned.cancelled() and abandoned.exception() is not None:
            _log.warning("an abandoned sandbox failed to close at last", exc_info=abandoned.exception())
