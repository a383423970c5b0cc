"""What may be exposed: prometheus_client accepts nearly everything, so every value is checked before it is shown.

Wrong label counts, negative counters, NaN and broken histograms would reach the scraper silently, and poison rates
for ever. Here they fail their section, with the metric's name.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise
from math import isfinite, isnan
from sys import float_info
from typing import Any

from collectors.errors import ReadingError
from collectors.metrics.definitions import QUANTILES, Metric, Number, Reading
from gui_agents.snapshot import HistogramPoint, WindowPoint

_NUMBERS = (int, float)
_LARGEST = float_info.max


def check_number(name: str, value: Any) -> Number:
    """Return `value`, or raise unless it is a finite number from 0 on; a negative zero becomes zero."""
    if not isinstance(value, _NUMBERS) or not 0 <= value <= _LARGEST:
        raise ReadingError(name, f"read {value!r:.80}, which is no finite number from 0 on")
    return value + 0


def check_histogram(name: str, point: object) -> list[int]:
    """Return the cumulative counts of `point`, or raise unless it is a histogram that can be exposed."""
    if not isinstance(point, HistogramPoint):
        raise ReadingError(name, f"read {point!r:.80}, which is no histogram")
    counts = point.counts
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
        if type(reading) is not dict and not isinstance(reading, Mapping):
            raise ReadingError(metric.name, f"read {reading!r:.80}, but has the labels {metric.label_names!r}")
        return reading
    if isinstance(reading, Mapping):
        raise ReadingError(metric.name, "read several values, but has no labels")
    return {(): reading}


def check_labels(metric: Metric, labels: object) -> tuple[str, ...]:
    """Return the label values of one series as a tuple, or raise unless there is one for each label."""
    values = (labels,) if isinstance(labels, str) else labels
    if not isinstance(values, tuple) or len(values) != len(metric.label_names) or not _are_strings(values):
        raise ReadingError(metric.name, f"read the label values {labels!r:.80} for its labels {metric.label_names!r}")
    return values


def check_info(metric: Metric, reading: Reading) -> Mapping[str, str]:
    """Return the labels of an info metric, or raise unless all of them are strings."""
    if not isinstance(reading, Mapping) or not _are_strings(reading.keys()) or not _are_strings(reading.values()):
        raise ReadingError(metric.name, f"read {reading!r:.80}, which are no labels")
    return reading


def _are_strings(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
