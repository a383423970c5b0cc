"""What a rule is: frozen alerts, recordings and groups, and the setting in which their formulas are written."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from fractions import Fraction
from typing import Final

import attrs

from collectors.operations.formula import Aggregate, Formula, Matcher, Part, in_pieces, selector
from collectors.operations.thresholds import Thresholds

DEFAULT_JOB: Final = "gui_agents"
DEFAULT_ADDRESS: Final = "gui-agents:8000"
BRIDGE: Final = "3m"
"""How far back the last value of a gauge counts.

A scrape that fails makes the series of its target stale at once. Without this window it would reset the `for` of each
alert on them. At the longest interval, 30 s, up to five scrapes in a row may fail.
"""
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


@unique
class Severity(StrEnum):
    """How an alert is routed."""

    CRITICAL = "critical"
    """Somebody is woken up."""
    WARNING = "warning"
    """Somebody looks at it today."""
    INFO = "info"
    """Worth knowing."""
    NONE = "none"
    """Says nothing of the service; proves that alerts arrive."""


@unique
class Scope(StrEnum):
    """What an alert is about, and so which Prometheus decides it where shards divide the instances."""

    INSTANCE = "instance"
    """One instance: its shard has the series."""
    JOB = "job"
    """All instances: the Prometheus above the shards adds them up."""
    PROMETHEUS = "prometheus"
    """The Prometheus that evaluates it: every one decides for itself."""


@attrs.frozen(kw_only=True)
class Alert:
    """One alerting rule."""

    name: str
    formula: Formula = attrs.field(converter=in_pieces)
    hold_seconds: float
    """How long the condition must be true; already scaled."""
    severity: Severity
    summary: str
    description: str
    """What is wrong, with the value that made it fire."""
    keep_firing_seconds: float = 0
    """How long it goes on firing after the condition; already scaled."""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    """Beyond the severity."""
    scope: Scope = Scope.INSTANCE
    silent: bool = False
    """Whether the instance that it is about cannot serve its runbook."""

    @property
    def expr(self) -> str:
        """What a Prometheus evaluates that scrapes the instances."""
        return str(self.formula)


@attrs.frozen
class Recording:
    """One recording rule."""

    name: str
    formula: Formula = attrs.field(converter=in_pieces)

    @property
    def expr(self) -> str:
        """What a Prometheus evaluates that scrapes the instances."""
        return str(self.formula)


@attrs.frozen
class Group:
    """Rules that are evaluated one after the other."""

    name: str
    rules: tuple[Alert | Recording, ...]


def duration(seconds: Fraction) -> str:
    """Write a duration as PromQL does, in its largest whole unit.

    Raises:
        ValueError: it is no whole number of milliseconds.
    """
    for unit, size in UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    milliseconds = seconds * 1000
    if milliseconds.denominator != 1:
        raise ValueError(f"{float(seconds)} s is no whole number of milliseconds")
    return f"{milliseconds}ms" if milliseconds else "0s"


def number(value: float) -> str:
    """Write a number as PromQL and YAML read it, without the noise of binary fractions."""
    rounded = round(value, 9)
    return str(int(rounded)) if rounded == int(rounded) else repr(rounded)


def _plain_name(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not NAME.fullmatch(value):
        raise ValueError(f"{attribute.name} {value!r} must be letters, digits, underscores, dots and dashes")


@attrs.frozen(kw_only=True)
class Setting:
    """For whom rules are written: a job, its thresholds, and how fast its time runs."""

    thresholds: Thresholds = attrs.field(factory=Thresholds)
    job: str = attrs.field(default=DEFAULT_JOB, validator=_plain_name)
    runbooks: str | None = None
    """Where the runbooks are published; an alert's page is below it. By default the instances serve them."""
    scheme: str = "http"
    """How the instances serve them."""
    address: str = DEFAULT_ADDRESS
    """The instance that a runbook's link names while none is up."""
    scale: Fraction = Fraction(1)
    """1 in production; at 1/60 an hour's window is a minute long, and so is everything else that is a time."""

    def series(self, name: str, *matchers: Matcher) -> str:
        """Return the selector of a metric, scraped or recorded, of this job."""
        return selector(name, self._of_job(matchers))

    def aggregate(
        self,
        operator: str,
        metric: str,
        *matchers: Matcher,
        by: tuple[str, ...] = ("job",),
        rate: str = "",
        increase: str = "",
        recent: bool = False,
    ) -> Aggregate:
        """Return the sum, minimum or maximum of what this job's instances expose.

        Args:
            operator: `sum`, `min` or `max`.
            metric: The family that is scraped.
            matchers: Beside the one on the job.
            by: The labels that are kept.
            rate: Aggregate its growth per second over this window, which is called so in production, such as 5m.
            increase: Aggregate its growth over this window.
            recent: Aggregate the last values of a gauge, as `recent` does.
        """
        function = "rate" if rate else "increase" if increase else "last_over_time" if recent else None
        nominal = rate or increase or (BRIDGE if recent else "")
        window = self.window(nominal) if nominal else ""
        return Aggregate(Part(operator, metric, function, nominal), self._of_job(matchers), by, window)

    def recent(self, name: str, *matchers: Matcher) -> str:
        """Return a gauge that survives scrapes that fail: its last value within BRIDGE."""
        return f"last_over_time({self.series(name, *matchers)}[{self.window(BRIDGE)}])"

    def absent(self, metric: str) -> Aggregate:
        """Return what tells that no instance of this job exposes `metric`."""
        return Aggregate(Part("sum", metric), self._of_job(()), ())

    def _of_job(self, matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
        return (Matcher("job", "=", self.job), *matchers)

    def scaled(self, seconds: float) -> float:
        """Return `seconds` as they pass here."""
        return float(Fraction(seconds).limit_denominator(1000) * self.scale)

    def seconds(self, seconds: float) -> str:
        """Return `seconds`, as they pass here, as a number of an expression."""
        return number(self.scaled(seconds))

    def window(self, nominal: str) -> str:
        """Return the window that is called `nominal` in production, such as 15m, as it is here."""
        return duration(_parse(nominal) * self.scale)

    def hold(self, nominal: str) -> float:
        """Return the seconds of a duration that is called `nominal` in production, as they pass here."""
        return float(_parse(nominal) * self.scale)

    def runbook(self, alert: "Alert") -> str:
        """Return the address of an alert's runbook, as a template of Prometheus."""
        if self.runbooks is not None:
            return f"{self.runbooks.rstrip('/')}/{alert.name}.md"
        host = "{{ $labels.instance }}" if alert.scope is Scope.INSTANCE and not alert.silent else self._any_instance()
        return f"{self.scheme}://{host}/runbooks/{alert.name}"

    def _any_instance(self) -> str:
        """Return a template for the address of the instance that was up most of late, or of the configured one.

        What is up must be this service, and what tells of the service must have been scraped, not pushed.
        """
        up = f"avg_over_time({self.series('up')}[{self.window(BRIDGE)}])"
        best = f"topk(1, {up} > 0 and on (job, instance) {self.recent('agent_service_info')})"
        return f"{{{{ range query `{best}` }}}}{{{{ .Labels.instance }}}}{{{{ else }}}}{self.address}{{{{ end }}}}"


def _parse(nominal: str) -> Fraction:
    sizes = dict(UNITS)
    return Fraction(int(nominal[:-1]) * sizes[nominal[-1]])
