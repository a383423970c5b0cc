"""One rendering for many: requests that wait at the same time share one snapshot and one page.

A request shares only a page whose snapshot was not yet taken when it arrived, so that nobody is told about a past
that is older than the question. Rendering happens on the loop: it takes a fraction of a millisecond, less than
handing it to another thread would.
"""

import asyncio
import math
from typing import Final

import attrs

from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.http.compression import gzip_compression
from gui_agents.snapshot import SnapshotSource

MARGIN_SECONDS: Final = 0.05
"""Kept of a scrape's timeout for sending the page; of a short one half of it, so that there is time to read at all."""


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


class Flight:
    """Gathers requests for pages and answers them together; lives on one event loop."""

    def __init__(self, source: SnapshotSource, exposition: Exposition) -> None:
        self._source = source
        self._exposition = exposition
        self._compress = gzip_compression()
        self._groups: dict[Page, _Group] = {}

    async def page(self, page: Page, arrived: float, *, compressed: bool = False) -> bytes:
        """Return a page whose snapshot is taken after this call; `arrived` is on the exposition's clock."""
        loop = asyncio.get_running_loop()
        if not self._groups:
            loop.call_soon(self._depart)
        group = self._groups.setdefault(page, _Group(arrived))
        waiter: asyncio.Future[bytes] = loop.create_future()
        group.waiters.append((compressed, waiter))
        return await waiter

    def _depart(self) -> None:
        groups, self._groups = self._groups, {}
        instant = Instant(self._source)
        for page, group in groups.items():
            timeout = page.timeout_seconds
            deadline = group.arrived + timeout - min(MARGIN_SECONDS, timeout / 2)
            try:
                body = self._exposition.render(instant, page.form, names=page.names, deadline=deadline)
                compressed = self._compress(body) if any(wanted for wanted, _ in group.waiters) else b""
            except Exception as error:  # noqa: BLE001 - each waiter raises it in its own request, which logs it
                for _, waiter in group.waiters:
                    if not waiter.done():
                        waiter.set_exception(error)
                continue
            for wants_compressed, waiter in group.waiters:
                if not waiter.done():
                    waiter.set_result(compressed if wants_compressed else body)
