"""The rules divided between shards, which scrape the instances, and a global Prometheus, which sees the shards.

Sums, minima and maxima of parts make those of the whole; ratios and quantiles do not. So a shard decides the alerts on
single instances, and records as `shard:…` the aggregates that all other rules read. The global Prometheus has these
other rules as they always are, but for that they aggregate the shards' series in the place of the instances'.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from collectors.operations import yaml_text
from collectors.operations.alerts import alert_groups
from collectors.operations.model import Alert, Group, Recording, Setting
from collectors.operations.recording import recordings
from collectors.operations.rules import HEADER, as_data

AGGREGATE: Final = re.compile(
    r"(?P<how>sum|min|max) by \((?P<labels>[\w, ]+)\) "
    r"\((?:(?P<growth>rate|increase)\()?(?P<metric>\w+)\{(?P<matchers>[^}]*)\}(?:\[(?P<window>\w+)\]\))?\)"
)
ABSENCE: Final = re.compile(r"absent\((?P<metric>\w+)\{(?P<matchers>[^}]*)\}\)")
MATCHED: Final = re.compile(r"(\w+)(?:=~|!~|!=|=)\"")
OF_INSTANCES: Final = re.compile(r"(?<![\w:])\w+\{")
"""A selector of series that only those have who scrape; recorded ones have a colon in their name."""
ON_EVERY_PROMETHEUS: Final = frozenset({"TargetsMissing", "Watchdog"})
"""These are about the Prometheus that evaluates them, and each one has targets of its own."""


@attrs.frozen
class Part:
    """An aggregate of a shard's instances."""

    how: str
    metric: str
    growth: str | None = None
    """`rate` or `increase`, of counters."""
    window: str | None = None

    @property
    def name(self) -> str:
        """The series that a shard records it as."""
        return f"shard:{self.metric.removesuffix('_total')}:{self.growth or self.how}{self.window or ''}"

    def recording(self, labels: Iterable[str], setting: Setting) -> Recording:
        """Return the rule that keeps `labels` of it."""
        by = ", ".join(["job", *sorted(set(labels) - {"job"})])
        selected = setting.series(self.metric)
        values = f"{self.growth}({selected}[{self.window}])" if self.growth else selected
        return Recording(self.name, f"{self.how} by ({by}) ({values})")


def shard_rules(setting: Setting) -> str:
    """Return the rule file of a shard: the aggregates of its instances, and the alerts on single ones."""
    parts: dict[Part, set[str]] = {}
    for group in (*recordings(setting), *alert_groups(setting)):
        for rule in group.rules:
            for part, labels in _parts(rule.expr):
                parts.setdefault(part, set()).update(labels)
    sums = Group("gui-agents.shard", tuple(part.recording(labels, setting) for part, labels in parts.items()))
    return _file((sums, *_chosen(alert_groups(setting), on_shards=True)), setting)


def global_rules(setting: Setting) -> str:
    """Return the rule file of the Prometheus above the shards: all recordings, and the alerts on the job."""
    groups = (*recordings(setting), *_chosen(alert_groups(setting), on_shards=False))
    above = (
        Group(group.name, tuple(attrs.evolve(rule, expr=of_shards(rule.expr)) for rule in group.rules))
        for group in groups
    )
    return _file(above, setting)


def of_shards(expr: str) -> str:
    """Return an expression with the shards' aggregates in the place of the instances' series."""
    aggregated = AGGREGATE.sub(_of_shards, expr)
    return ABSENCE.sub(lambda found: f"absent({Part('sum', found['metric']).name}{{{found['matchers']}}})", aggregated)


def _of_shards(found: re.Match[str]) -> str:
    if _is_about_instances(found):
        return found[0]
    return f"{found['how']} by ({found['labels']}) ({_part(found).name}{{{found['matchers']}}})"


def _parts(expr: str) -> Iterator[tuple[Part, list[str]]]:
    for found in AGGREGATE.finditer(expr):
        if not _is_about_instances(found):
            yield _part(found), [*_labels(found), *MATCHED.findall(found["matchers"])]
    for found in ABSENCE.finditer(expr):
        yield Part("sum", found["metric"]), MATCHED.findall(found["matchers"])


def _part(found: re.Match[str]) -> Part:
    return Part(found["how"], found["metric"], found["growth"], found["window"])


def _labels(found: re.Match[str]) -> list[str]:
    return [label.strip() for label in found["labels"].split(",")]


def _is_about_instances(found: re.Match[str]) -> bool:
    return "instance" in _labels(found)


def _chosen(groups: Iterable[Group], *, on_shards: bool) -> Iterator[Group]:
    for group in groups:
        rules = tuple(rule for rule in group.rules if _belongs(rule, on_shards=on_shards))
        if rules:
            yield Group(group.name, rules)


def _belongs(rule: Alert | Recording, *, on_shards: bool) -> bool:
    if rule.name in ON_EVERY_PROMETHEUS:
        return True
    return bool(OF_INSTANCES.search(of_shards(rule.expr))) is on_shards


def _file(groups: Iterable[Group], setting: Setting) -> str:
    return HEADER + yaml_text.render(as_data(groups, setting))
