"""Sections that are not ours, read in threads of their own: whatever they do, a scrape waits a moment for them, once.

Theory of operation. Python cannot end a thread. So each section has at most one reading under way: if that one does not
return in time, its section has failed, and it stays failed without another try until the thread returns. A hanging
section costs one sleeping thread, and only the first scrape waits for it. The catalogue's own sections read numbers in
memory and are not isolated: the change of threads would cost as much as reading them.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, Final, Generic

import attrs

from collectors.errors import ReadingError, SectionError
from collectors.exposition.reading import Instant, Product, Result, SectionReader
from collectors.metrics.definitions import Section

SECTION_SECONDS: Final = 0.5
"""How long a scrape waits for a section; a section that reads numbers in memory needs a millisecond."""
MAX_BYTES: Final = 2**20
"""Of what one section writes: twenty times as much as the whole catalogue."""
HANGS: Final = "SectionHangs"
"""The kind of the problem of a section that does not return."""

Make = Callable[[Section, object], Iterable[Product]]


class Isolation(Generic[Product]):
    """Reads sections outside the event loop on which it lives; `reader` makes the attempts."""

    def __init__(
        self,
        sections: Iterable[Section],
        reader: SectionReader,
        seconds: float = SECTION_SECONDS,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._cells = {section.name: _Cell(section) for section in sections}
        self._reader = reader
        self._seconds = seconds
        self._clock = clock

    @property
    def empty(self) -> bool:
        """Whether there is nothing to isolate."""
        return not self._cells

    async def read(
        self, instant: Instant, make: Make[Product], *, names: frozenset[str] | None = None, deadline: float = math.inf
    ) -> Mapping[str, Result[Product]]:
        """Return what came of each section that a scrape asks for; takes no longer than a section may."""
        asked = [cell for cell in self._cells.values() if self._reader.asked_for(cell.section, names)]
        readings = [self._one(cell, instant, make, names, deadline) for cell in asked]
        results = await asyncio.gather(*readings)
        return {cell.section.name: result for cell, result in zip(asked, results, strict=True)}

    async def _one(
        self, cell: "_Cell", instant: Instant, make: Make[Product], names: frozenset[str] | None, deadline: float
    ) -> Result[Product]:
        if self._reader.would_miss(deadline, cell.section.name):
            return Result(late=True)
        section, bounded = cell.section, _bounded(make)
        for attempt in (None, lambda: self._reader.attempt(section, instant, bounded, names)):
            if attempt is not None:
                try:
                    cell.start(attempt, self._clock())
                except RuntimeError as error:
                    return Result(problem=SectionError.of(error))
            # A scrape with a short deadline may have left a reading behind that needs a moment more.
            allowed = cell.began + self._seconds
            reading: Future[Result[Product]] | None = cell.reading
            if reading is not None and not reading.done():
                await _done(reading, min(allowed, deadline) - self._clock())
                if not reading.done():
                    return self._unfinished() if self._clock() >= allowed else Result(late=True)
        assert cell.reading is not None  # noqa: S101 - for the type checker: the second turn has started it
        return cell.reading.result()

    def _unfinished(self) -> Result[Product]:
        text = f"it has not returned within {self._seconds:g} s, and is not asked again before it does"
        return Result(problem=SectionError(HANGS, text), seconds=self._seconds)


@attrs.define(eq=False)
class _Cell:
    """One section, and its latest reading."""

    section: Section
    reading: "Future[Result[Any]] | None" = None
    began: float = -math.inf

    def start(self, attempt: Callable[[], Result[Any]], now: float) -> None:
        """Begin a reading in a thread of its own.

        Raises:
            RuntimeError: there is no thread to be had.
        """
        reading: Future[Result[Any]] = Future()
        reading.set_running_or_notify_cancel()

        def run() -> None:
            try:
                reading.set_result(attempt())
            except BaseException as error:  # noqa: BLE001 - whatever an embedder's code does to its thread
                reading.set_result(Result(problem=SectionError.of(error)))

        thread = threading.Thread(target=run, name=f"metrics section {self.section.name}", daemon=True)
        thread.start()
        self.reading, self.began = reading, now


async def _done(reading: "Future[Result[Any]]", seconds: float) -> None:
    """Wait for a reading, but not for ever."""
    waiter = asyncio.wrap_future(reading)
    try:
        await asyncio.wait({waiter}, timeout=max(0.0, seconds))
    finally:
        # Otherwise a thread that returns after the end of this loop would look for it.
        waiter.cancel()


def _bounded(make: Make[Product]) -> Make[Product]:
    """Return `make` with a limit of what a section may write."""

    def bounded(section: Section, subject: object) -> Iterator[Product]:
        size = 0
        for product in make(section, subject):
            # What cannot be encoded would fail with the whole page.
            size += len(product.encode() if isinstance(product, str) else product)  # type: ignore[arg-type]  # bytes
            if size > MAX_BYTES:
                raise ReadingError(section.name, f"writes more than {MAX_BYTES} bytes")
            yield product

    return bounded
