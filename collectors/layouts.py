"""Families laid out once: everything of their text but the numbers, as templates.

A layout is cut from prometheus_client's own rendering of the family: names, labels, escapes and order are by
construction those of the installed release, and only the numbers are ours. A layout belongs to one format and to one
family, and is used by one thread.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import chain
from typing import Any, Final, Protocol

import attrs
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.samples import Sample

from collectors.checks import check_histogram, check_info, check_number, check_numbers, check_series, check_summary
from collectors.definitions import Metric, MetricType, Number, Reading
from collectors.families import empty_family, family
from collectors.numbers import PLAIN, large, number
from gui_agents.snapshot import Exemplar, HistogramPoint, WindowPoint


class Format(Enum):
    """The exposition formats, with their content types."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    @property
    def ending(self) -> bytes:
        """What the last family is followed by."""
        return b"# EOF\n" if self is Format.OPENMETRICS else b""


TEXT_FORMATS: Final = (Format.TEXT, Format.OPENMETRICS)
"""Those that have layouts."""


@attrs.frozen
class _One:
    """A registry of one family, as far as rendering asks."""

    only: Family

    def collect(self) -> Iterable[Family]:
        return (self.only,)


def rendered(shape: Family, form: Format) -> list[str]:
    """Return the lines of one family as prometheus_client writes them."""
    write: Callable[[Any], bytes] = generate_openmetrics if form is Format.OPENMETRICS else generate_latest
    return write(_One(shape)).removesuffix(form.ending).decode().split("\n")[:-1]


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _cut(line: str) -> str:
    """Return a line up to its number."""
    return line[: line.rindex(" ") + 1]


def _template(lines: Iterable[str], slot: str = "%s") -> str:
    """Return lines as a template with one slot for each number."""
    return "".join(
        f"{line}\n".replace("%", "%%") if line.startswith("#") else _cut(line).replace("%", "%%") + f"{slot}\n"
        for line in lines
    )


class Layout(Protocol):
    """One family in one format."""

    def text(self, reading: Reading) -> bytes:
        """Return the family's lines with the numbers that were read; encoded, so that the page is joined only once.

        Raises:
            ReadingError: they must not be exposed.
        """


def layout(metric: Metric, form: Format) -> Layout:
    """Return an empty layout for a metric; it is filled as labels are first read."""
    match metric.type:
        case MetricType.HISTOGRAM:
            return _Histograms(metric, form)
        case MetricType.SUMMARY:
            return _Summary(metric, form)
        case MetricType.INFO:
            return _Info(metric, form)
        case _:
            return _Numbers(metric, form) if metric.labels else _Number(metric, form)


class _Number:
    """A counter or a gauge without labels; its text is kept until its number changes."""

    def __init__(self, metric: Metric, form: Format) -> None:
        self._name = metric.name
        self._lines = _template(rendered(family(metric, 0), form), "").removesuffix("\n") % ()
        self._value: Reading = None
        self._text = b""

    def text(self, reading: Reading) -> bytes:
        if reading != self._value:
            self._text = f"{self._lines}{number(check_number(self._name, reading))}\n".encode()
            self._value = reading
        return self._text


class _Numbers:
    """A counter or a gauge with labels; its text is kept until one of its numbers changes.

    Small whole numbers, which most are, are written all at once; of others each text is kept. Equal numbers have equal
    texts, because a negative zero becomes zero.
    """

    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._form = form
        self._reading: Reading = None
        self._text = b""
        self._keys: tuple[object, ...] | None = None
        self._plain = self._any = ""
        self._values: tuple[Number, ...] = ()
        self._texts: list[str] = []

    def text(self, reading: Reading) -> bytes:
        if reading != self._reading:
            self._text = self._write(check_series(self._metric, reading)).encode()
            self._reading = reading
        return self._text

    def _write(self, series: Mapping[Any, Any]) -> str:
        keys = tuple(series)
        if keys != self._keys:
            self._lay_out(keys)
        values = tuple(series.values())
        total = check_numbers(self._metric.name, values)
        # A whole sum is that of whole numbers, none of which exceeds it.
        if type(total) is int and total < PLAIN:
            return self._plain % values
        known = zip(values, self._values, self._texts, strict=True)
        if type(total) is int:
            self._texts = [
                text if value == old else f"{value + 0}.0" if value < PLAIN else large(value)
                for value, old, text in known
            ]
        else:
            self._texts = [text if value == old else number(value + 0) for value, old, text in known]
        self._values = values
        return self._any % tuple(self._texts)

    def _lay_out(self, keys: tuple[object, ...]) -> None:
        lines = rendered(family(self._metric, dict.fromkeys(keys, 0)), self._form)
        self._plain, self._any = _template(lines, "%d.0"), _template(lines)
        self._keys = keys
        self._values = (-1,) * len(keys)
        self._texts = [""] * len(keys)


