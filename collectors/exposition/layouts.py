"""Sections laid out once: everything of their text but the numbers, as templates.

A layout is cut from prometheus_client's own rendering of the families: names, labels, escapes and order are by
construction those of the installed release, and only the numbers are ours. A layout belongs to one format, and is used
by one thread.
"""

from itertools import chain, repeat
from typing import Any, Final

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from collectors.exposition.checks import check_number, check_series
from collectors.exposition.families import family
from collectors.exposition.formats import Format, rendered
from collectors.exposition.lines import Lines, cut
from collectors.exposition.numbers import EXACT, PLAIN, TINY, fraction, large, number
from collectors.exposition.structured import Write, header, writer
from collectors.metrics.definitions import Metric, MetricType


class SectionLayout:
    """The metrics of one section, as one template; its text is kept until something changes.

    There is a slot for each number, and one for each histogram, summary and info. Only what has changed is written.
    """

    def __init__(self, metrics: tuple[Metric, ...], form: Format) -> None:
        self.metrics = metrics
        self._form = form
        self._rows = [(metric, metric.read, bool(metric.label_names)) for metric in metrics]
        self._keys: list[tuple[object, ...] | str] | None = None
        """What is laid out: the label values, and the names of the metrics that are absent."""
        self._known: dict[tuple[str, object], Write] = {}
        """What writes more than a number, by metric and label values."""
        self._values: list[Any] = []
        self._text = ""

    def text(self, subject: Any) -> str:
        """Return the lines of all metrics, as read from the subject of their section.

        Raises:
            ReadingError: one read what must not be exposed.
        """
        keys: list[tuple[object, ...] | str] = []
        values: list[Any] = []
        for metric, read, labelled in self._rows:
            reading = read(subject)
            if reading is None:
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
        metrics: list[str] = []
        writers: list[Write | None] = []
        known, self._known = self._known, {}
        after, labels = "", iter([key for key in keys if isinstance(key, tuple)])
        for metric in self.metrics:
            if metric.name in keys:
                continue
            series = next(labels) if metric.label_names else ((),)
            if metric.type in _NUMBERS:
                made = family(metric, dict.fromkeys(series, 0) if metric.label_names else 0)
                numbered, after = cut(rendered(made, self._form), after)
                pieces += numbered
                writers += [None] * len(numbered)
            else:
                after += header(metric, self._form)
                for key in series:
                    write = known.get((metric.name, key)) or writer(metric, self._form, key)
                    self._known[metric.name, key] = write
                    writers.append(write)
                    pieces.append(after)
                    after = ""
            metrics += [metric.name] * len(series)
        self._parts = [*chain.from_iterable(zip(pieces, repeat(""))), after]
        """What stands before each slot, its text, and what comes after the last one."""
        self._slots = [*zip(range(1, 2 * size, 2), metrics, writers, strict=True)]
        """Where in the parts each slot is, its metric, and what writes it where it is more than a number."""
        self._unknown = [_UNKNOWN] * size
        self._values = self._unknown
        self._text = after
        self._keys = keys

    def _write(self, values: list[Any]) -> str:
        parts = self._parts
        # Where one must not be exposed, all are written anew at the next scrape.
        known, self._values = self._values, self._unknown
        for value, old, slot in zip(values, known, self._slots):  # noqa: B905 - equally long, all three
            if value is old:
                continue
            place, metric, write = slot
            if write is not None:
                parts[place] = write(value)
            elif type(value) is int and 0 <= value < PLAIN:
                parts[place] = f"{value}.0"
            elif type(value) is float and value == old:
                continue
            elif type(value) is float and TINY <= value < PLAIN:
                parts[place] = fraction(value)
            elif type(value) is int and PLAIN <= value < EXACT:
                parts[place] = large(value)
            else:
                parts[place] = number(check_number(metric, value))
        self._values = values
        return "".join(parts)


_UNKNOWN: Final = object()
"""In the place of a value that has not been written: it is none that could be read."""
_NUMBERS: Final = frozenset({MetricType.COUNTER, MetricType.GAUGE})
"""The types whose series are one number each."""


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
