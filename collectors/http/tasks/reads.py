"""Questions to a storage that may be slow, asked by a few threads.

The endpoint's loop, which answers scrapes, never waits for one. How many questions wait and how long a client waits is
bounded; a question that hangs keeps its thread, and never becomes more threads.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, TypeVar

from collectors.errors import CollectorsError

MAX_THREADS: Final = 2
MAX_WAITING: Final = 32
PATIENCE_SECONDS: Final = 5.0

Answer = TypeVar("Answer")


class BusyError(CollectorsError):
    """The question was not asked, or not answered in time: others wait, or the storage does not answer."""


class Reads:
    """Asks questions in threads; lives on one event loop."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._questions: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._threads = 0
        self._open = 0
        """Questions that are not answered yet."""

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, which a thread calls.

        Raises:
            BusyError: it was not answered in time.
        """
        if self._open >= MAX_THREADS + MAX_WAITING:
            raise BusyError
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answer] = loop.create_future()

        def settle(answer: Answer | None, error: BaseException | None) -> None:
            self._open -= 1
            if answered.done():
                return
            if error is not None:
                answered.set_exception(error)
            else:
                answered.set_result(answer)  # type: ignore[arg-type]  # None only beside an error, or as an answer

        def work() -> None:
            answer, error = None, None
            try:
                # Nobody waits any more for what was given up.
                if not answered.done():
                    answer = question()
            except BaseException as problem:  # noqa: BLE001 - raised where it is waited for
                error = problem
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, answer, error)

        self._open += 1
        self._questions.put(work)
        if self._threads < min(MAX_THREADS, self._open):
            self._threads += 1
            threading.Thread(target=self._work, name="task pages", daemon=True).start()
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await answered
        except TimeoutError:
            raise BusyError from None

    def _work(self) -> None:
        while True:
            self._questions.get()()
