"""From what a section reads to the metric families of prometheus_client; pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Exemplar as FamilyExemplar

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
from collectors.metrics.definitions import QUANTILES, Metric, MetricType, Reading, Section
from gui_agents.snapshot import Exemplar, HistogramPoint, WindowPoint

_FAMILIES: Final[Mapping[str, Callable[..., Any]]] = {
    MetricType.COUNTER: CounterMetricFamily,
    MetricType.GAUGE: GaugeMetricFamily,
    MetricType.HISTOGRAM: HistogramMetricFamily,
    MetricType.SUMMARY: SummaryMetricFamily,
    MetricType.INFO: InfoMetricFamily,
}


def section_families(section: Section, subject: Any) -> Iterator[Family]:
    """Yield the families of one section, as read from its subject.

    Raises:
        ReadingError: a row read what must not be exposed.
    """
    for metric in section.metrics:
        reading = metric.read(subject)
        if reading is not None:
            yield family(metric, reading)


def family(metric: Metric, reading: Reading) -> Any:
    """Return the family of one metric with all that was read.

    Raises:
        ReadingError: that must not be exposed.
    """
    made = empty_family(metric)
    if metric.type is MetricType.INFO:
        made.add_metric([], dict(check_info(metric, reading)))
        return made
    for key, value in check_series(metric, reading).items():
        labels = check_labels(metric, key)
        if metric.type is MetricType.HISTOGRAM:
            _add_histogram(made, labels, value, check_histogram(metric.name, value))
        elif metric.type is MetricType.SUMMARY:
            _add_summary(made, *check_summary(metric.name, value))
        else:
            made.add_metric(labels, check_number(metric.name, value))
    return made


def empty_family(metric: Metric) -> Any:
    """Return the family of one metric without samples."""
    return _FAMILIES[metric.type](metric.family, metric.help, labels=metric.label_names)


def _add_histogram(made: Any, labels: tuple[str, ...], point: HistogramPoint, counts: Sequence[int]) -> None:
    check_bounds(made.name, point)
    bounds = (*map(any_number, point.bounds), "+Inf")
    buckets = [
        (bound, count) if exemplar is None else (bound, count, _family_exemplar(exemplar))
        for bound, count, exemplar in zip(bounds, counts, point.exemplars, strict=True)
    ]
    made.add_metric(labels, buckets, point.sum)


def _family_exemplar(exemplar: Exemplar) -> FamilyExemplar:
    task_id, value, observed_at = exemplar
    return FamilyExemplar({"task_id": task_id}, value, observed_at)


def _add_summary(made: Any, point: WindowPoint, quantiles: tuple[float, ...]) -> None:
    for quantile, value in zip(QUANTILES, quantiles, strict=True):
        made.add_sample(made.name, {"quantile": any_number(quantile)}, value)
    made.add_metric([], point.count, point.sum)
