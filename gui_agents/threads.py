"""Threads for work that may take long: a long instruction, a screenshot, the lookup of a name.

The event loop must not wait for such work, and other work must not wait behind it: so each kind has threads of its
own, and their number is bounded. Whoever waits for one waits as a coroutine, in order; if it is cancelled there, its
work never begins. A cancelled caller goes on at once, and the thread keeps its place until the work ends, so that
hanging work never becomes more threads than `limit`. The threads are daemons: a process that ends does not wait.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """At most `limit` pieces of work run at once, each in a thread. One instance serves one event loop."""

    def __init__(self, name: str, limit: int = 1) -> None:
        self._name = name
        self._free = asyncio.Semaphore(limit)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, or raise what it raises."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Result] = loop.create_future()

        def end(tell: Callable[[], None]) -> None:
            self._free.release()
            if not ended.done():
                tell()

        def call() -> None:
            try:
                tell = partial(ended.set_result, work())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                tell = partial(ended.set_exception, error)
            with suppress(RuntimeError):  # the event loop has ended; nobody waits any more
                loop.call_soon_threadsafe(end, tell)

        try:
            threading.Thread(target=call, name=self._name, daemon=True).start()
        except RuntimeError:
            self._free.release()
            raise
        return await ended
