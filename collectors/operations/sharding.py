"""The rules divided between shards, which scrape the instances, and a global Prometheus, which sees the shards.

Sums, minima and maxima of parts make those of the whole; ratios and quantiles do not. So a shard decides the alerts on
single instances, and records as `shard:…` the aggregates that all other rules read. The global Prometheus has these
other rules, from the same pieces, with the shards' series in the place of the instances'.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Final

import attrs

from collectors.operations import yaml_text
from collectors.operations.alerts import alert_groups
from collectors.operations.formula import Aggregate, Matcher, Part
from collectors.operations.model import Alert, Group, Recording, Scope, Setting
from collectors.operations.recording import recordings
from collectors.operations.rules import HEADER, as_data

ON_SHARDS: Final = frozenset({Scope.INSTANCE, Scope.PROMETHEUS})
ABOVE_SHARDS: Final = frozenset({Scope.JOB, Scope.PROMETHEUS})


def shard_rules(setting: Setting) -> str:
    """Return the rule file of a shard: the aggregates of its instances, and the alerts on single ones."""
    parts: dict[Part, list[Aggregate]] = {}
    for group in (*recordings(setting), *alert_groups(setting)):
        for rule in group.rules:
            for aggregate in rule.formula.aggregates:
                parts.setdefault(aggregate.part, []).append(aggregate)
    sums = Group("gui-agents.shard", tuple(_recording(wholes, setting) for wholes in parts.values()))
    return _file((sums, *_chosen(alert_groups(setting), ON_SHARDS)), setting)


def _recording(wholes: Iterable[Aggregate], setting: Setting) -> Recording:
    """Return the rule that records the part which all `wholes` have in common, with every label that one needs."""
    first, *others = wholes
    labels = first.labels.union(*(other.labels for other in others)) - {"job"}
    by = ", ".join(("job", *sorted(labels)))
    vector = first.of_instances([Matcher("job", "=", setting.job)])
    return Recording(first.part.name, f"{first.part.operator} by ({by}) ({vector})")


def global_rules(setting: Setting) -> str:
    """Return the rule file of the Prometheus above the shards: all recordings, and the alerts on the job."""
    groups = (*recordings(setting), *_chosen(alert_groups(setting), ABOVE_SHARDS))
    above = (
        Group(group.name, tuple(attrs.evolve(rule, formula=rule.formula.of_shards) for rule in group.rules))
        for group in groups
    )
    return _file(above, setting)


def _chosen(groups: Iterable[Group], scopes: Container[Scope]) -> Iterator[Group]:
    """Yield the groups with the alerts of some scopes alone, without the groups that have none of them."""
    for group in groups:
        rules = tuple(rule for rule in group.rules if isinstance(rule, Alert) and rule.scope in scopes)
        if rules:
            yield Group(group.name, rules)


def _file(groups: Iterable[Group], setting: Setting) -> str:
    return HEADER + yaml_text.render(as_data(groups, setting))
