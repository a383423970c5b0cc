"""Sections laid out once: everything of their text but the numbers, as templates.

A layout is cut from prometheus_client's own rendering of the families: names, labels, escapes and order are by
construction those of the installed release, and only the numbers are ours. A layout belongs to one format, and is used
by one thread.
"""

from collections.abc import Callable, Mapping
from itertools import compress
from operator import is_not
from typing import Any, Final

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from collectors.checks import check_info, check_series, check_summary
from collectors.definitions import Metric, MetricType, Reading
from collectors.families import family
from collectors.formats import Format, rendered
from collectors.histograms import Histogram, Histograms
from collectors.lines import Lines, cut, written
from collectors.numbers import EXACT, PLAIN, large, number
from gui_agents.snapshot import WindowPoint

_Write = Callable[[Any], str]
"""Writes the lines of one metric from what it read."""


class SectionLayout:
    """The metrics of one section, as one template; its text is kept until something changes.

    Counters and gauges have slots for their numbers. Each histogram, summary and info has a layout of its own, and one
    slot for its text.
    """

    def __init__(self, metrics: tuple[Metric, ...], form: Format) -> None:
        self.metrics = metrics
        self._form = form
        self._rows = [
            (metric, metric.read, bool(metric.labels), _own_write(metric, form) if metric.type in _OWN else None)
            for metric in metrics
        ]
        self._keys: list[tuple[object, ...] | str] | None = None
        """What is laid out: the label values of counters and gauges, and the names of those that are absent."""
        self._values: list[Any] = []
        self._text = ""

    def text(self, subject: Any) -> str:
        """Return the lines of all metrics, as read from the subject of their section.

        Raises:
            ReadingError: one read what must not be exposed.
        """
        keys: list[tuple[object, ...] | str] = []
        values: list[Any] = []
        for metric, read, labelled, write in self._rows:
            reading = read(subject)
            if write is not None:
                values.append("" if reading is None else write(reading))
            elif reading is None:
                keys.append(metric.name)
            elif labelled:
                series = reading if type(reading) is dict else check_series(metric, reading)
                keys.append(tuple(series))
                values += series.values()
            else:
                values.append(reading)
        if keys != self._keys:
            self._lay_out(keys, len(values))
        if values != self._values:
            self._text = self._write(values)
        return self._text

    def _lay_out(self, keys: list[tuple[object, ...] | str], size: int) -> None:
        pieces: list[str] = []
        metrics: list[str | None] = []
        after, unused = "", iter([key for key in keys if isinstance(key, tuple)])
        for metric, _, labelled, write in self._rows:
            if write is not None:
                pieces.append(after)
                metrics.append(None)
                after = ""
            elif metric.name not in keys:
                made = family(metric, dict.fromkeys(next(unused), 0) if labelled else 0)
                numbered, after = cut(rendered(made, self._form), after)
                pieces += numbered
                metrics += [metric.name] * len(numbered)
        self._lines = Lines(pieces, after)
        self._metrics = metrics
        self._indexes = range(size)
        self._texts = [""] * size
        self._values = [None] * size
        self._text = after
        self._keys = keys

    def _write(self, values: list[Any]) -> str:
        # A copy: a number that must not be exposed leaves everything as it was.
        texts = self._texts.copy()
        for index in compress(self._indexes, map(is_not, values, self._values)):
            value = values[index]
            if type(value) is int and 0 <= value < EXACT:
                texts[index] = f"{value}.0" if value < PLAIN else large(value)
            else:
                metric = self._metrics[index]
                texts[index] = value if metric is None else written(metric, value)
        self._texts, self._values = texts, values
        return self._lines.joined(texts)


_OWN: Final = frozenset({MetricType.HISTOGRAM, MetricType.SUMMARY, MetricType.INFO})
"""What is more than numbers, and has a layout of its own."""


def _own_write(metric: Metric, form: Format) -> _Write:
    """Return what writes the lines of a metric that is more than numbers."""
    match metric.type:
        case MetricType.HISTOGRAM:
            return Histograms(metric, form).text if metric.labels else Histogram(metric, form).text
        case MetricType.SUMMARY:
            return _Summary(metric, form).text
        case _:
            return _Info(metric, form).text


class _Summary:
    """A summary without labels; its text is kept until there is another point."""

    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._lines = Lines(*cut(rendered(family(metric, _EMPTY_WINDOW), form)))
        self._point: Reading = None
        self._text = ""

    def text(self, reading: Reading) -> str:
        if reading is not self._point:
            point, quantiles = check_summary(self._metric.name, reading)
            values = (*quantiles, point.count, point.sum)
            self._text = self._lines.joined(map(number, values))
            self._point = point
        return self._text


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
            self._text = rendered(family(self._metric, labels), self._form)
            self._labels = labels
        return self._text


class FamilyLayout:
    """A family that a collector of prometheus_client made."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._shape: object = None
        self._lines = Lines((), "")
        self._order: list[int] = []

    def text(self, made: Family) -> str:
        """Return the family's lines."""
        samples = made.samples
        if any(_is_special(sample) for sample in samples):
            return rendered(made, self._form)
        shape = (
            made.name,
            made.documentation,
            made.type,
            made.unit,
            [(sample.name, sample.labels) for sample in samples],
        )
        if shape != self._shape:
            self._lay_out(made)
            self._shape = shape
        return self._lines.joined([number(samples[index].value) for index in self._order])

    def _lay_out(self, made: Family) -> None:
        numbered = Family(made.name, made.documentation, made.type, made.unit)
        numbered.samples = [sample._replace(value=index) for index, sample in enumerate(made.samples)]
        text = rendered(numbered, self._form)
        # The text format has an order of its own for some samples.
        lines = [line for line in text.split("\n")[:-1] if not line.startswith("#")]
        self._order = [int(float(line.rsplit(" ", 1)[1])) for line in lines]
        self._lines = Lines(*cut(text))


def _is_special(sample: Sample) -> bool:
    """Tell whether a sample has more than a number; such families are left to prometheus_client."""
    return (
        sample.timestamp is not None or bool(sample.exemplar) or getattr(sample, "native_histogram", None) is not None
    )
