"""One metric in one format: what never changes is laid out once, and what has not changed is not written again.

Theory of operation. prometheus_client spends nine tenths of a scrape on what is the same every time: it makes family
objects, formats names and escapes labels. Here the constant part of a series is laid out when the series first
appears. Each series remembers the value that it read last and what it wrote for it. A value that is the same object
has not changed: numbers and points are immutable, and the service's state keeps a point until the next observation.
"""

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, Final, Generic, TypeVar

from collectors.exposition.checks import check_info, check_once, check_series
from collectors.metrics.definitions import Metric, MetricType

Piece = TypeVar("Piece")
"""What a format is made of: text or bytes."""

Write = Callable[[Any], Piece]
"""Writes the value of one series, or raises a ReadingError if it must not be exposed."""


class Layout(Generic[Piece]):
    """A metric and its series; used by one thread at a time."""

    def __init__(self, metric: Metric, header: Piece, lay_out: Callable[[Any], Write[Piece]]) -> None:
        """Take what stands before the series, and what lays out a series of given label values."""
        self._metric = metric
        self._header = header
        self._lay_out = lay_out
        self._keys: list[Any] = []
        self._values: list[Any] | None = None
        """What was read last; None if it could not be written."""
        self._series: list[_Series[Piece]] = []
        self._pieces: list[Piece] = []

    def pieces(self, subject: Any) -> list[Piece]:
        """Return the header and each series, as read from the subject of the section; nothing for an absent metric.

        The list is the same object if nothing has changed since the last call.

        Raises:
            ReadingError: the metric read what must not be exposed.
        """
        metric = self._metric
        reading = metric.read(subject)
        if reading is None:
            return []
        if metric.type is MetricType.INFO:
            # What changes in an info metric are its labels; its value is always 1.
            values: Mapping[Any, Any] = {tuple(check_info(metric, reading).items()): 1}
        else:
            values = check_series(metric, reading)
        keys, read = [*values], [*values.values()]
        if keys != self._keys:
            if metric.type is not MetricType.INFO:
                check_once(metric, keys)
            known = dict(zip(self._keys, self._series, strict=True))
            self._series = [known.get(key) or _Series(self._lay_out(key)) for key in keys]
            self._keys = keys
        # Identity, and not equality: Decimal(1) == 1 and True == 1, but only one of them may be exposed;
        # 0.0 == -0.0 is written in two ways; NaN is not equal to itself.
        elif self._values is not None and all(map(is_, read, self._values)):
            return self._pieces
        self._values = None
        self._pieces = [
            self._header,
            *[
                series.written if series.value is value else series.write(value)
                for series, value in zip(self._series, read, strict=True)
            ],
        ]
        self._values = read
        return self._pieces


_UNREAD: Final = object()


class _Series(Generic[Piece]):
    """One series, or one group of them: the value that was read last, and what was written for it."""

    __slots__ = ("_write", "value", "written")

    written: Piece

    def __init__(self, write: Write[Piece]) -> None:
        self._write: Write[Piece] = write
        self.value: Any = _UNREAD

    def write(self, value: Any) -> Piece:
        # The value is remembered last: if it cannot be written, what was written before stays true.
        self.written = self._write(value)
        self.value = value
        return self.written
