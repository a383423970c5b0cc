"""The layout of a histogram: a template for each set of label values."""

from collections.abc import Sequence
from itertools import repeat
from operator import add
from typing import Any

import attrs

from collectors.checks import check_histogram, check_series
from collectors.definitions import Metric, Reading
from collectors.families import empty_family, family
from collectors.formats import Format, rendered
from collectors.lines import Lines, cut, written
from collectors.numbers import PLAIN, large, number
from gui_agents.snapshot import Exemplar, HistogramPoint


class Histogram:
    """A histogram without labels, or the series of one set of label values; its text is kept until it changes."""

    def __init__(self, metric: Metric, form: Format, key: object = None) -> None:
        self._metric = metric
        self._form = form
        self._key = key
        self._point: HistogramPoint | None = None
        self._text = ""
        self._marks: list[tuple[Exemplar | None, str]] = []
        self._lines = Lines((), "")
        self._plain = b""

    def text(self, point: Any) -> str:
        """Return its lines with the numbers of a point; those of a family with labels come without its header.

        Raises:
            ReadingError: they must not be exposed.
        """
        if point is not self._point:
            counts = check_histogram(self._metric.name, point)
            if self._point is None or point.bounds != self._point.bounds:
                self._lay_out(point)
            self._text = self._write(point, counts)
            self._point = point
        return self._text

    def _lay_out(self, point: HistogramPoint) -> None:
        shape = attrs.evolve(point, exemplars=(None,) * len(point.counts))
        text = rendered(family(self._metric, {self._key: shape} if self._metric.labels else shape), self._form)
        if self._metric.labels:
            text = text.removeprefix(rendered(empty_family(self._metric), self._form))
        pieces, after = cut(text)
        self._lines = Lines(pieces, after)
        slots = [*repeat("%d.0", len(pieces) - 1), "%b"]
        self._plain = "".join([*map(add, (piece.replace("%", "%%") for piece in pieces), slots), after]).encode()
        self._marks = [(None, "")] * len(point.counts)

    def _write(self, point: HistogramPoint, counts: Sequence[int]) -> str:
        total = written(self._metric.name, point.sum)
        marked = self._form is Format.OPENMETRICS and any(point.exemplars)
        # The last count is the largest: where it is written plainly, all are. Bytes write whole numbers faster.
        if counts[-1] < PLAIN and not marked:
            return (self._plain % (*counts, counts[-1], total.encode())).decode()
        texts = [large(count) if count >= PLAIN else f"{count}.0" for count in counts]
        count = texts[-1]
        if marked:
            texts = [*map(add, texts, self._written_marks(point.exemplars))]
        return self._lines.joined([*texts, count, total])

    def _written_marks(self, exemplars: Sequence[Exemplar | None]) -> list[str]:
        marks = self._marks
        for index, exemplar in enumerate(exemplars):
            if exemplar is not marks[index][0]:
                marks[index] = (exemplar, _mark(exemplar))
        return [text for _, text in marks]


class Histograms:
    """A histogram with labels."""

    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._form = form
        self._header = rendered(empty_family(metric), form)
        self._parts: dict[object, Histogram] = {}

    def text(self, reading: Reading) -> str:
        """Return the family's lines with the numbers that were read.

        Raises:
            ReadingError: they must not be exposed.
        """
        series = check_series(self._metric, reading)
        parts = self._parts
        if parts.keys() != series.keys():
            parts = {key: parts.get(key) or Histogram(self._metric, self._form, key) for key in series}
            self._parts = parts
        return self._header + "".join([parts[key].text(point) for key, point in series.items()])


def _mark(exemplar: Exemplar | None) -> str:
    if exemplar is None:
        return ""
    task_id, value, observed_at = exemplar
    if not task_id.isalnum():
        task_id = task_id.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f' # {{task_id="{task_id}"}} {number(value)} {observed_at}'
