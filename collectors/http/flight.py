"""One rendering for many: requests that wait at the same time share one snapshot and one page.

A request shares only a page whose snapshot was not yet taken when it arrived, so that nobody is told about a past
that is older than the question. Rendering happens on the loop: it takes a fraction of a millisecond, less than
handing it to another thread would. Only sections that are not ours are waited for; then a departure follows the one
before it when that one has ended.

Clients choose what they ask for, so that each of many could ask for another page. A departure takes only a few of
them: whole pages first, which are what Prometheus waits for, and the one that has waited longest.
"""

import asyncio
import math
from collections.abc import Mapping
from typing import Any, Final

import attrs

from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import NOTHING_GIVEN, Instant, Result
from collectors.http.compression import gzip_compression
from gui_agents.snapshot import SnapshotSource

MARGIN_SECONDS: Final = 0.05
"""Kept of a scrape's timeout for sending the page; of a short one half of it, so that there is time to read at all."""

MAX_PAGES: Final = 8
"""Different pages of one departure: all that a turn of the loop has time for."""
MAX_PAGES_WITH_OTHERS: Final = 2
"""The same if sections that are not ours are waited for."""


@attrs.frozen(cache_hash=True)
class Page:
    """What is shown; equal pages are rendered once."""

    form: Format
    names: frozenset[str] | None = None
    """Of metrics, families or samples; None for everything."""
    timeout_seconds: float = math.inf
    """How long the client waits for it."""


@attrs.define
class _Group:
    """The requests that one rendering answers."""

    arrived: float
    """When the first of them arrived."""
    waiters: list[tuple[bool, asyncio.Future[bytes]]] = attrs.field(factory=list)
    """Whether each wants it compressed, and where it waits."""

    def fail(self, error: Exception) -> None:
        """Tell all of them that there is no page."""
        for _, waiter in self.waiters:
            if not waiter.done():
                waiter.set_exception(error)


class Flight:
    """Gathers requests for pages and answers them together; lives on one event loop."""

    def __init__(self, source: SnapshotSource, exposition: Exposition) -> None:
        self._source = source
        self._exposition = exposition
        self._compress = gzip_compression()
        self._groups: dict[Page, _Group] = {}
        self._departing: asyncio.Handle | asyncio.Task[None] | None = None

    async def page(self, page: Page, arrived: float, *, compressed: bool = False) -> bytes:
        """Return a page whose snapshot is taken after this call; `arrived` is on the exposition's clock."""
        group = self._groups.setdefault(page, _Group(arrived))
        waiter: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        group.waiters.append((compressed, waiter))
        if self._departing is None:
            self._next()
        return await waiter

    def _next(self) -> None:
        """Let the next departure follow in the next turn of the loop, if anyone waits for one."""
        loop = asyncio.get_running_loop()
        if not self._groups:
            self._departing = None
        elif self._exposition.isolates:
            self._departing = loop.create_task(self._depart_with_others())
        else:
            self._departing = loop.call_soon(self._depart)

    def _leaving(self) -> list[tuple[Page, _Group]]:
        """Return those whose turn it is; their snapshot must be taken now, before anyone else joins them."""
        most = MAX_PAGES_WITH_OTHERS if self._exposition.isolates else MAX_PAGES
        oldest = next(iter(self._groups))
        whole = sorted(self._groups, key=lambda page: page.names is not None)[:most]
        leaving = whole if oldest in whole else [*whole[:-1], oldest]
        return [(page, self._groups.pop(page)) for page in leaving]

    def _depart(self) -> None:
        instant = Instant(self._source)
        for page, group in self._leaving():
            self._answer(page, group, instant, NOTHING_GIVEN)
        self._next()

    async def _depart_with_others(self) -> None:
        try:
            instant = Instant(self._source)
            for page, group in self._leaving():
                deadline = _deadline(page, group)
                try:
                    given = await self._exposition.others(instant, page.form, names=page.names, deadline=deadline)
                except Exception as error:  # noqa: BLE001 - as with the rendering
                    group.fail(error)
                else:
                    self._answer(page, group, instant, given)
        finally:
            self._next()

    def _answer(self, page: Page, group: _Group, instant: Instant, given: Mapping[str, Result[Any]]) -> None:
        try:
            deadline = _deadline(page, group)
            body = self._exposition.render(instant, page.form, names=page.names, deadline=deadline, given=given)
            compressed = self._compress(body) if any(wanted for wanted, _ in group.waiters) else b""
        except Exception as error:  # noqa: BLE001 - each waiter raises it in its own request, which logs it
            group.fail(error)
            return
        for wants_compressed, waiter in group.waiters:
            if not waiter.done():
                waiter.set_result(compressed if wants_compressed else body)


def _deadline(page: Page, group: _Group) -> float:
    timeout = page.timeout_seconds
    return group.arrived + timeout - min(MARGIN_SECONDS, timeout / 2)
