"""The text formats: the lines of a metric, byte for byte as prometheus_client writes them.

What stands before the numbers is cut from prometheus_client's own rendering, so that names, labels, escapes and order
are always those of the installed release. A scrape appends the numbers.
"""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from collectors.exposition.checks import (
    check_exemplar,
    check_histogram,
    check_number,
    check_row,
    check_summary,
)
from collectors.exposition.families import empty_family, family
from collectors.exposition.formats import Format, any_number, rendered
from collectors.exposition.layout import Layout, Write
from collectors.metrics.definitions import Metric, MetricType, Reading
from gui_agents.snapshot import Exemplar, WindowPoint

_PLAIN: Final = 10**6
"""Numbers below it are written as Python does; from it on prometheus_client writes an exponent, as Go does."""
_EMPTY_WINDOW: Final = WindowPoint(zeros=0, buckets={}, growth=2.0, sum=0.0, count=0)


class MetricText:
    """The text of one metric in one format; used by one thread at a time."""

    def __init__(self, metric: Metric, form: Format) -> None:
        check_row(metric)
        self._metric = metric
        self._form = form
        self._layout = Layout(metric, rendered(empty_family(metric), form), self._lay_out)
        self._pieces: list[str] = []
        self._text = ""

    def written(self, subject: Any) -> str:
        """Return the metric's lines, as read from the subject of its section.

        Raises:
            ReadingError: the metric read what must not be exposed.
        """
        pieces = self._layout.pieces(subject)
        if pieces is not self._pieces:
            self._pieces, self._text = pieces, "".join(pieces)
        return self._text

    def _lay_out(self, key: Any) -> Write[str]:
        match self._metric.type:
            case MetricType.HISTOGRAM:
                return self._histogram(key)
            case MetricType.SUMMARY:
                return self._summary(key)
            case MetricType.INFO:
                return self._info(key)
            case _:
                return self._number(key)

    def _number(self, key: Any) -> Write[str]:
        name = self._metric.name
        (start,) = self._starts(key, 0)

        def write(value: Any) -> str:
            return f"{start}{number(check_number(name, value))}\n"

        return write

    def _histogram(self, key: Any) -> Write[str]:
        name = self._metric.name
        shows_exemplars = self._form is Format.OPENMETRICS
        bounds: tuple[float, ...] | None = None
        starts: list[str] = []
        marks: dict[int, tuple[Exemplar, str]] = {}

        def write(point: Any) -> str:
            nonlocal bounds, starts
            counts = check_histogram(name, point)
            # Identity again: the bounds 0.0 and -0.0 are equal, but have different labels.
            if point.bounds is not bounds:
                starts = self._starts(key, attrs.evolve(point, exemplars=(None,) * len(counts)))
                bounds = point.bounds
            # Where the first bound is negative, prometheus_client shows neither count nor sum: the starts end earlier.
            lines = [
                f"{start}{count}.0" if count < _PLAIN else start + any_number(count)
                for start, count in zip(starts, (*counts, counts[-1]), strict=False)
            ]
            if len(starts) > len(lines):
                lines.append(starts[-1] + number(point.sum))
            if shows_exemplars:
                for index, exemplar in enumerate(point.exemplars):
                    if exemplar is not None:
                        known = marks.get(index)
                        # An observation replaces the exemplar of its own bucket; the others are the same objects.
                        if known is None or known[0] is not exemplar:
                            known = marks[index] = exemplar, _mark(name, exemplar)
                        lines[index] += known[1]
            return "\n".join(lines) + "\n"

        return write

    def _summary(self, key: Any) -> Write[str]:
        name = self._metric.name
        starts = self._starts(key, _EMPTY_WINDOW)

        def write(value: Any) -> str:
            point, quantiles = check_summary(name, value)
            return _lines(starts, (*quantiles, point.count, point.sum))

        return write

    def _info(self, key: Any) -> Write[str]:
        starts = self._cut(dict(key))
        return lambda value: _lines(starts, (value,))

    def _starts(self, key: Any, value: Any) -> list[str]:
        """Return each line of one series up to its number."""
        return self._cut({key: value} if self._metric.label_names else value)

    def _cut(self, reading: Reading) -> list[str]:
        lines = rendered(family(self._metric, reading), self._form).split("\n")[:-1]
        return [line[: line.rindex(" ") + 1] for line in lines if not line.startswith("#")]


def number(value: float) -> str:
    """Write a number as prometheus_client does, the usual ones without a detour."""
    if type(value) is int and 0 <= value < _PLAIN:
        return f"{value}.0"
    # Not for other types: the `repr` of a subclass, such as NumPy's, is not that of the number.
    if type(value) is float and -_PLAIN < value < _PLAIN:
        return repr(value)
    return any_number(value)


def _lines(starts: Sequence[str], numbers: Sequence[float]) -> str:
    return "".join([f"{start}{number(value)}\n" for start, value in zip(starts, numbers, strict=True)])


def _mark(name: str, exemplar: Exemplar) -> str:
    check_exemplar(name, exemplar)
    task_id, value, observed_at = exemplar
    escaped = task_id.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f' # {{task_id="{escaped}"}} {number(value)} {observed_at}'
