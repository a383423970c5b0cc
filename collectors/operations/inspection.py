"""Looks at a running Prometheus and says what keeps its rules and dashboards from telling the truth."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from collectors.operations.alerts import alert_groups
from collectors.operations.dashboards import boards
from collectors.operations.dashboards.model import JOBS, TARGETS
from collectors.operations.model import Alert, Recording, Setting
from collectors.operations.prometheus_api import LoadedRule, PrometheusApi, Sample, Target
from collectors.operations.recording import recordings

SELECTOR: Final = re.compile(r"\b((?:agent|process|python)_[a-z0-9_]+)\{([^}]*)\}")
JOB: Final = re.compile(r'\bjob="([^"]+)"')
MAY_BE_ABSENT: Final = frozenset(
    {
        "agent_task_oldest_pending_timestamp_seconds",
        "agent_task_oldest_progress_timestamp_seconds",
        "agent_task_success_rate",
    }
)
"""Absent while no task waits or runs, and before the first one has ended."""

NUMBER: Final = re.compile(r"[0-9.]+(?:e[+-]?[0-9]+)?")
PART: Final = re.compile(rf'"(?:\\.|[^"\\])*"|[A-Za-z_:][\w:]*|(?:[0-9]+(?:ms|[smhdwy]))+|{NUMBER.pattern}|\s+|.')
"""What an expression consists of: texts, names, durations, numbers, blanks, signs."""
SHOWN: Final = 5
"""Of a list of names, so that a line stays a line."""
DELIVERY_WINDOW: Final = "2m"
"""Watchdog always fires, and Prometheus repeats what fires each minute, at the next evaluation."""

Reach = Callable[[str], str | None]
"""Asks an address whether somebody is there; why not, or None."""


def inspect(prometheus: PrometheusApi, reach: Reach, setting: Setting) -> Iterator[str]:
    """Yield each thing that is wrong, with what to do; nothing where all is well."""
    targets = [target for target in prometheus.targets() if target.job == setting.job]
    loaded = prometheus.rules()
    yield from _targets(targets, setting)
    yield from _rules(loaded, setting)
    yield from _alertmanagers(prometheus, reach)
    yield from _empty(prometheus, setting)
    yield from _unrecorded(prometheus, loaded, setting)


def _targets(targets: Iterable[Target], setting: Setting) -> Iterator[str]:
    if not targets:
        yield (
            f"no target has job={setting.job!r}: add a scrape config with job_name {setting.job}, "
            "or look at *Status, Service discovery* for targets that relabeling drops"
        )
    for target in targets:
        if target.health == "unknown":
            yield f"target {target.instance} has not been scraped yet: ask again after an interval of its job"
        elif target.health != "up":
            yield f"target {target.instance} is {target.health}: {target.last_error}"


def _rules(loaded: Iterable[LoadedRule], setting: Setting) -> Iterator[str]:
    """Compare what is loaded with the rules of this job, in which numbers may be the operator's own."""
    wanted = tuple(_wanted(setting))
    names = {rule.name for rule in wanted}
    named = [rule for rule in loaded if rule.name in names]
    jobs = {job for rule in named for job in JOB.findall(rule.query)}
    if jobs and setting.job not in jobs:
        yield f"the rules select job={', '.join(sorted(jobs))!s}, not {setting.job}: write them for this job"
        return
    ours = [rule for rule in named if not (found := JOB.findall(rule.query)) or setting.job in found]
    yield from _missing(wanted, ours)
    for rule in ours:
        if rule.health == "err":
            yield f"rule {rule.name} fails: {rule.last_error}"
    waiting = [rule.name for rule in ours if rule.health not in {"ok", "err"}]
    if waiting:
        yield f"{len(waiting)} rules have not been evaluated yet ({_some(waiting)}): ask again after an interval"


def _wanted(setting: Setting) -> Iterator[Alert | Recording]:
    for group in (*recordings(setting), *alert_groups(setting)):
        yield from group.rules


