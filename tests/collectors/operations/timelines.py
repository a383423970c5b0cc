"""Time series as a person describes them: good for an hour, bad for a while, good again."""

from collections.abc import Callable
from typing import Final

import attrs

STALE: Final = "stale"
"""The value of a series that its target no longer exposes."""
OF_FAILED_SCRAPES: Final = {"up": 0.0, "scrape_duration_seconds": 0.001}
"""What Prometheus itself writes of a scrape that fails; all series of the target become stale."""


@attrs.frozen
class Phases:
    """How long a series is good, then bad, then good again; in minutes."""

    good: float
    bad: float
    after: float

    @property
    def end(self) -> float:
        return self.good + self.bad + self.after

    def is_bad(self, minute: float) -> bool:
        return self.good <= minute < self.good + self.bad


@attrs.frozen
class Signal:
    """One series of each instance, and its value at a minute, given whether it is bad then."""

    name: str
    values: Callable[[Callable[[float], bool], float, float], float | str]
    labels: str = ""

    def line(
        self, instance: str, step: float, end: float, is_bad: Callable[[float], bool], missing: int | None = None
    ) -> dict[str, str]:
        """Return the series as promtool reads it, with a sample every `step` minutes.

        Args:
            instance: Whose series it is; further labels may follow a comma.
            step: Minutes between two scrapes.
            end: The last minute.
            is_bad: Whether it is bad at a minute.
            missing: Every so manyth scrape fails, unless there is no target.
        """
        name, _, more = instance.partition(",")
        parts = ('job="gui_agents"', f'instance="{name}"', more, self.labels)
        labels = ",".join(part for part in parts if part)
        samples = [self.values(is_bad, index * step, step) for index in range(int(end / step) + 1)]
        if missing is not None:
            failed = OF_FAILED_SCRAPES.get(self.name, STALE)
            samples[missing - 1 :: missing] = [
                STALE if one == STALE else failed for one in samples[missing - 1 :: missing]
            ]
        return {"series": f"{self.name}{{{labels}}}", "values": " ".join(map(_sample, samples))}


def _sample(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.9g}" if abs(value) < 1e6 else f"{value:.3f}"


def level(name: str, good: float, bad: float | str, labels: str = "") -> Signal:
    """A gauge with one value while good and another while bad."""
    return Signal(name, lambda is_bad, minute, _: bad if is_bad(minute) else good, labels)


def age(name: str, good: float, bad: float) -> Signal:
    """A gauge that holds the instant which is so many seconds ago."""
    return Signal(name, lambda is_bad, minute, _: minute * 60 - (bad if is_bad(minute) else good))


def growth(name: str, good: float, bad: float, labels: str = "", start: float = 0) -> Signal:
    """A series that grows by so much a minute."""

    grown: dict[tuple[Callable[[float], bool], float], float] = {}

    def value(is_bad: Callable[[float], bool], minute: float, step: float) -> float:
        before = grown.get((is_bad, minute - step), start)
        now = start if minute == 0 else before + (bad if is_bad(minute - step) else good) * step
        grown[is_bad, minute] = now
        return now

    return Signal(name, value, labels)


def sawtooth(name: str, bad_period: float) -> Signal:
    """An uptime in seconds that restarts every so many minutes while bad."""
    return Signal(
        name, lambda is_bad, minute, _: 60 * (minute % bad_period) if is_bad(minute) else 60 * (minute + bad_period)
    )


def restarts(name: str, bad_period: float) -> Signal:
    """A start time in seconds that is another one every so many minutes while bad."""

    def start(is_bad: Callable[[float], bool], minute: float, _: float) -> float:
        return 1e9 + 60 * (minute - minute % bad_period if is_bad(minute) else 0)

    return Signal(name, start)


def lasting(name: str, period: float, begin: float) -> Signal:
    """An uptime in seconds of what restarts every so many minutes, but lasts while bad, from the minute `begin`."""
    return Signal(name, lambda is_bad, minute, _: 60 * (minute - begin) if is_bad(minute) else 60 * (minute % period))


def tail(name: str, bounds: tuple[float, float, float], good: float, bad: float, labels: str = "") -> list[Signal]:
    """A histogram of 100 observations a minute between the bounds, of which a share lies above the middle one."""
    below, limit, above = (f"{bound:g}" for bound in bounds)
    counted = {below: (0.0, 0.0), limit: (100 * (1 - good), 100 * (1 - bad)), above: (100, 100), "+Inf": (100, 100)}
    return [
        growth(f"{name}_bucket", *rates, ",".join(part for part in (f'le="{edge}"', labels) if part))
        for edge, rates in counted.items()
    ]
