"""Layouts of what has a structure: the lines of a histogram, a summary or an info metric."""

from collections.abc import Callable, Mapping
from itertools import chain, compress, repeat
from operator import is_not, le, lt, truediv
from typing import Any

import attrs
from orjson import dumps

from collectors.exposition.checks import check_histogram, check_info, check_summary
from collectors.exposition.families import empty_family, family
from collectors.exposition.formats import Format, rendered
from collectors.exposition.lines import Lines, cut
from collectors.exposition.numbers import EXACT, PLAIN, POSITIONAL, magnitude, number
from collectors.metrics.definitions import Metric, MetricType, Reading
from gui_agents.snapshot import Exemplar, HistogramPoint, WindowPoint

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
    """A histogram with one set of label values.

    Its layout is for counts of certain magnitudes, and is made anew where one of them changes: what is written at a
    scrape are mantissas, and the endings that make numbers of them stand in the layout.
    """

    def __init__(self, metric: Metric, form: Format, key: object) -> None:
        self._metric = metric
        self._form = form
        self._key = key
        self._shows_exemplars = form is Format.OPENMETRICS
        self._bounds: tuple[float, ...] | None = None
        """What is laid out; None where it must be anew."""
        self._exemplars: tuple[Exemplar | None, ...] = ()

    def text(self, point: Any) -> str:
        counts = check_histogram(self._metric.name, point)
        bounds = point.bounds
        if counts[-1] >= EXACT:
            return self._rendered(point)
        if bounds != self._bounds:
            if bounds and bounds[0] < 0:
                # Without count and sum, in prometheus_client's rendering.
                return self._rendered(point)
            self._lay_out(point)
        if self._shows_exemplars and point.exemplars != self._exemplars:
            self._mark(point.exemplars)
        units = self._units
        fits = all(map(le, self._least, counts)) and all(map(lt, counts, self._limits)) if units else counts[-1] < PLAIN
        if not fits:
            units = self._fit(counts)
        total = float(point.sum)
        numbers: list[float] = [*counts, counts[-1], total]
        text = dumps([*map(truediv, numbers, units)] if units else numbers).decode()[1:-1]
        texts = (text.replace(".0,", ",") if units else text).split(",")
        if not POSITIONAL <= total < PLAIN:
            texts[-1] = number(total)
        self._parts[1::2] = texts
        return "".join(self._parts)

    def _rendered(self, point: HistogramPoint) -> str:
        return _bare(self._metric, {self._key: point} if self._metric.label_names else point, self._form)

    def _lay_out(self, point: HistogramPoint) -> None:
        self._bounds = None
        none = (None,) * len(point.counts)
        pieces, after = cut(self._rendered(attrs.evolve(point, exemplars=none)))
        self._first, *self._following = [*pieces, after]
        """What stands before the first number, and what follows each of them: buckets, count and sum."""
        self._marks = [""] * len(pieces)
        """The exemplars between a number and what follows it."""
        self._exemplars = none
        self._fit([0] * len(none))
        self._bounds = point.bounds

    def _fit(self, counts: list[int]) -> list[float] | None:
        """Lay out for counts of these magnitudes; return what to divide the numbers by, None for nothing."""
        fitting = [*map(magnitude, counts)]
        self._least = [each.least for each in fitting]
        self._limits = [each.limit for each in fitting]
        self._units = [*(each.unit for each in fitting), fitting[-1].unit, 1.0] if counts[-1] >= PLAIN else None
        """None where all counts are below `PLAIN`, as they usually are."""
        self._endings = [*(each.ending for each in fitting), fitting[-1].ending, ""]
        gaps = map("".join, zip(self._endings, self._marks, self._following, strict=True))
        self._parts = [self._first, *chain.from_iterable(zip(repeat(""), gaps))]
        return self._units

    def _mark(self, exemplars: tuple[Exemplar | None, ...]) -> None:
        # Where one cannot be written, all is laid out anew.
        bounds, self._bounds = self._bounds, None
        for index in compress(range(len(exemplars)), map(is_not, exemplars, self._exemplars)):
            mark = self._marks[index] = _mark(exemplars[index])
            self._parts[2 * index + 2] = self._endings[index] + mark + self._following[index]
        self._exemplars, self._bounds = exemplars, bounds


def _mark(exemplar: Exemplar | None) -> str:
    if exemplar is None:
        return ""
    task_id, value, observed_at = exemplar
    if "\\" in task_id or "\n" in task_id or '"' in task_id:
        task_id = task_id.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    if PLAIN < observed_at < EXACT and type(value) is float and POSITIONAL <= value < PLAIN:
        numbers = dumps((value, observed_at)).decode()[1:-1].replace(",", " ")
    else:
        numbers = f"{number(value)} {observed_at}"
    return f' # {{task_id="{task_id}"}} {numbers}'


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