def _missing(wanted: tuple[Alert | Recording, ...], ours: Iterable[LoadedRule]) -> Iterator[str]:
    """Tell the rules that are not loaded, one by one of those that share a name, and those that are other ones."""
    lacking = Counter((rule.name, masked(rule.expr)) for rule in wanted)
    others = []
    for rule in ours:
        if (rule.name, masked(rule.query)) in lacking:
            lacking[rule.name, masked(rule.query)] -= 1
        else:
            others.append(rule)
    absent = Counter(name for name, _ in (+lacking).elements()) - Counter(rule.name for rule in others)
    if absent:
        yield (
            f"{absent.total()} of {len(wanted)} rules are not loaded ({_some(absent)}): "
            "name both rule files under rule_files, and reload"
        )
    for rule in others:
        yield (
            f"rule {rule.name} is not as this version has it, but for numbers: {rule.query}; "
            "write the rule files anew, or give a rule of your own another name"
        )


def masked(expr: str) -> str:
    """Return an expression without blanks, and without its numbers where it reads a series.

    Windows stay, as they are part of what a rule means. Prometheus writes an expression in its own way, which differs
    in blanks and in how numbers look.
    """
    parts = [part for part in PART.findall(expr) if not part.isspace()]
    if "{" in parts:
        parts = ["N" if NUMBER.fullmatch(part) else part for part in parts]
    return re.sub(r"(?<=[<>=])-N", "N", "".join(parts))


def _alertmanagers(prometheus: PrometheusApi, reach: Reach) -> Iterator[str]:
    addresses = prometheus.alertmanagers()
    if not addresses:
        yield "Prometheus knows no Alertmanager, so that no alert is delivered: add the block alerting.alertmanagers"
        return
    sent, failed = (
        _alertmanagers_of(prometheus.query(f"sum by (alertmanager) (increase({counter}[{DELIVERY_WINDOW}])) > 0"))
        for counter in ("prometheus_notifications_sent_total", "prometheus_notifications_errors_total")
    )
    for address in addresses:
        if address in failed:
            yield f"alerts do not reach Alertmanager at {address}: deliveries failed within {DELIVERY_WINDOW}"
        elif address not in sent:
            # Prometheus does not say: it does not scrape itself, or has just started.
            reason = reach(re.sub(r"/api/v[0-9]+/alerts$", "/-/ready", address))
            if reason:
                yield f"nothing tells that alerts reach Alertmanager at {address}, and from here: {reason}"


def _alertmanagers_of(samples: Iterable[Sample]) -> set[str]:
    return {sample.labels.get("alertmanager", "") for sample in samples}


def _empty(prometheus: PrometheusApi, setting: Setting) -> Iterator[str]:
    """Yield the series that rules and dashboards read and that an instance does not expose."""
    up = setting.series("up")
    for selector in selectors(setting):
        without = prometheus.query(f"{up} == 1 unless on (job, instance) {selector}")
        if without:
            instances = _some(sample.labels.get("instance", "") for sample in without)
            yield (
                f"{selector} is empty on {instances}: is its section failing, is it left out by PROMETHEUS_DISABLE, "
                "or dropped by metric_relabel_configs?"
            )


def selectors(setting: Setting) -> tuple[str, ...]:
    """Return what rules and dashboards select of a service's own series, but for those that may be absent."""
    ours = [rule.expr for rule in _wanted(setting)]
    drawn = [
        query.expr.replace(TARGETS, f'job="{setting.job}"').replace(JOBS, f'job="{setting.job}"')
        for board in boards()
        for panel in board.panels
        for query in panel.queries
    ]
    found = (match for expr in (*ours, *drawn) for match in SELECTOR.finditer(expr))
    return tuple(dict.fromkeys(match[0] for match in found if match[1] not in MAY_BE_ABSENT))


def _unrecorded(prometheus: PrometheusApi, loaded: Iterable[LoadedRule], setting: Setting) -> Iterator[str]:
    """Yield the recorded series that are empty although there was something to record."""
    exprs = {rule.name: rule.expr for group in recordings(setting) for rule in group.rules}
    for rule in loaded:
        expr = exprs.get(rule.name)
        if expr is None or rule.health != "ok" or setting.job not in JOB.findall(rule.query):
            continue
        lost = f"count({expr}) unless count({setting.series(rule.name)})"
        if prometheus.query(lost, rule.last_evaluation):
            yield f"{setting.series(rule.name)} is empty: does its group set labels, or its Prometheus not keep it?"


def _some(names: Iterable[str]) -> str:
    listed = list(dict.fromkeys(names))
    return ", ".join(listed[:SHOWN]) + (" …" if len(listed) > SHOWN else "")
