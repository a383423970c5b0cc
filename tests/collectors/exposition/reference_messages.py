"""A page in protobuf as Google's library writes it: what ours is compared with, byte for byte."""

import math
from io import BytesIO
from itertools import chain

from google.protobuf.proto import serialize_length_prefixed

from collectors.exposition.checks import check_histogram, check_info, check_labels, check_number, check_summary
from collectors.exposition.protobuf import spans_and_deltas
from collectors.metrics.definitions import QUANTILES, MetricType
from tests.collectors.exposition import native_pb2 as pb

TYPES = {
    MetricType.COUNTER: pb.COUNTER,
    MetricType.GAUGE: pb.GAUGE,
    MetricType.HISTOGRAM: pb.HISTOGRAM,
    MetricType.SUMMARY: pb.SUMMARY,
    MetricType.INFO: pb.GAUGE,
}


def delimited(message):
    """Return a message behind its length."""
    output = BytesIO()
    serialize_length_prefixed(message, output)
    return output.getvalue()


def page(sections, subject):
    """Return what all sections read from one subject."""
    readings = [(metric, metric.read(subject)) for section in sections for metric in section.metrics]
    return b"".join(delimited(message(metric, reading)) for metric, reading in readings if reading is not None)


def message(metric, reading):
    """Return one metric with all that was read."""
    family = pb.MetricFamily(name=metric.name, help=metric.help, type=TYPES[metric.type])
    if metric.type is MetricType.INFO:
        _series(family, check_info(metric, reading)).gauge.value = 1.0
        return family
    for key, value in (reading if metric.label_names else {(): reading}).items():
        series = _series(family, dict(zip(metric.label_names, check_labels(metric, key), strict=True)))
        match metric.type:
            case MetricType.COUNTER:
                series.counter.value = check_number(metric.name, value)
            case MetricType.GAUGE:
                series.gauge.value = check_number(metric.name, value)
            case MetricType.SUMMARY:
                _fill_summary(series.summary, value)
            case MetricType.HISTOGRAM:
                _fill_histogram(series.histogram, metric.name, value)
    return family


def _series(family, labels):
    series = family.metric.add()
    for name, value in labels.items():
        series.label.add(name=name, value=value)
    return series


def _fill_summary(into, value):
    point, quantiles = check_summary("", value)
    into.sample_count = point.count
    into.sample_sum = point.sum
    for quantile, seconds in zip(QUANTILES, quantiles, strict=True):
        into.quantile.add(quantile=quantile, value=seconds)


def _fill_histogram(into, name, point):
    counts = check_histogram(name, point)
    into.sample_count = counts[-1]
    into.sample_sum = point.sum
    for bound, count in zip(chain(point.bounds, (math.inf,)), counts, strict=True):
        into.bucket.add(upper_bound=bound, cumulative_count=count)
    if point.native is not None:
        into.schema = point.native.schema
        into.zero_threshold = point.native.zero_threshold
        into.zero_count = point.native.zero_count
        spans, deltas = spans_and_deltas(point.native.buckets)
        for offset, length in spans:
            into.positive_span.add(offset=offset, length=length)
        into.positive_delta.extend(deltas)
