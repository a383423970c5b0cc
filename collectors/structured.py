"""Layouts of what has a structure: the lines of a histogram, a summary or an info metric."""

from collections.abc import Callable, Mapping
from itertools import chain, compress, repeat
from operator import is_not
from typing import Any, Final

import attrs
from orjson import dumps

from collectors.checks import check_histogram, check_info, check_summary
from collectors.definitions import Metric, MetricType, Reading
from collectors.families import empty_family, family
from collectors.formats import Format, rendered
from collectors.lines import Lines, cut
from collectors.numbers import EXACT, PLAIN, number
from gui_agents.snapshot import Exemplar, HistogramPoint, WindowPoint

_FRACTION: Final = ".0"
"""What a whole number is followed by, unless it has an exponent."""

Write = Callable[[Any], str]
"""Writes what was read as lines, or raises a ReadingError where it must not be exposed."""


def header(metric: Metric, form: Format) -> str:
    """Return what stands above the lines of a metric."""
    return rendered(empty_family(metric), form)


def writer(metric: Metric, form: Format, key: object) -> Write:
    """Return what writes the lines of a metric, or those of one set of label values, without the header."""
    match metric.type:
        case MetricType.HISTOGRAM:
            return _Histogram(metric, form, key).text
        case MetricType.SUMMARY:
            return _Summary(metric, form).text
        case _:
            return _Info(metric, form).text


def _bare(metric: Metric, reading: Reading, form: Format) -> str:
    """Return a metric's lines without its header."""
    return rendered(family(metric, reading), form).removeprefix(header(metric, form))


class _Histogram:
    """A histogram with one set of label values."""

    def __init__(self, metric: Metric, form: Format, key: object) -> None:
        self._metric = metric
        self._form = form
        self._key = key
        self._shows_exemplars = form is Format.OPENMETRICS
        self._bounds: tuple[float, ...] | None = None
        self._exemplars: tuple[Exemplar | None, ...] = ()

    def text(self, point: Any) -> str:
        counts = check_histogram(self._metric.name, point)
        total = number(point.sum)
        if point.bounds != self._bounds:
            self._lay_out(point)
        if self._shows_exemplars and point.exemplars != self._exemplars:
            self._mark(point.exemplars)
        # The last count is the largest: where it is written plainly, all are, and orjson writes them all at once.
        if counts[-1] < PLAIN:
            parts, texts = self._plain, dumps(counts).decode()[1:-1].split(",")
        else:
            parts, texts = self._any, [*map(number, counts)]
        parts[1::2] = [*texts, texts[-1], total]
        return "".join(parts)

    def _lay_out(self, point: HistogramPoint) -> None:
        shape = attrs.evolve(point, exemplars=(None,) * len(point.counts))
        self._pieces, after = cut(_bare(self._metric, {self._key: shape} if self._metric.labels else shape, self._form))
        self._any = [*chain.from_iterable(zip(self._pieces, repeat(""))), after]
        """What stands before each number, the exemplar of the one before it included; and what follows the last."""
        self._plain = self._any.copy()
        """The same after whole numbers that are written without their fraction."""
        for index in range(2, len(self._plain) - 1, 2):
            self._plain[index] = _FRACTION + self._plain[index]
        self._exemplars = shape.exemplars
        self._bounds = point.bounds

    def _mark(self, exemplars: tuple[Exemplar | None, ...]) -> None:
        changed = [*compress(range(len(exemplars)), map(is_not, exemplars, self._exemplars))]
        for index, mark in zip(changed, [_mark(exemplars[index]) for index in changed], strict=True):
            gap = mark + self._pieces[index + 1]
            self._any[2 * index + 2], self._plain[2 * index + 2] = gap, _FRACTION + gap
        self._exemplars = exemplars


def _mark(exemplar: Exemplar | None) -> str:
    if exemplar is None:
        return ""
    task_id, value, observed_at = exemplar
    if "\\" in task_id or "\n" in task_id or '"' in task_id:
        task_id = task_id.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    at = dumps(observed_at).decode() if PLAIN < observed_at < EXACT else observed_at
    return f' # {{task_id="{task_id}"}} {number(value)} {at}'


class _Summary:
    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._lines = Lines(*cut(_bare(metric, _EMPTY_WINDOW, form)))

    def text(self, reading: Reading) -> str:
        point, quantiles = check_summary(self._metric.name, reading)
        return self._lines.joined(map(number, (*quantiles, point.count, point.sum)))


_EMPTY_WINDOW = WindowPoint(zeros=0, buckets={}, growth=2.0, sum=0.0, count=0)


class _Info:
    """An info metric; its text is kept until its labels change."""

    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._form = form
        self._labels: Mapping[str, str] | None = None
        self._text = ""

    def text(self, reading: Reading) -> str:
        if reading != self._labels:
            labels = check_info(self._metric, reading)
            self._text = _bare(self._metric, labels, self._form)
            self._labels = labels
        return self._text
