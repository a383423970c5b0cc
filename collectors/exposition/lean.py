"""Lean pages: series that have been 0 since the start are left out until they are not 0 for the first time.

Most series of a service stay 0 for ever: status codes that never occur, backends that are not used. Each of them costs
a Prometheus some 3 KiB. A series that was shown once stays, whatever its value: no series ends before its process.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from collectors.metrics.definitions import Metric, Reading, Section
from gui_agents.snapshot import HistogramPoint


def without_zeros(sections: Iterable[Section], needed: frozenset[str]) -> tuple[Section, ...]:
    """Return the sections without the series of closed label sets that have been 0 since the start.

    What has no labels is always shown. A metric none of whose series is shown is absent.

    Args:
        sections: whose labels all have closed sets of values; they remember what they have shown.
        needed: names of metrics, families or samples that are shown whole: what rules read must exist before its
            first increase, or `rate` misses that.
    """
    return tuple(
        attrs.evolve(section, metrics=tuple(_lean(metric, needed) for metric in section.metrics))
        for section in sections
    )


def _lean(metric: Metric, needed: frozenset[str]) -> Metric:
    if not metric.label_names or not needed.isdisjoint(metric.names):
        return metric
    return attrs.evolve(metric, read=_lean_read(metric.read))


def _lean_read(read: Callable[[Any], Reading]) -> Callable[[Any], Reading]:
    shown: set[Any] = set()

    def shown_of(subject: Any) -> Reading:
        reading = read(subject)
        # Anything else is absent already, or a mistake that the checks of the page will find.
        if not isinstance(reading, Mapping):
            return reading
        shown.update(key for key, value in reading.items() if not _is_zero(value))
        return {key: value for key, value in reading.items() if key in shown} or None

    return shown_of


def _is_zero(value: object) -> bool:
    """Tell whether a value that may be exposed is 0, or a histogram without observations."""
    if isinstance(value, HistogramPoint):
        return not any(value.counts)
    return type(value) in (int, float) and value == 0