class _Histograms:
    """A histogram, with or without labels."""

    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._form = form
        self._header = (_template(rendered(empty_family(metric), form)) % ()).encode()
        self._parts: dict[object, _Histogram] = {}

    def text(self, reading: Reading) -> bytes:
        series = check_series(self._metric, reading)
        parts = self._parts
        if parts.keys() != series.keys():
            parts = {key: parts.get(key) or _Histogram(self._metric, self._form, key) for key in series}
            self._parts = parts
        return self._header + b"".join([parts[key].text(point) for key, point in series.items()])


class _Histogram:
    """One set of label values of a histogram; its text is kept until there is another point."""

    def __init__(self, metric: Metric, form: Format, key: object) -> None:
        self._metric = metric
        self._form = form
        self._key = key
        self._point: HistogramPoint | None = None
        self._text = b""
        self._marks: list[tuple[Exemplar | None, str]] = []
        self._templates: dict[tuple[bool, bool], str] = {}

    def text(self, point: HistogramPoint) -> bytes:
        if point is not self._point:
            counts = check_histogram(self._metric.name, point)
            if self._point is None or point.bounds != self._point.bounds:
                self._lay_out(point)
            self._text = self._write(point, counts).encode()
            self._point = point
        return self._text

    def _lay_out(self, point: HistogramPoint) -> None:
        shape = attrs.evolve(point, exemplars=(None,) * len(point.counts))
        lines = rendered(family(self._metric, {self._key: shape} if self._metric.labels else shape), self._form)
        *buckets, count, total = [_cut(line).replace("%", "%%") for line in lines if not line.startswith("#")]
        for plain, slot in ((True, "%d.0"), (False, "%s")):
            for marked, mark in ((True, "%s"), (False, "")):
                bucket_lines = [f"{bucket}{slot}{mark}\n" for bucket in buckets]
                self._templates[plain, marked] = "".join([*bucket_lines, f"{count}{slot}\n", f"{total}%s\n"])
        self._marks = [(None, "")] * len(buckets)

    def _write(self, point: HistogramPoint, counts: Sequence[Any]) -> str:
        # The last one is the largest: where it is written plainly, all are.
        plain = counts[-1] < PLAIN
        if not plain:
            counts = [large(count) if count >= PLAIN else f"{count}.0" for count in counts]
        if self._form is Format.OPENMETRICS and any(point.exemplars):
            marked = chain.from_iterable(zip(counts, self._written_marks(point.exemplars), strict=True))
            return self._templates[plain, True] % (*marked, counts[-1], number(point.sum))
        return self._templates[plain, False] % (*counts, counts[-1], number(point.sum))

    def _written_marks(self, exemplars: Sequence[Exemplar | None]) -> list[str]:
        marks = self._marks
        for index, exemplar in enumerate(exemplars):
            if exemplar is not marks[index][0]:
                marks[index] = (exemplar, _mark(exemplar))
        return [text for _, text in marks]


def _mark(exemplar: Exemplar | None) -> str:
    if exemplar is None:
        return ""
    task_id = exemplar.task_id
    if not task_id.isalnum():
        task_id = task_id.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f' # {{task_id="{task_id}"}} {number(exemplar.value)} {exemplar.observed_at}'


class _Summary:
    """A summary without labels; its text is kept until there is another point."""

    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._template = _template(rendered(family(metric, _EMPTY_WINDOW), form))
        self._point: Reading = None
        self._text = b""

    def text(self, reading: Reading) -> bytes:
        if reading is not self._point:
            point, quantiles = check_summary(self._metric.name, reading)
            text = self._template % tuple(map(number, (*quantiles, point.count, point.sum)))
            self._text = text.encode()
            self._point = point
        return self._text


_EMPTY_WINDOW = WindowPoint(zeros=0, buckets={}, growth=2.0, sum=0.0, count=0)


class _Info:
    """An info metric; its text is kept until its labels change."""

    def __init__(self, metric: Metric, form: Format) -> None:
        self._metric = metric
        self._form = form
        self._labels: Mapping[str, str] | None = None
        self._text = b""

    def text(self, reading: Reading) -> bytes:
        if reading != self._labels:
            labels = check_info(self._metric, reading)
            self._text = _joined(rendered(family(self._metric, labels), self._form))
            self._labels = labels
        return self._text


class FamilyLayout:
    """A family that a collector of prometheus_client made."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._shape: object = None
        self._template = ""
        self._order: list[int] = []

    def text(self, made: Family) -> bytes:
        """Return the family's lines."""
        samples = made.samples
        if any(_is_special(sample) for sample in samples):
            return _joined(rendered(made, self._form))
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
        return (self._template % tuple([number(samples[index].value) for index in self._order])).encode()

    def _lay_out(self, made: Family) -> None:
        numbered = Family(made.name, made.documentation, made.type, made.unit)
        numbered.samples = [sample._replace(value=index) for index, sample in enumerate(made.samples)]
        lines = rendered(numbered, self._form)
        # The text format has an order of its own for some samples.
        self._order = [int(float(line.rsplit(" ", 1)[1])) for line in lines if not line.startswith("#")]
        self._template = _template(lines)


def _is_special(sample: Sample) -> bool:
    """Tell whether a sample has more than a number; such families are left to prometheus_client."""
    return (
        sample.timestamp is not None or bool(sample.exemplar) or getattr(sample, "native_histogram", None) is not None
    )
