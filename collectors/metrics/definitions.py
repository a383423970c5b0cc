"""What a metric is: one row with its name, type, help and labels, and the function that reads it from a snapshot."""

from collections.abc import Callable, Mapping
from enum import StrEnum, unique
from typing import Any, Final

import attrs

from gui_agents.snapshot import HistogramPoint, WindowPoint

QUANTILES: Final = (0.5, 0.95, 0.99)
"""The quantiles of every summary."""

Number = int | float
"""A value that is not negative, not infinite and not NaN."""

Value = Number | HistogramPoint | WindowPoint
"""What one series, or one group of them, shows."""

Reading = Value | Mapping[Any, Any] | None
"""What a row reads: one value where it has no labels, else a value for each set of label values.

Label values are a string where the metric has one label, else a tuple in the order of its labels. An info metric
reads its labels. None: the metric does not apply now, and is absent. All of it is checked before it is exposed.
"""


@unique
class MetricType(StrEnum):
    """The types of Prometheus that we use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"


@unique
class Stability(StrEnum):
    """What an operator may rely on."""

    STABLE = "stable"
    """Name, type and labels stay."""
    EVOLVING = "evolving"
    """May change with a release that says so."""


SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    MetricType.COUNTER: ("_total",),
    MetricType.GAUGE: ("",),
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum"),
    MetricType.SUMMARY: ("", "_count", "_sum"),
    MetricType.INFO: ("_info",),
}
"""What the sample names of each type add to the name of their family."""


@attrs.frozen(kw_only=True)
class Metric:
    """One metric of the catalogue."""

    name: str
    """As the catalogue and queries spell it: counters end in `_total`, info metrics in `_info`."""
    type: MetricType
    help: str
    """What is counted, when, and in which unit."""
    labels: tuple[str, ...] = ()
    values: Mapping[str, str] = attrs.field(factory=dict)
    """For the documentation: the values of each label, in words."""
    read: Callable[[Any], Reading]
    """Reads the value from the subject of its section, which is the snapshot for all but the process."""
    example: str
    """A query in PromQL that an operator would ask."""
    optional: bool = False
    """Whether PROMETHEUS_DISABLE can switch it off."""
    switch: str = attrs.field(default=attrs.Factory(lambda metric: metric.name, takes_self=True))
    """The name by which it does; several metrics may share one."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its labels, in the order in which its readings have their values."""
        return self.labels

    @property
    def stability(self) -> Stability:
        """What an operator may rely on: optional metrics may still change."""
        return Stability.EVOLVING if self.optional else Stability.STABLE

    @property
    def family(self) -> str:
        """The name of the metric family."""
        ending = {MetricType.COUNTER: "_total", MetricType.INFO: "_info"}.get(self.type, "")
        return self.name.removesuffix(ending)

    @property
    def names(self) -> frozenset[str]:
        """Every name that `name[]` may ask for: the row's, the family's and those of its samples."""
        return frozenset({self.name, self.family, *(self.family + suffix for suffix in SUFFIXES[self.type])})


@attrs.frozen(kw_only=True)
class Section:
    """Metrics that stand or fall together: one that cannot be read takes the others of its section with it."""

    name: str
    metrics: tuple[Metric, ...]
    subject: object = None
    """What its rows read from; None for the snapshot."""

    def without(self, disabled: frozenset[str]) -> "Section":
        """Return the section without its families that are switched off."""
        return attrs.evolve(
            self,
            metrics=tuple(metric for metric in self.metrics if not (metric.optional and metric.switch in disabled)),
        )

    def only(self, names: frozenset[str]) -> "Section":
        """Return the section with nothing but the families that `names` ask for."""
        return attrs.evolve(
            self,
            metrics=tuple(metric for metric in self.metrics if not names.isdisjoint(metric.names)),
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is left to read."""
        return not self.metrics


def counter(name: str, text: str, read: Callable[[Any], Reading], **more: Any) -> Metric:
    """Describe a number that only grows."""
    return Metric(name=name, type=MetricType.COUNTER, help=text, read=read, **more)


def gauge(name: str, text: str, read: Callable[[Any], Reading], **more: Any) -> Metric:
    """Describe a number that goes up and down."""
    return Metric(name=name, type=MetricType.GAUGE, help=text, read=read, **more)


def histogram(name: str, text: str, read: Callable[[Any], Reading], **more: Any) -> Metric:
    """Describe a distribution in buckets."""
    return Metric(name=name, type=MetricType.HISTOGRAM, help=text, read=read, **more)
