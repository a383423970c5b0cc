"""The protobuf exposition format: each metric as a length-delimited MetricFamily message.

It shows the same families as the text formats, under the names that their series have there, and it is the one format
in which Prometheus takes native histograms. Those carry their classic buckets beside the exponential ones: a scraper
keeps the one kind, the other, or both.

The messages are those of io.prometheus.client. Their fields are written in the order of their numbers, as Google's
library does; the tests compare byte for byte.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from collectors.errors import ReadingError
from collectors.exposition.checks import (
    check_bounds,
    check_histogram,
    check_labels,
    check_number,
    check_row,
    check_summary,
)
from collectors.exposition.layout import Layout, Write
from collectors.exposition.wire import (
    bytes_field,
    delimited,
    double,
    double_field,
    packed_field,
    varint_field,
    zigzag,
)
from collectors.metrics.definitions import QUANTILES, Metric, MetricType
from gui_agents.snapshot import NativePoint

_TYPES: Final = {
    MetricType.COUNTER: 0,
    MetricType.GAUGE: 1,
    MetricType.SUMMARY: 2,
    MetricType.HISTOGRAM: 4,
    # The format has no type for what is always 1.
    MetricType.INFO: 1,
}
"""The members of the enum MetricType."""
_FIELDS: Final = {
    MetricType.GAUGE: 2,
    MetricType.INFO: 2,
    MetricType.COUNTER: 3,
    MetricType.SUMMARY: 4,
    MetricType.HISTOGRAM: 7,
}
"""The field of a Metric that holds its value."""
_METRIC: Final = 4
"""The field of a MetricFamily that holds its series."""


class MetricMessage:
    """The messages of one metric; used by one thread at a time."""

    def __init__(self, metric: Metric) -> None:
        check_row(metric)
        self._metric = metric
        header = (
            bytes_field(1, metric.name.encode())
            + bytes_field(2, metric.help.encode())
            + varint_field(3, _TYPES[metric.type])
        )
        self._layout = Layout(metric, header, self._lay_out)
        self._pieces: list[bytes] = []
        self._bytes = b""

    def written(self, subject: Any) -> bytes:
        """Return the metric as a delimited message, as read from the subject of its section; nothing if it is absent.

        Raises:
            ReadingError: the metric read what must not be exposed.
        """
        pieces = self._layout.pieces(subject)
        if pieces is not self._pieces:
            self._pieces, self._bytes = pieces, delimited(b"".join(pieces)) if pieces else b""
        return self._bytes

    def _lay_out(self, key: Any) -> Write[bytes]:
        labels = self._labels(key)
        match self._metric.type:
            case MetricType.HISTOGRAM:
                return self._histogram(labels)
            case MetricType.SUMMARY:
                return self._summary(labels)
            case _:
                return self._number(labels)

    def _labels(self, key: Any) -> bytes:
        """Return the label pairs of a series."""
        if self._metric.type is MetricType.INFO:
            pairs = key
        else:
            names = self._metric.label_names
            pairs = zip(names, check_labels(self._metric, key), strict=True)
        return b"".join(
            bytes_field(1, bytes_field(1, name.encode()) + bytes_field(2, value.encode())) for name, value in pairs
        )

    def _number(self, labels: bytes) -> Write[bytes]:
        name = self._metric.name
        # A double has always 8 bytes, so that all lengths are known before the number.
        start = self._series(labels, double_field(1, 0.0)).removesuffix(double(0.0))

        def write(value: Any) -> bytes:
            return start + double(check_number(name, value))

        return write

    def _summary(self, labels: bytes) -> Write[bytes]:
        name = self._metric.name

        def write(value: Any) -> bytes:
            point, values = check_summary(name, value)
            quantiles = [
                bytes_field(3, double_field(1, quantile) + double_field(2, seconds))
                for quantile, seconds in zip(QUANTILES, values, strict=True)
            ]
            return self._series(
                labels, b"".join([varint_field(1, point.count), double_field(2, point.sum), *quantiles])
            )

        return write

    def _histogram(self, labels: bytes) -> Write[bytes]:
        name = self._metric.name
        bounds: tuple[float, ...] | None = None
        ends: list[bytes] = []

        def write(point: Any) -> bytes:
            nonlocal bounds, ends
            counts = check_histogram(name, point)
            if point.bounds is not bounds:
                check_bounds(name, point)
                ends = [double_field(2, bound) for bound in (*point.bounds, math.inf)]
                bounds = point.bounds
            return self._series(
                labels,
                b"".join(
                    [
                        varint_field(1, counts[-1]),
                        double_field(2, point.sum),
                        *[
                            bytes_field(3, varint_field(1, count) + end)
                            for count, end in zip(counts, ends, strict=True)
                        ],
                        b"" if point.native is None else _native(name, point.native, counts[-1]),
                    ]
                ),
            )

        return write

    def _series(self, labels: bytes, value: bytes) -> bytes:
        return bytes_field(_METRIC, labels + bytes_field(_FIELDS[self._metric.type], value))


def _native(name: str, native: NativePoint, count: int) -> bytes:
    """Return the fields of a Histogram that hold its exponential buckets."""
    if native.count != count:
        raise ReadingError(name, f"has {native.count} observations in its native buckets, and {count} in all")
    spans, deltas = spans_and_deltas(native.buckets)
    return b"".join(
        [
            varint_field(5, zigzag(native.schema)),
            double_field(6, native.zero_threshold),
            varint_field(7, native.zero_count),
            *[bytes_field(12, varint_field(1, zigzag(offset)) + varint_field(2, length)) for offset, length in spans],
            packed_field(13, map(zigzag, deltas)),
        ]
    )


def spans_and_deltas(buckets: Mapping[int, int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the runs of buckets, as (offset, length), and the differences of the counts from bucket to bucket.

    The first offset is the index of the first bucket, each further one the number of empty buckets since the run
    before. The first difference is the first count.
    """
    spans: list[tuple[int, int]] = []
    end = 0
    for index in sorted(buckets):
        if spans and index == end:
            offset, length = spans[-1]
            spans[-1] = (offset, length + 1)
        else:
            spans.append((index - end, 1))
        end = index + 1
    counts = [0, *(buckets[index] for index in sorted(buckets))]
    return spans, [count - before for before, count in pairwise(counts)]
