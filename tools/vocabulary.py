"""Which series exist: their kind, their labels, the values that closed labels can have, their largest bucket.

The checks of rules, dashboards and pages look here. All of it follows from the rows of the catalogue and from what
they read of an idle service; only what Prometheus itself adds stands here.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from collectors.exposition.reading import OUTCOMES
from collectors.metrics import catalogue
from collectors.metrics.definitions import Metric, MetricType
from gui_agents.snapshot import HistogramPoint
from tools import idle

TARGET_LABELS: Final = frozenset({"job", "instance"})
"""What Prometheus itself puts on every series."""


@attrs.frozen(kw_only=True)
class Series:
    """One kind of series that a query can select."""

    name: str
    kind: MetricType
    """COUNTER for everything that only grows, the parts of histograms and summaries included."""
    labels: frozenset[str]
    values: Mapping[str, frozenset[str]] = attrs.field(factory=dict)
    """The values of closed labels."""
    largest_bucket: float | None = None
    """Of a histogram's buckets: their largest finite upper bound."""
    ratio: bool = False
    """Whether its values lie between 0 and 1, so that no threshold beyond makes sense."""
    part_of: str | None = None
    """The counter that counts everything that this one counts, and more."""
    overlapping: str | None = None
    """The label over whose values a sum would count twice."""


def _of_prometheus(name: str, *labels: str, ratio: bool = False) -> Series:
    return Series(name=name, kind=MetricType.GAUGE, labels=TARGET_LABELS.union(labels), ratio=ratio)


PROMETHEUS_OWN: Final = (
    _of_prometheus("up", ratio=True),
    _of_prometheus("scrape_duration_seconds"),
    _of_prometheus("scrape_samples_scraped"),
    _of_prometheus("scrape_samples_post_metric_relabeling"),
    _of_prometheus("scrape_series_added"),
    _of_prometheus("ALERTS", "alertname", "alertstate", "severity", "long", "short"),
)
"""Series that Prometheus writes about each of its targets and alerts."""

SCRAPE_SERIES: Final = len(PROMETHEUS_OWN) - 1
"""How many of them it writes for each target."""


@functools.cache
def known_series() -> Mapping[str, Series]:
    """Return every series that a query can select, by its name."""
    sections = (*catalogue.documented(), OUTCOMES)
    snapshot = idle.state(guarded=True).snapshot()
    own = (
        series
        for section in sections
        for metric in section.metrics
        for series in _series(metric, section.subject or snapshot)
    )
    return {series.name: series for series in (*own, *PROMETHEUS_OWN)}


def _series(metric: Metric, subject: Any) -> Iterator[Series]:
    labels = TARGET_LABELS.union(metric.labels)
    values = {label: frozenset(closed) for label, closed in metric.closed.items()}
    if metric.type in (MetricType.HISTOGRAM, MetricType.SUMMARY):
        for part in ("sum", "count"):
            yield Series(name=f"{metric.name}_{part}", kind=MetricType.COUNTER, labels=labels, values=values)
    match metric.type:
        case MetricType.HISTOGRAM:
            yield Series(
                name=f"{metric.name}_bucket",
                kind=MetricType.COUNTER,
                labels=labels | {"le"},
                values=values,
                largest_bucket=_largest_bucket(metric, subject),
            )
        case MetricType.SUMMARY:
            yield Series(name=metric.name, kind=MetricType.GAUGE, labels=labels | {"quantile"}, values=values)
        case _:
            yield Series(
                name=metric.name,
                kind=metric.type,
                labels=labels,
                values=values,
                ratio=metric.ratio,
                part_of=metric.part_of,
                overlapping=metric.overlapping,
            )


def _largest_bucket(metric: Metric, subject: Any) -> float:
    reading: Any = metric.read(subject)
    point = reading if isinstance(reading, HistogramPoint) else next(iter(reading.values()))
    return float(point.bounds[-1])
