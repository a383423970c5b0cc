"""What makes one rule fire, and what comes close and must not: from this, promtool's tests of the rule are made."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from tests.collectors.operations.timelines import Phases, Signal

INSTANCES: Final = ("a:8000", "b:8000", "c:8000")
FAILING_SCRAPES: Final = {"every third scrape fails": 3, "every second scrape fails": 2}
BRIDGED_MINUTES: Final = 3
"""How far back rules look for the last value of a gauge."""
PODS: Final = ('node,pod="one"', 'node,pod="two"')
"""Two targets whose `instance` is the same node."""


@attrs.frozen
class Check:
    """At one instant, the instances for which the rule fires; one empty name stands for the whole job."""

    minute: float
    firing: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Timeline:
    """Series, and what the rule says of them at some instants."""

    name: str
    series: Sequence[Mapping[str, str]]
    checks: Sequence[Check]
    exact: bool = False
    """Whether it tells the first and the last instant at which the rule fires."""

    @property
    def judges_alone(self) -> bool:
        """Whether it shows a change of the rule that is not about several instances."""
        return self.exact or not any(check.firing for check in self.checks)


@attrs.frozen(kw_only=True)
class Course:
    """One way in which the rule of one instance comes to fire, to the minute."""

    signals: Sequence[Signal]
    rise: float = 0
    """Minutes from the first bad sample until the condition is true; it fires when its hold has passed as well."""
    fall: float = 0
    """Minutes from the first good sample until it no longer fires, and before that it does."""


@attrs.frozen(kw_only=True)
class Case:
    """One rule: what makes it fire and resolve, and what must leave it quiet."""

    alert: str
    severity: str
    course: Course
    """Hardly bad enough."""
    phases: Phases
    hold: float
    """Minutes that the condition must last."""
    also: Mapping[str, Course] = attrs.field(factory=dict)
    """What else fires it, by what is special about it."""
    otherwise: Course | None = None
    """What else must fire it although scrapes fail, if the rule has two halves."""
    per_instance: bool = False
    """Whether one alert fires for each instance, or one for the job."""
    worse: Sequence[Signal] = ()
    """Of a rule for the job: so bad that one instance of three is enough; otherwise `course` there leaves it quiet."""
    clearer: Sequence[Signal] = ()
    """Instead of the course if scrapes fail: without a sample near an end of its window, a rate is too low."""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    quiet: Mapping[str, Sequence[Signal]] = attrs.field(factory=dict)
    """What comes close: it is bad all the time on three instances, and nothing fires."""
    step: float = 1
    """Minutes between two samples, and two evaluations."""
    survives: bool = True
    """Whether it fires as well if scrapes of its target fail now and then; false if that is what it is about."""

    @property
    def key(self) -> str:
        """The rule, told apart from the other tiers of its objective."""
        return "-".join(part for part in (self.alert, self.labels.get("long")) if part)

    def timelines(self) -> Iterator[Timeline]:
        """Yield one instance by all courses, one bad instance of three, three bad ones, and the quiet ones."""
        for name, course in {"one instance": self.course, **self.also}.items():
            yield self._exact(name, course)
        one_of_three = self.worse or self.course.signals
        fires = self.per_instance or bool(self.worse)
        yield self._three("one of three instances", one_of_three, INSTANCES[1:2], fires=fires)
        yield self._three("three instances", self.course.signals, INSTANCES, fires=True)
        if self.per_instance:
            yield self._two_pods_of_a_node()
        for name, signals in self.quiet.items():
            yield self._quiet(name, signals)
        for name, nth in FAILING_SCRAPES.items() if self.survives else ():
            yield self._failing(name, nth, self.course)
            if self.otherwise is not None:
                yield self._failing(f"{name}, otherwise", nth, self.otherwise)

    def _failing(self, name: str, nth: int, course: Course) -> Timeline:
        """Return the ordinary course with scrapes that fail: it fires and resolves, if some scrapes later."""
        firing = self._firing(INSTANCES[:1])
        begin, recovered = self.phases.good, self.phases.good + self.phases.bad
        late = course.rise + self.hold + max(BRIDGED_MINUTES, nth * self.step) + self.step
        checks = {begin - self.step: (), begin + late: firing, recovered - self.step: firing, self.phases.end: ()}
        assert begin + late < recovered, f"{self.key} has no time left to fire"
        signals = (self.clearer if course is self.course else ()) or course.signals
        return self._timeline(name, self._series(signals, INSTANCES[:1], INSTANCES[:1], nth), checks)

    def _two_pods_of_a_node(self) -> Timeline:
        """Return a timeline in which one of two pods on a node is bad: their labels alone tell them apart."""
        begin, recovered = self.phases.good, self.phases.good + self.phases.bad
        checks = {begin - self.step: (), recovered - self.step: ("node",), self.phases.end: ()}
        series = self._series(self.course.signals, PODS, PODS[:1])
        return self._timeline("two pods of a node", series, checks)

    def _exact(self, name: str, course: Course) -> Timeline:
        instances = INSTANCES[:1]
        firing = self._firing(instances)
        begin, recovered = self.phases.good, self.phases.good + self.phases.bad
        fires, resolves = begin + course.rise + self.hold, recovered + course.fall
        checks = {
            begin - self.step: (),
            fires - self.step: (),
            fires: firing,
            resolves - self.step: firing,
            resolves: (),
            self.phases.end: (),
        }
        return self._timeline(name, self._series(course.signals, instances, instances), checks, exact=True)

    def _three(self, name: str, signals: Sequence[Signal], bad: Sequence[str], *, fires: bool) -> Timeline:
        firing = self._firing(bad) if fires else ()
        begin, recovered = self.phases.good, self.phases.good + self.phases.bad
        checks = {
            begin - self.step: (),
            begin + self.hold - self.step: (),
            recovered - self.step: firing,
            self.phases.end: (),
        }
        return self._timeline(name, self._series(signals, INSTANCES, bad), checks)

    def _quiet(self, name: str, signals: Sequence[Signal]) -> Timeline:
        times = (self.phases.good, self.phases.good + self.hold, self.phases.good + 2 * self.hold)
        series = [signal.line(instance, self.step, times[-1], _always) for instance in INSTANCES for signal in signals]
        return self._timeline(name, series, dict.fromkeys(times, ()))

    def _series(
        self, signals: Sequence[Signal], instances: Sequence[str], bad: Sequence[str], missing: int | None = None
    ) -> list[Mapping[str, str]]:
        return [
            signal.line(
                instance, self.step, self.phases.end, self.phases.is_bad if instance in bad else _never, missing
            )
            for instance in instances
            for signal in signals
        ]

    def _firing(self, bad: Sequence[str]) -> tuple[str, ...]:
        return tuple(bad) if self.per_instance else ("",)

    @staticmethod
    def _timeline(
        name: str,
        series: Sequence[Mapping[str, str]],
        checks: Mapping[float, tuple[str, ...]],
        *,
        exact: bool = False,
    ) -> Timeline:
        return Timeline(
            name=name,
            series=series,
            checks=[Check(minute, firing) for minute, firing in sorted(checks.items()) if minute >= 0],
            exact=exact,
        )

    def label_sets(self, instances: Sequence[str]) -> list[dict[str, str]]:
        """Return the labels of what fires for `instances`."""
        common = {"job": "gui_agents", "severity": self.severity, **self.labels}
        return [{**common, **({"instance": instance} if instance else {})} for instance in instances]


def _never(_: float) -> bool:
    return False


def _always(_: float) -> bool:
    return True


def brief(hold: float, signals: Sequence[Signal], step: float = 1, rise: float = 0, fall: float = 0) -> dict[str, Any]:
    """Return phases and course of a rule on a gauge, whose condition mostly follows its samples at once."""
    course = Course(signals=signals, rise=rise, fall=fall)
    return {"phases": Phases(10, hold + 10, 10), "hold": hold, "step": step, "course": course}
