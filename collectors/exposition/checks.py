"""What may be exposed: prometheus_client accepts nearly everything, so every value is checked before it is shown.

Wrong label counts, negative counters, NaN and broken histograms would reach the scraper silently, and poison rates
for ever. Here they fail their section, with the metric's name.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import accumulate, islice, pairwise
from math import isfinite, isnan
from sys import float_info
from typing import Any, Final

from collectors.errors import ReadingError
from collectors.metrics.definitions import QUANTILES, Metric, MetricType, Number, Reading
from gui_agents.snapshot import Exemplar, HistogramPoint, WindowPoint

MAX_SERIES: Final = 10_000
"""Of one metric; the whole catalogue has some hundreds."""
MAX_BUCKETS: Final = 1000
"""Of one histogram."""
MAX_LABEL_CHARACTERS: Final = 1000
"""Of one label value."""
MAX_INFO_LABELS: Final = 50
MAX_EXEMPLAR_CHARACTERS: Final = 128
"""Of the names and values of an exemplar's labels (OpenMetrics 1.0.0)."""

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_TAKEN: Final = {MetricType.HISTOGRAM: "le", MetricType.SUMMARY: "quantile"}
"""Labels that follow from the type."""

_NUMBERS = (int, float)
_LARGEST = float_info.max


def check_row(metric: Metric) -> None:
    """Raise unless a metric and its labels have names that every scraper can read."""
    if not _NAME.fullmatch(metric.name):
        raise ReadingError(f"{metric.name!r:.80}", "is no name of a metric")
    for label in metric.label_names:
        if not _LABEL.fullmatch(label) or label == _TAKEN.get(metric.type):
            raise ReadingError(metric.name, f"cannot have a label called {label!r:.80}")


def check_number(name: str, value: Any) -> Number:
    """Return `value`, or raise unless it is a finite number from 0 on; a negative zero becomes zero."""
    if not isinstance(value, _NUMBERS) or not 0 <= value <= _LARGEST:
        raise ReadingError(name, f"read {value!r:.80}, which is no finite number from 0 on")
    return value + 0


def check_exemplar(name: str, exemplar: Exemplar) -> None:
    """Raise unless the exemplar can be written."""
    task_id, value, observed_at = exemplar
    if not isinstance(task_id, str) or not _is_writable(task_id) or len(task_id) > MAX_EXEMPLAR_CHARACTERS:
        raise ReadingError(name, f"has an exemplar whose task id cannot be written: {task_id!r:.80}")
    if not all(isinstance(number, _NUMBERS) and isfinite(number) for number in (value, observed_at)):
        raise ReadingError(name, f"has an exemplar with something else than numbers: {exemplar!r:.80}")


def check_histogram(name: str, point: object) -> list[int]:
    """Return the cumulative counts of `point`, or raise unless it is a histogram that can be exposed."""
    if not isinstance(point, HistogramPoint):
        raise ReadingError(name, f"read {point!r:.80}, which is no histogram")
    counts = point.counts
    if len(counts) > MAX_BUCKETS:
        raise ReadingError(name, f"has more than {MAX_BUCKETS} buckets")
    if len(counts) != len(point.bounds) + 1:
        raise ReadingError(name, f"has {len(counts)} buckets for {len(point.bounds)} bounds")
    if len(point.exemplars) != len(counts):
        raise ReadingError(name, f"has {len(point.exemplars)} exemplars for {len(counts)} buckets")
    cumulative = [*accumulate(counts)]
    # A sum is a whole number only if all that it adds up are; the first one is no sum.
    if type(cumulative[-1]) is not int or type(cumulative[0]) is not int or min(counts) < 0:
        raise ReadingError(name, f"has buckets that are no counts: {counts!r:.80}")
    # The plain question first: the general one takes four times as long.
    if type(point.sum) is not float or not 0.0 <= point.sum <= _LARGEST:
        check_number(name, point.sum)
    return cumulative


def check_bounds(name: str, point: HistogramPoint) -> None:
    """Raise unless the bounds of the buckets are finite and strictly increasing."""
    bounds = point.bounds
    if not all(map(isfinite, bounds)) or any(lower >= upper for lower, upper in pairwise(bounds)):
        raise ReadingError(name, f"has bounds that do not increase: {bounds!r:.80}")


def check_summary(name: str, point: object) -> tuple[WindowPoint, tuple[float, ...]]:
    """Return `point` and its quantiles, or raise unless it can be exposed; only a quantile may be NaN."""
    if not isinstance(point, WindowPoint):
        raise ReadingError(name, f"read {point!r:.80}, which is no summary")
    quantiles = point.quantiles(QUANTILES)
    for number in (point.sum, point.count, *(quantile for quantile in quantiles if not isnan(quantile))):
        check_number(name, number)
    return point, quantiles


def check_series(metric: Metric, reading: Reading) -> Mapping[Any, Any]:
    """Return what was read by label values, or raise unless it has the shape that the metric's labels ask for."""
    if metric.label_names:
        # The plain question first: the general one takes ten times as long.
        if type(reading) is not dict:
            if not isinstance(reading, Mapping):
                raise ReadingError(metric.name, f"read {reading!r:.80}, but has the labels {metric.label_names!r}")
            reading = _limited(reading, MAX_SERIES)
        if len(reading) > MAX_SERIES:
            raise ReadingError(metric.name, f"read more than {MAX_SERIES} series")
        return reading
    if isinstance(reading, Mapping):
        raise ReadingError(metric.name, "read several values, but has no labels")
    return {(): reading}


def check_once(metric: Metric, keys: Iterable[object]) -> None:
    """Raise unless all series of a metric differ in their label values."""
    labels = [check_labels(metric, key) for key in keys] if metric.label_names else []
    if len(labels) != len(set(labels)):
        raise ReadingError(metric.name, "read two series with the same label values")


def check_labels(metric: Metric, labels: object) -> tuple[str, ...]:
    """Return the label values of one series as a tuple, or raise unless there is one for each label."""
    values = (labels,) if isinstance(labels, str) else labels
    if (
        not isinstance(values, tuple)
        or len(values) != len(metric.label_names)
        or not all(isinstance(value, str) and _can_be_shown(value) for value in values)
    ):
        raise ReadingError(metric.name, f"read the label values {labels!r:.80} for its labels {metric.label_names!r}")
    # Enums are strings, too, and so is whatever an embedder derives from them.
    return tuple(map(str.__str__, values))


def check_info(metric: Metric, reading: Reading) -> Mapping[str, str]:
    """Return the labels of an info metric, or raise unless all of them are strings."""
    if isinstance(reading, Mapping):
        if type(reading) is not dict:
            reading = _limited(reading, MAX_INFO_LABELS)
        if len(reading) <= MAX_INFO_LABELS and all(
            isinstance(name, str) and isinstance(value, str) and _LABEL.fullmatch(name) and _can_be_shown(value)
            for name, value in reading.items()
        ):
            return reading
    raise ReadingError(metric.name, f"read {reading!r:.80}, which are no labels")


def _limited(reading: Mapping[Any, Any], most: int) -> dict[Any, Any]:
    """Return what a mapping of any kind holds, and one more than allowed at most: it may have no end."""
    return {key: reading[key] for key in islice(reading, most + 1)}


def _can_be_shown(value: str) -> bool:
    return len(value) <= MAX_LABEL_CHARACTERS and _is_writable(value)


def _is_writable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
