"""The protobuf exposition format: what the sections read as length-delimited MetricFamily messages.

It shows the same families as the text formats, under the names that their series have there, and it is the one format
in which Prometheus takes native histograms. Those carry their classic buckets beside the exponential ones: a scraper
keeps the one kind, the other, or both.
"""

import math
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import chain, pairwise
from typing import Any, Final

from google.protobuf.message import Message
from google.protobuf.proto import serialize_length_prefixed
from prometheus_client.metrics_core import Metric as Family

from collectors.errors import ReadingError
from collectors.exposition import native_pb2 as pb
from collectors.exposition.checks import (
    check_bounds,
    check_histogram,
    check_info,
    check_labels,
    check_number,
    check_series,
    check_summary,
)
from collectors.metrics.definitions import QUANTILES, Metric, MetricType, Reading, Section
from gui_agents.snapshot import NativePoint

_TYPES: Final = {
    MetricType.COUNTER: pb.COUNTER,
    MetricType.GAUGE: pb.GAUGE,
    MetricType.HISTOGRAM: pb.HISTOGRAM,
    MetricType.SUMMARY: pb.SUMMARY,
    MetricType.INFO: pb.GAUGE,
}
"""The format has no type for what is always 1."""


def section_messages(section: Section, subject: Any) -> Iterator[bytes]:
    """Yield the families of one section, as read from its subject, each one a delimited message.

    Raises:
        ReadingError: a row read what must not be exposed.
    """
    for metric in section.metrics:
        reading = metric.read(subject)
        if reading is not None:
            yield delimited(metric_message(metric, reading))
    for families in section.borrowed:
        for made in families.collect():
            yield from map(delimited, family_messages(made))


def delimited(message: Message) -> bytes:
    """Return a message behind its length."""
    output = BytesIO()
    serialize_length_prefixed(message, output)
    return output.getvalue()


def metric_message(metric: Metric, reading: Reading) -> pb.MetricFamily:
    """Return one metric with all that was read.

    Raises:
        ReadingError: that must not be exposed.
    """
    message = pb.MetricFamily(name=metric.name, help=metric.help, type=_TYPES[metric.type])
    if metric.type is MetricType.INFO:
        _add_series(message, check_info(metric, reading)).gauge.value = 1.0
        return message
    for key, value in check_series(metric, reading).items():
        series = _add_series(message, dict(zip(metric.label_names, check_labels(metric, key), strict=True)))
        match metric.type:
            case MetricType.COUNTER:
                series.counter.value = check_number(metric.name, value)
            case MetricType.GAUGE:
                series.gauge.value = check_number(metric.name, value)
            case MetricType.SUMMARY:
                _fill_summary(series.summary, metric.name, value)
            case _:
                _fill_histogram(series.histogram, metric.name, value)
    return message


def family_messages(made: Family) -> Iterator[pb.MetricFamily]:
    """Yield a family that a collector of prometheus_client made, as one message for each of its sample names.

    Of what is neither counter nor gauge the series are the same, but the scraper learns no type.
    """
    messages: dict[str, pb.MetricFamily] = {}
    for sample in made.samples:
        message = messages.get(sample.name)
        if message is None:
            message = pb.MetricFamily(name=sample.name, help=made.documentation, type=_sample_type(made, sample.name))
            messages[sample.name] = message
        series = _add_series(message, sample.labels)
        if message.type == pb.COUNTER:
            series.counter.value = sample.value
        elif message.type == pb.GAUGE:
            series.gauge.value = sample.value
        else:
            series.untyped.value = sample.value
    yield from messages.values()


def _sample_type(made: Family, name: str) -> pb.MetricType:
    if made.type == "counter" and name.endswith("_total"):
        return pb.COUNTER
    return pb.GAUGE if made.type in ("gauge", "info") else pb.UNTYPED


def _add_series(message: pb.MetricFamily, labels: Mapping[str, str]) -> pb.Metric:
    series = message.metric.add()
    for name, value in labels.items():
        series.label.add(name=name, value=value)
    return series


def _fill_summary(into: pb.Summary, name: str, value: object) -> None:
    point, quantiles = check_summary(name, value)
    into.sample_count = point.count
    into.sample_sum = point.sum
    for quantile, seconds in zip(QUANTILES, quantiles, strict=True):
        into.quantile.add(quantile=quantile, value=seconds)


def _fill_histogram(into: pb.Histogram, name: str, value: Any) -> None:
    counts = check_histogram(name, value)
    check_bounds(name, value)
    into.sample_count = counts[-1]
    into.sample_sum = value.sum
    for bound, count in zip(chain(value.bounds, (math.inf,)), counts, strict=True):
        into.bucket.add(upper_bound=bound, cumulative_count=count)
    native = value.native
    if native is not None:
        if native.count != counts[-1]:
            raise ReadingError(name, f"has {native.count} observations in its native buckets, and {counts[-1]} in all")
        _fill_native(into, native)


def _fill_native(into: pb.Histogram, native: NativePoint) -> None:
    into.schema = native.schema
    into.zero_threshold = native.zero_threshold
    into.zero_count = native.zero_count
    spans, deltas = spans_and_deltas(native.buckets)
    for offset, length in spans:
        into.positive_span.add(offset=offset, length=length)
    into.positive_delta.extend(deltas)


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
