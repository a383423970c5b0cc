"""Checks of one selector: its metric, its labels and their values exist, and it is read as its kind allows."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs
import promql_parser as promql

from collectors.metrics.definitions import MetricType
from tools.checks.findings import suggestion
from tools.checks.shapes import Growth, Shape
from tools.vocabulary import TARGET_LABELS, Series

OF_COUNTERS: Final = frozenset({"rate", "increase", "resets"})
GROWTH: Final = frozenset({"rate", "increase"})
NOT_OF_GAUGES: Final = frozenset({"rate", "increase", "irate"})
NAME: Final = re.compile(r"[\w:]*")
"""A metric's name, but no pattern of names."""

ALTERNATIVES: Final = re.compile(r"\w+(\|\w+)*")


@attrs.frozen
class Selectable:
    """The series that a selector can find: those that are exposed, and those that rules record."""

    known: Mapping[str, Series]
    recorded: Mapping[str, Shape]

    def existence(self, node: Any) -> Iterator[str]:
        """Yield what the selector names and what does not exist."""
        matchers, labels = node.matchers.matchers, set[str]()
        names = metric(node).split("|")
        unknown = [name for name in names if name not in self.recorded and name not in self.known]
        for name in unknown:
            if NAME.fullmatch(name):
                yield f"unknown metric {name}{suggestion(name, {**self.known, **self.recorded})}"
        for name in set(names).difference(unknown):
            labels |= self.recorded[name].labels if name in self.recorded else self.known[name].labels
            yield from self._values(name, matchers)
        if not unknown:
            yield from _labels(metric(node), matchers, frozenset(labels))

    def job(self, node: Any) -> Iterator[str]:
        """Tell if the selector does not say which job it means."""
        name = metric(node)
        fixed = self.recorded[name].fixed if name in self.recorded else {}
        if "job" not in fixed and not any(matcher.name == "job" for matcher in node.matchers.matchers):
            yield f"{name} has no matcher on job and mixes this service with others"

    def use(self, node: Any, function: str | None) -> Iterator[str]:
        """Yield what is wrong with reading it by `function`, which is None if it reads an instant."""
        name = metric(node)
        series = self.known.get(name)
        if series is None or name in self.recorded:
            return
        if series.kind is MetricType.COUNTER and function not in OF_COUNTERS:
            yield f"{name} is a counter; it only makes sense under rate(), increase() or resets()"
        if series.kind is not MetricType.COUNTER and function in NOT_OF_GAUGES:
            yield f"{name} is a {series.kind}; {function}() is for counters"
        label = series.overlapping
        if label is not None and not any(matcher.name == label for matcher in node.matchers.matchers):
            yield f"{name} without a matcher on {label} counts twice: its values overlap"

    def shape(self, node: Any, function: str | None) -> Shape:
        """Return the labels of what the selector finds."""
        name = metric(node)
        fixed = {each.name: each.value for each in node.matchers.matchers if each.op == promql.MatchOp.Equal}
        if name in self.recorded:
            shape = self.recorded[name]
            return attrs.evolve(shape, fixed={**shape.fixed, **fixed})
        series = self.known.get(name)
        if series is None:
            return Shape(TARGET_LABELS, fixed, open=True)
        return Shape(
            series.labels,
            fixed,
            open=True,
            largest_bucket=series.largest_bucket,
            ratio=series.ratio,
            growth_of=Growth(name, frozenset(map(str, node.matchers.matchers))) if function in GROWTH else None,
        )

    def is_part(self, part: Growth | None, whole: Growth | None) -> bool:
        """Tell whether one counts some of what another one counts: fewer series, or a counter of a part."""
        if part is None or whole is None:
            return False
        narrower = part.name == whole.name and part.matchers >= whole.matchers
        return narrower or self.known[part.name].part_of == whole.name

    def _values(self, name: str, matchers: Iterable[Any]) -> Iterator[str]:
        for matcher in matchers:
            closed = self._closed(name, matcher.name)
            if closed is None or not ALTERNATIVES.fullmatch(matcher.value):
                continue
            for value in matcher.value.split("|"):
                if value not in closed:
                    yield f"{name} has no {matcher.name} {value!r}{suggestion(value, closed)}"

    def _closed(self, name: str, label: str) -> frozenset[str] | None:
        """Return the values that a label can have; those of all metrics if the series is recorded from some."""
        if name in self.known:
            return self.known[name].values.get(label)
        closed = [series.values.get(label) for series in self.known.values() if label in series.labels]
        return None if not closed or None in closed else frozenset().union(*filter(None, closed))


def metric(node: Any) -> str:
    """Return the metric that a selector names, or several with | between them."""
    names = (matcher.value for matcher in node.matchers.matchers if matcher.name == "__name__")
    return str(node.name or next(names, ""))


def _labels(name: str, matchers: Iterable[Any], labels: frozenset[str]) -> Iterator[str]:
    for matcher in matchers:
        if matcher.name not in labels | {"__name__"}:
            yield f"{name} has no label {matcher.name}{suggestion(matcher.name, labels)}"
