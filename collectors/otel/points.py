"""From what a section reads to OpenTelemetry's data points; pure.

Names and labels are those of the catalogue: an attribute is called like the label, and a metric like its sample.
OpenTelemetry has no summaries of its own, so that their quantiles are a gauge with the attribute `quantile`, and their
sum and count are sums beside it, all three named as Prometheus names the samples.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import isnan
from typing import Any, Final

import attrs
from opentelemetry.sdk.metrics import Exemplar as OtelExemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    NumberDataPoint,
    Sum,
)
from opentelemetry.sdk.metrics.export import Metric as OtelMetric

from collectors.exposition.checks import (
    check_bounds,
    check_histogram,
    check_info,
    check_labels,
    check_number,
    check_series,
    check_summary,
)
from collectors.exposition.formats import any_number
from collectors.metrics.definitions import QUANTILES, Metric, MetricType, Number, Reading, Section
from gui_agents.snapshot import Exemplar, HistogramPoint

NANOSECONDS: Final = 10**9
CUMULATIVE: Final = AggregationTemporality.CUMULATIVE
UNITS: Final = (("_seconds", "s"), ("_bytes", "By"))
"""The units that names end in, as UCUM writes them."""
UNTOLD: Final[Any] = None
"""The smallest and the largest observation are optional in OTLP, and nobody keeps them."""

Attributes = Mapping[str, str]


@attrs.frozen
class Span:
    """The time that the numbers of one collection cover, in nanoseconds since the epoch."""

    began: int
    """When the counters began at 0."""
    taken: int
    """When they were read."""


def section_metrics(section: Section, subject: Any, span: Span) -> Iterator[OtelMetric]:
    """Yield the metrics of one section that have data points now, as read from its subject.

    Raises:
        ReadingError: a row read what must not be exposed.
    """
    for metric in section.metrics:
        reading = metric.read(subject)
        if reading is not None:
            yield from filter(_tells, row_metrics(metric, reading, span))


def _tells(metric: OtelMetric) -> bool:
    return bool(metric.data.data_points)


def row_metrics(metric: Metric, reading: Reading, span: Span) -> Iterator[OtelMetric]:
    """Yield one row's metric, or three if it is a summary.

    Raises:
        ReadingError: it read what must not be exposed.
    """
    match metric.type:
        case MetricType.INFO:
            yield _gauge(metric.name, metric.help, [(dict(check_info(metric, reading)), 1)], span)
        case MetricType.SUMMARY:
            yield from _summary(metric, reading, span)
        case MetricType.HISTOGRAM:
            points = [_histogram_point(metric, labels, value, span) for labels, value in _series(metric, reading)]
            yield _metric(metric.name, metric.help, Histogram(points, CUMULATIVE))
        case MetricType.COUNTER:
            yield _sum(metric.name, metric.help, _numbers(metric, reading), span)
        case _:
            yield _gauge(metric.name, metric.help, _numbers(metric, reading), span)


def _series(metric: Metric, reading: Reading) -> Iterator[tuple[Attributes, Any]]:
    for key, value in check_series(metric, reading).items():
        yield dict(zip(metric.label_names, check_labels(metric, key), strict=True)), value


def _numbers(metric: Metric, reading: Reading) -> list[tuple[Attributes, Number]]:
    return [(labels, check_number(metric.name, value)) for labels, value in _series(metric, reading)]


def _summary(metric: Metric, reading: Reading, span: Span) -> Iterator[OtelMetric]:
    for labels, value in _series(metric, reading):
        point, quantiles = check_summary(metric.name, value)
        told = [
            ({**labels, "quantile": any_number(quantile)}, seconds)
            for quantile, seconds in zip(QUANTILES, quantiles, strict=True)
            # A quantile of nothing has no point, where Prometheus has NaN.
            if not isnan(seconds)
        ]
        yield _gauge(metric.name, metric.help, told, span)
        yield _sum(f"{metric.name}_count", metric.help, [(labels, point.count)], span)
        yield _sum(f"{metric.name}_sum", metric.help, [(labels, point.sum)], span)


def _histogram_point(metric: Metric, labels: Attributes, point: HistogramPoint, span: Span) -> HistogramDataPoint:
    check_histogram(metric.name, point)
    check_bounds(metric.name, point)
    return HistogramDataPoint(
        attributes=labels,
        start_time_unix_nano=span.began,
        time_unix_nano=span.taken,
        count=point.count,
        sum=point.sum,
        bucket_counts=point.counts,
        explicit_bounds=point.bounds,
        min=UNTOLD,
        max=UNTOLD,
        exemplars=[_exemplar(exemplar) for exemplar in point.exemplars if exemplar is not None],
    )


def _exemplar(exemplar: Exemplar) -> OtelExemplar:
    task_id, value, observed_at = exemplar
    return OtelExemplar(
        filtered_attributes={"task_id": task_id},
        value=float(value),
        time_unix_nano=int(observed_at * NANOSECONDS),
    )


def _sum(name: str, text: str, values: Iterable[tuple[Attributes, Number]], span: Span) -> OtelMetric:
    return _metric(name, text, Sum(_points(values, span), CUMULATIVE, is_monotonic=True))


def _gauge(name: str, text: str, values: Iterable[tuple[Attributes, Number]], span: Span) -> OtelMetric:
    return _metric(name, text, Gauge(_points(values, span)))


def _points(values: Iterable[tuple[Attributes, Number]], span: Span) -> list[NumberDataPoint]:
    return [NumberDataPoint(labels, span.began, span.taken, value) for labels, value in values]


def _metric(name: str, text: str, data: Sum | Gauge | Histogram) -> OtelMetric:
    measured = name.removesuffix("_total")
    unit = next((unit for ending, unit in UNITS if measured.endswith(ending)), "")
    return OtelMetric(name, text, unit, data)
