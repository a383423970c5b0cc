"""Threads for work that may take long: a long instruction, a screenshot, the lookup of a name.

The event loop must not wait for such work, and other work must not wait behind it: so each kind has threads of its
own, and their number is bounded. Whoever waits for one waits as a coroutine, in order; if it is cancelled there, its
work never begins. A cancelled caller goes on at once, and the thread keeps its place until the work ends, so that
hanging work never becomes more threads than `limit`. The threads are daemons: a process that ends does not wait.

To start a thread holds the event loop until the thread runs, some milliseconds on a busy machine. So a thread that has
done its work waits for more, and ends when its pool is no longer used by anyone.
"""

import asyncio
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """At most `limit` pieces of work run at once, each in a thread. One instance serves one event loop."""

    def __init__(self, name: str, limit: int = 1) -> None:
        self._name = name
        self._free = asyncio.Semaphore(limit)
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = 0
        """Threads that wait for work; counted on the event loop."""
        weakref.finalize(self, self._work.put, None).atexit = False

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, or raise what it raises."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Result] = loop.create_future()

        def end(tell: Callable[[], None]) -> None:
            self._idle += 1
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

        if self._idle:
            self._idle -= 1
        else:
            try:
                threading.Thread(target=_worker, args=(self._work,), name=self._name, daemon=True).start()
            except RuntimeError:
                self._free.release()
                raise
        self._work.put(call)
        return await ended


def _worker(queue: "SimpleQueue[Callable[[], None] | None]") -> None:
    """Do what the queue holds until it holds None. Nothing of the pool is held meanwhile, whose end puts it there."""
    while True:
        call = queue.get()
        if call is None:
            queue.put(None)  # for the other threads of the pool
            return
        call()
        del call
