"""Threads for calls that may hang, such as a lookup of a name whose server does not answer.

The event loop's default pool would be used up by such calls, and a process that ends would wait for its threads. These
are daemons, and their number is bounded. A cancelled caller goes on at once; its thread keeps its place until the call
ends, so that hanging calls never become more threads than `limit`.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """At most `limit` threads; further calls wait. One instance serves one event loop."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._free = asyncio.Semaphore(limit)

    async def run(self, call: Callable[[], Result]) -> Result:
        """Return what `call` returns, or raise what it raises."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Result] = loop.create_future()

        def end(tell: Callable[[], None]) -> None:
            self._free.release()
            if not ended.done():
                tell()

        def work() -> None:
            try:
                tell = partial(ended.set_result, call())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                tell = partial(ended.set_exception, error)
            with suppress(RuntimeError):  # the event loop has ended; nobody waits any more
                loop.call_soon_threadsafe(end, tell)

        try:
            threading.Thread(target=work, name=self._name, daemon=True).start()
        except RuntimeError:
            self._free.release()
            raise
        return await ended
