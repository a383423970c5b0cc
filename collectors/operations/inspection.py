"""Looks at a running Prometheus and says what keeps its rules and dashboards from telling the truth."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from collectors.operations.alerts import alert_groups
from collectors.operations.model import Alert, Recording, Setting
from collectors.operations.recording import recordings

METRIC: Final = re.compile(r"\b(agent_[a-z0-9_]+)\{")
MAY_BE_ABSENT: Final = frozenset(
    {"agent_task_oldest_pending_timestamp_seconds", "agent_task_oldest_progress_timestamp_seconds"}
)
"""Absent while no task waits or runs."""

Ask = Callable[[str, Mapping[str, str]], Any]
"""Asks Prometheus: a path of its API and parameters -> what the answer holds as `data`."""


def inspect(ask: Ask, setting: Setting) -> Iterator[str]:
    """Yield each thing that is wrong, with what to do; nothing where all is well."""
    targets = [target for target in ask("targets", {"state": "active"})["activeTargets"] if _is_of(target, setting)]
    if not targets:
        yield (
            f"no target has job={setting.job!r}: add a scrape config with job_name {setting.job}, "
            "or look at *Status, Service discovery* for targets that relabeling drops"
        )
    for target in targets:
        if target["health"] == "down":
            yield f"target {target['labels'].get('instance')} is down: {target['lastError']}"
    yield from _rules(ask, setting)
    if not ask("alertmanagers", {})["activeAlertmanagers"]:
        yield "Prometheus knows no Alertmanager, so that no alert is delivered: add the block alerting.alertmanagers"
    if any(target["health"] == "up" for target in targets):
        yield from _empty(ask, setting)


def _is_of(target: Mapping[str, Any], setting: Setting) -> bool:
    return bool(target["labels"].get("job") == setting.job)


def _rules(ask: Ask, setting: Setting) -> Iterator[str]:
    loaded = [rule for group in ask("rules", {})["groups"] for rule in group["rules"]]
    names = {rule["name"] for rule in loaded}
    wanted = tuple(_wanted(setting))
    missing = [name for name in dict.fromkeys(wanted) if name not in names]
    if missing:
        shown = ", ".join(missing[:5]) + (" …" if len(missing) > len(missing[:5]) else "")
        yield (
            f"{len(missing)} of {len(set(wanted))} rules are not loaded ({shown}): "
            "name both rule files under rule_files, and reload"
        )
    for rule in loaded:
        if rule["health"] == "err" and rule["name"] in wanted:
            yield f"rule {rule['name']} fails: {rule['lastError']}"
    yield from _other_jobs(loaded, setting)


def _wanted(setting: Setting) -> Iterator[str]:
    for group in (*recordings(setting), *alert_groups(setting)):
        yield from (rule.name for rule in group.rules)


def _other_jobs(loaded: Iterable[Mapping[str, Any]], setting: Setting) -> Iterator[str]:
    """Tell when the rules were written for another job, which they would watch in vain."""
    ours = set(_wanted(setting)) - {"Watchdog"}
    jobs = {job for rule in loaded if rule["name"] in ours for job in re.findall(r'\bjob="([^"]+)"', rule["query"])}
    if jobs and setting.job not in jobs:
        yield f"the rules select job={', '.join(sorted(jobs))!s}, not {setting.job}: write them for this job"


def _empty(ask: Ask, setting: Setting) -> Iterator[str]:
    """Yield the metrics that rules read and that no instance exposes."""
    expressions = (
        rule.expr
        for group in (*recordings(setting), *alert_groups(setting))
        for rule in group.rules
        if isinstance(rule, Alert | Recording)
    )
    names = dict.fromkeys(name for expr in expressions for name in METRIC.findall(expr))
    for name in names:
        if name in MAY_BE_ABSENT:
            continue
        if not ask("query", {"query": f"count({setting.series(name)})"})["result"]:
            yield f"{name} is empty: is its section failing, or is it dropped by metric_relabel_configs?"
