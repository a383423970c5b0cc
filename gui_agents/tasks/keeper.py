"""Places for sandboxes, and the sandboxes that are kept after their task for the next one.

Theory of operation. Every sandbox of a task that exists or is being made has one of a bounded number of places: the
slots, the kept ones, and an allowance for those that are still closing. A place is reserved before a task starts and is
free when the sandbox is closed, however that went; who finds no place stays pending. A task that waits to go on in a
kept sandbox only claims it: nobody else gets it, but it is closed if a running task needs its place. So every place
belongs to a sandbox that runs, that can be closed, or that is closing, and each of them becomes free without anybody
who waits for one.

A kept sandbox is watched: one that dies is closed and forgotten, whether it is claimed or not.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import attrs

from gui_agents.domain.sandbox import Sandbox, SandboxEnd, SandboxInfo
from gui_agents.tasks.departure import Departure
from gui_agents.tasks.pace import paced
from gui_agents.tasks.reaper import Reaper
from gui_agents.tasks.watch import Watch

UNWANTED: Final = Departure(SandboxEnd.CLOSED, "it was closed after its task")
STOPPED: Final = Departure(SandboxEnd.CLOSED, "it was closed with the service")
EVICTED: Final = Departure(SandboxEnd.EXPIRED, "it was closed because another one needed its place")


@attrs.frozen(eq=False)
class Kept:
    """A sandbox that waits for the next task."""

    sandbox: Sandbox
    info: SandboxInfo
    """What the sandbox said of itself when it was opened."""
    named: bool = False
    """Whether a client has named it by its id; then no task destroys it at its end."""
    owner: str = ""
    """To whom it belongs: the owner of its first task."""


class SandboxKeeper:
    """Keeps at most `capacity` sandboxes for `keep_seconds` each. The least recently used one is closed first."""

    def __init__(self, reaper: Reaper, *, slots: int, capacity: int, keep_seconds: float) -> None:
        self._reaper = reaper
        self._capacity = capacity
        self._keep_seconds = keep_seconds
        self._expired = Departure(SandboxEnd.EXPIRED, f"nobody used it for {keep_seconds:g} seconds")
        self._places = 2 * slots + capacity
        self._used = 0
        self._closing = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._claimed: set[str] = set()
        self._watches: dict[str, Watch] = {}
        self._expiries: dict[str, asyncio.TimerHandle] = {}
        self._stopping = False
        self.on_free: Callable[[], None] = lambda: None
        """Called whenever a place becomes free, or can be made free."""

    @property
    def places(self) -> int:
        """Sandboxes of tasks that may exist at once."""
        return self._places

    def reserve(self) -> bool:
        """Take a place for a new sandbox and return True; if there is none, close a kept sandbox and return False."""
        if self._used < self._places:
            self._used += 1
            return True
        if self._kept and not self._closing:
            self._evict(EVICTED)
        return False

    def release(self) -> None:
        """Give back a place that no sandbox uses any more."""
        self._used -= 1
        self.on_free()

    def keep(self, kept: Kept) -> None:
        """Keep a sandbox. If too many are kept, the least recently used one is closed."""
        sandbox_id = kept.info.sandbox_id
        # A backend that gives an id twice is broken; whoever names the id means the first one.
        if self._capacity == 0 or self._stopping or sandbox_id in self._kept:
            self.close(kept.sandbox, kept.info, UNWANTED)
            return
        self._kept[sandbox_id] = kept
        self._watches[sandbox_id] = Watch(kept.sandbox, sandbox_id, partial(self._close_kept, sandbox_id))
        self._expire_later(sandbox_id)
        if len(self._kept) - len(self._claimed) > self._capacity:
            self._evict(EVICTED)
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

    def owner(self, sandbox_id: str) -> str | None:
        """Return to whom a sandbox belongs; None if it is not kept."""
        kept = self._kept.get(sandbox_id)
        return None if kept is None else kept.owner

    def is_claimed(self, sandbox_id: str) -> bool:
        """Return whether a sandbox is promised to a task."""
        return sandbox_id in self._claimed

    def unclaim(self, kept: Kept) -> None:
        """Take a promise back."""
        if self._is_kept(kept):
            self._claimed.discard(kept.info.sandbox_id)
            self._expire_later(kept.info.sandbox_id)

    def take(self, kept: Kept) -> bool:
        """Hand over a claimed sandbox; False if it is gone, or had to be closed, in the meantime."""
        if not self._is_kept(kept):
            return False
        self._forget(kept.info.sandbox_id)
        return True

    def why_gone(self, sandbox_id: str) -> str | None:
        """Return why a sandbox is gone; None if that is not known."""
        return self._reaper.why_gone(sandbox_id)

    def close(self, sandbox: Sandbox, info: SandboxInfo | None, departure: Departure) -> None:
        """Close a sandbox in the background; its place is free when that has ended.

        `info` is None for a sandbox that was never open.
        """
        self._closing += 1
        self._reaper.close(sandbox, info, departure, self._closed)

    async def close_all(self, seconds: float) -> None:
        """Close what is kept; what is not closed after so many seconds is abandoned."""
        self._stopping = True
        async for _ in paced(self._farewells()):
            pass
        await self._reaper.finish(seconds)

    def _closed(self) -> None:
        self._closing -= 1
        self.release()

    def _is_kept(self, kept: Kept) -> bool:
        return self._kept.get(kept.info.sandbox_id) is kept

    def _expire_later(self, sandbox_id: str) -> None:
        expire = partial(self._close_kept, sandbox_id, self._expired)
        self._expiries[sandbox_id] = asyncio.get_running_loop().call_later(self._keep_seconds, expire)

    def _forget(self, sandbox_id: str) -> Kept:
        self._claimed.discard(sandbox_id)
        self._watches.pop(sandbox_id).end()
        timer = self._expiries.pop(sandbox_id, None)
        if timer is not None:
            timer.cancel()
        return self._kept.pop(sandbox_id)

    def _close_kept(self, sandbox_id: str, departure: Departure) -> None:
        kept = self._forget(sandbox_id)
        self.close(kept.sandbox, kept.info, departure)

    def _farewells(self) -> Iterator[None]:
        while self._kept:
            self._evict(STOPPED)
            yield

    def _evict(self, departure: Departure) -> None:
        """Close the least recently used one; those that are claimed last."""
        unclaimed = next((sandbox_id for sandbox_id in self._kept if sandbox_id not in self._claimed), None)
        self._close_kept(next(iter(self._kept)) if unclaimed is None else unclaimed, departure)
