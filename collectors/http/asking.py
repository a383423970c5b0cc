"""What a request asks of the metrics: format, names, time and encoding, from its query and its headers.

A scraper asks for the same each time, and reading its headers takes tens of microseconds. So what was read is
remembered by the texts that it was read from: a bounded number of them, and none that is long.
"""

import math
from collections.abc import Collection
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs

import attrs

from collectors.errors import CollectorsError
from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.exposition.negotiation import accepts_gzip, choose_format
from collectors.http.flight import Page
from collectors.http.messages import Request

TIMEOUT_HEADER: Final = "x-prometheus-scrape-timeout-seconds"
MAX_REMEMBERED: Final = 64
"""Combinations of query and headers: more than an endpoint has kinds of clients."""
MAX_REMEMBERED_CHARACTERS: Final = 2 * 1024
"""Of one combination; Prometheus's is about 200 long."""

LONGEST_TIMEOUT_SECONDS: Final = 4096.0
"""Longer ones are none."""
SHORTEST_TIMEOUT_SECONDS: Final = 2**-20
"""Shorter ones leave no time for anything either."""
MAX_FIELDS: Final = 200
"""Of a query: more names than there are metrics are no use."""


class AskedTooMuchError(CollectorsError):
    """A query with too many fields."""


@attrs.frozen
class Asked:
    """A page, and whether it is sent compressed."""

    page: Page
    compressed: bool


class Asking:
    """Reads requests for the metrics; `formats` are those that it may choose."""

    def __init__(self, formats: Collection[Format]) -> None:
        self._formats = formats
        self._remembered = lru_cache(MAX_REMEMBERED)(self._read)

    def read(self, request: Request) -> Asked:
        """Return what a request asks for.

        Raises:
            AskedTooMuchError: for more names than there are metrics.
        """
        texts = (
            request.query,
            request.header("accept"),
            request.header("accept-encoding"),
            request.header(TIMEOUT_HEADER),
        )
        read = self._remembered if sum(map(len, texts)) <= MAX_REMEMBERED_CHARACTERS else self._read
        return read(*texts)

    def _read(self, query: str, accept: str, accept_encoding: str, timeout: str) -> Asked:
        if query.count("&") >= MAX_FIELDS:
            raise AskedTooMuchError(f"The query has more than {MAX_FIELDS} fields")
        fields = parse_qs(query) if query else {}
        names = fields.get("name[]")
        # Lets a job that reads classic buckets say so, if the scraper has no setting for it.
        formats = TEXT_FORMATS if "text" in fields.get("format", ()) else self._formats
        page = Page(
            choose_format(accept, formats), None if names is None else frozenset(names), _timeout_seconds(timeout)
        )
        return Asked(page, accepts_gzip(accept_encoding))


def _timeout_seconds(header: str) -> float:
    """Return the scrape's timeout, a little shortened; none if the header is absent or no number above 0."""
    try:
        seconds = float(header)
    except ValueError:
        return math.inf
    if not 0 < seconds < LONGEST_TIMEOUT_SECONDS:
        return math.inf
    # Four steps an octave: clients with other timeouts share pages, and cannot ask for many different ones.
    mantissa, exponent = math.frexp(max(seconds, SHORTEST_TIMEOUT_SECONDS))
    return math.ldexp(math.floor(mantissa * 8) / 8, exponent)
