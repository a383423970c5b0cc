"""Looks at a running Prometheus and says what keeps its rules and dashboards from telling the truth."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from promql_parser import MatchOp

from collectors.operations import promql
from collectors.operations.alerts import alert_groups
from collectors.operations.dashboards import boards
from collectors.operations.dashboards.model import JOBS, TARGETS
from collectors.operations.model import Alert, Recording, Setting
from collectors.operations.prometheus_api import LoadedRule, PrometheusApi, Sample, Target
from collectors.operations.recording import recordings

EXPOSED: Final = ("agent_", "process_", "python_")
"""What the names of a service's own series begin with."""
MAY_BE_ABSENT: Final = frozenset(
    {
        "agent_auth_failures_total",
        "agent_budget_limit",
        "agent_budget_reserved",
        "agent_budget_spent",
        "agent_quota_rejections_total",
        "agent_task_oldest_pending_timestamp_seconds",
        "agent_task_oldest_progress_timestamp_seconds",
        "agent_task_success_rate",
        "agent_web_config_reload_success",
    }
)
"""Absent without a budget, tokens, quotas or a web configuration, while no task waits or runs, and before the first one
has ended.
"""

SHOWN: Final = 5
"""Of a list of names, so that a line stays a line."""
DELIVERY_WINDOW: Final = "2m"
"""Watchdog always fires, and Prometheus repeats what fires each minute, at the next evaluation."""

Reach = Callable[[str], str | None]
"""Asks an address whether somebody is there; why not, or None."""


def inspect(prometheus: PrometheusApi, reach: Reach, setting: Setting, *, lean: bool = False) -> Iterator[str]:
    """Yield each thing that is wrong, with what to do; nothing if all is well. `lean` is how the targets run."""
    targets = [target for target in prometheus.targets() if target.job == setting.job]
    loaded = prometheus.rules()
    yield from _targets(targets, setting)
    yield from _rules(loaded, setting)
    yield from _alertmanagers(prometheus, reach)
    yield from _empty(prometheus, setting, lean=lean)
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
    jobs = set[str]().union(*(_jobs(rule.query) for rule in named))
    if jobs and setting.job not in jobs:
        yield f"the rules select job={', '.join(sorted(jobs))!s}, not {setting.job}: write them for this job"
        return
    ours = [rule for rule in named if not (found := _jobs(rule.query)) or setting.job in found]
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
    """Return an expression as everybody would write it, without the numbers that are an operator's to change."""
    try:
        return promql.masked(promql.parsed(expr))
    except ValueError:  # Prometheus has loaded it, and knows more than our parser: no rule of ours
        return expr


def _jobs(expr: str) -> set[str]:
    """Return the jobs that an expression selects by their names."""
    try:
        found = promql.selectors(promql.parsed(expr))
    except ValueError:
        return set()
    matchers = (matcher for selector in found for matcher in selector.matchers.matchers)
    return {str(matcher.value) for matcher in matchers if matcher.name == "job" and matcher.op == MatchOp.Equal}


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
                yield f"nothing shows that alerts reach Alertmanager at {address}, and from here: {reason}"


def _alertmanagers_of(samples: Iterable[Sample]) -> set[str]:
    return {sample.labels.get("alertmanager", "") for sample in samples}


def _empty(prometheus: PrometheusApi, setting: Setting, *, lean: bool) -> Iterator[str]:
    """Yield the series that rules and dashboards read and that an instance does not expose."""
    up = setting.series("up")
    for selector in selectors(setting, lean=lean):
        without = prometheus.query(f"{up} == 1 unless on (job, instance) {selector}")
        if without:
            instances = _some(sample.labels.get("instance", "") for sample in without)
            yield (
                f"{selector} is empty on {instances}: is its section failing, is it left out by PROMETHEUS_DISABLE or "
                "PROMETHEUS_LEAN (see --lean), or dropped by metric_relabel_configs?"
            )


def selectors(setting: Setting, *, lean: bool = False) -> tuple[str, ...]:
    """Return what rules and dashboards select of a service's own series, but for those that may be absent.

    If its pages are `lean`, a series that only dashboards read may be absent as well.
    """
    ours = [rule.expr for rule in _wanted(setting)]
    drawn = [
        query.expr.replace(TARGETS, f'job="{setting.job}"').replace(JOBS, f'job="{setting.job}"')
        for board in boards()
        for panel in board.panels
        for query in panel.queries
        if not lean
    ]
    found = (selector for expr in (*ours, *drawn) for selector in promql.selectors(promql.parsed(expr)))
    exposed = (one for one in found if one.name.startswith(EXPOSED) and one.name not in MAY_BE_ABSENT)
    return tuple(dict.fromkeys(one.prettify() for one in exposed))


def _unrecorded(prometheus: PrometheusApi, loaded: Iterable[LoadedRule], setting: Setting) -> Iterator[str]:
    """Yield the recorded series that are empty although there was something to record."""
    exprs = {rule.name: rule.expr for group in recordings(setting) for rule in group.rules}
    for rule in loaded:
        expr = exprs.get(rule.name)
        if expr is None or rule.health != "ok" or setting.job not in _jobs(rule.query):
            continue
        lost = f"count({expr}) unless count({setting.series(rule.name)})"
        if prometheus.query(lost, rule.last_evaluation):
            yield f"{setting.series(rule.name)} is empty: does its group set labels, or its Prometheus not keep it?"


def _some(names: Iterable[str]) -> str:
    listed = list(dict.fromkeys(names))
    return ", ".join(listed[:SHOWN]) + (" …" if len(listed) > SHOWN else "")
