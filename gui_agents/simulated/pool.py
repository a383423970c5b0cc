"""Threads for work whose size a client decides: long instructions, and screenshots.

Theory of operation. The event loop must never wait for such work, and other work that needs a thread (files, names of
hosts) must not wait behind it: so each kind of work has a pool, with few threads. Whoever waits for a thread waits as
a coroutine, in order. If it is cancelled there, it leaves the queue at once, and its work never begins. A piece of
Python that runs cannot be stopped: its thread is free for the next one when it has ended, which the limits of inputs
make soon. A thread shares the interpreter with the loop and hands it over every few milliseconds.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Pool:
    """At most `threads` pieces of work run at once; no thread is made before there is work."""

    def __init__(self, name: str, threads: int = 1) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = asyncio.Semaphore(threads)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Carry out `work` in a thread, and return its result or raise its error."""
        loop = asyncio.get_running_loop()
        await self._places.acquire()
        job = self._executor.submit(work)
        # The place is free when the work has ended, not already when nobody waits for it any more.
        job.add_done_callback(lambda done: self._ended(done, loop))
        return await asyncio.wrap_future(job)

    def _ended(self, _: "Future[Result]", loop: asyncio.AbstractEventLoop) -> None:
        # A loop that was closed meanwhile has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._places.release)
