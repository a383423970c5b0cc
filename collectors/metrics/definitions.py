"""What a metric is: one row with its name, type, help and labels, and the function that reads it from its subject.

A row is the only place where its metric is described. The documentation, the series that expressions are checked
against and the counts in texts follow from the rows, and from what they read of an idle service.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Any, Final, Generic, Required, TypedDict, Unpack

import attrs

from gui_agents.snapshot import HistogramPoint, WindowPoint

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # Any by default: what renders rows need not know what they read from.
    Subject = TypeVar("Subject", default=Any)
else:
    from typing import TypeVar

    Subject = TypeVar("Subject")

QUANTILES: Final = (0.5, 0.95, 0.99)
"""The quantiles of every summary."""

RECENT: Final = "recent"
"""Switches off the numbers of the last five minutes."""

Number = int | float
"""A value that is not negative, not infinite and not NaN."""

Value = Number | HistogramPoint | WindowPoint
"""What one series, or one group of them, shows."""

Numbers = Number | Mapping[Any, Number] | None
"""What the row of a counter or a gauge reads."""

Points = HistogramPoint | Mapping[Any, HistogramPoint] | None
"""What the row of a histogram reads."""

Reading = Value | Mapping[Any, Any] | None
"""What a row reads: one value if it has no labels, else a value for each set of label values.

Label values are a string if the metric has one label, else a tuple in the order of its labels. An info metric
reads its labels. None: the metric does not apply now, and is absent. All of it is checked before it is exposed.
"""


@attrs.frozen
class Described:
    """The values of a label that no enum lists, in words."""

    words: str


LabelValues = Iterable[StrEnum] | Described
"""The values of one label: an enum, or those of its members that occur; else their description."""


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
class Metric(Generic[Subject]):
    """One metric of the catalogue."""

    name: str
    """As the catalogue and queries spell it: counters end in `_total`, info metrics in `_info`."""
    type: MetricType
    help: str
    """What is counted, when, and in which unit."""
    labels: Mapping[str, LabelValues] = attrs.field(factory=dict)
    """Each label with its values; a summary's `quantile` and a histogram's `le` follow from the type."""
    read: Callable[[Subject], Reading]
    """Reads the value from the subject of its section, which is the snapshot for all but the process."""
    example: str
    """A query in PromQL that an operator would ask."""
    optional: bool = False
    """Whether PROMETHEUS_DISABLE can switch it off."""
    switch: str = attrs.field(default=attrs.Factory(lambda metric: metric.name, takes_self=True))
    """The name by which it does; several metrics may share one."""
    ratio: bool = False
    """Whether its values lie between 0 and 1."""
    part_of: str | None = None
    """The counter that counts everything that this one counts, and more."""
    overlapping: str | None = None
    """The label over whose values a sum would count twice."""
    label_names: tuple[str, ...] = attrs.field(init=False)
    """The labels in the order in which its readings have their values; none for info, which reads them as well."""

    @label_names.default
    def _label_names(self) -> tuple[str, ...]:
        return () if self.type is MetricType.INFO else tuple(self.labels)

    @property
    def closed(self) -> Mapping[str, tuple[str, ...]]:
        """The values of those labels whose values are known, in the order of their enums."""
        known = self.labels.items()
        return {name: tuple(map(str, values)) for name, values in known if not isinstance(values, Described)}

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
class Section(Generic[Subject]):
    """Metrics that stand or fall together: one that cannot be read takes the others of its section with it."""

    name: str
    metrics: tuple[Metric[Subject], ...]
    subject: Subject | None = None
    """What its rows read from; None for the snapshot."""

    def without(self, disabled: frozenset[str]) -> "Section[Subject]":
        """Return the section without its families that are switched off."""
        return attrs.evolve(
            self,
            metrics=tuple(metric for metric in self.metrics if not (metric.optional and metric.switch in disabled)),
        )

    def only(self, names: frozenset[str]) -> "Section[Subject]":
        """Return the section with nothing but the families that `names` ask for."""
        return attrs.evolve(
            self,
            metrics=tuple(metric for metric in self.metrics if not names.isdisjoint(metric.names)),
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is left to read."""
        return not self.metrics


class More(TypedDict, total=False):
    """The other fields of a row, as `Metric` has them."""

    labels: Mapping[str, LabelValues]
    example: Required[str]
    optional: bool
    switch: str
    ratio: bool
    part_of: str
    overlapping: str


def counter(name: str, text: str, read: Callable[[Subject], Numbers], **more: Unpack[More]) -> Metric[Subject]:
    """Describe a number that only grows."""
    return Metric(name=name, type=MetricType.COUNTER, help=text, read=read, **more)


def gauge(name: str, text: str, read: Callable[[Subject], Numbers], **more: Unpack[More]) -> Metric[Subject]:
    """Describe a number that goes up and down."""
    return Metric(name=name, type=MetricType.GAUGE, help=text, read=read, **more)


def histogram(name: str, text: str, read: Callable[[Subject], Points], **more: Unpack[More]) -> Metric[Subject]:
    """Describe a distribution in buckets."""
    return Metric(name=name, type=MetricType.HISTOGRAM, help=text, read=read, **more)
