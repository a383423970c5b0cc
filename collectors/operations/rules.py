"""Frozen rules -> the YAML that Prometheus loads, the same on every run."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from collectors.operations import yaml_text
from collectors.operations.alerts import alert_groups
from collectors.operations.model import Alert, Group, Recording, Setting, duration
from collectors.operations.recording import recordings

HEADER: Final = """\
# A generated file: do not change it here, write it again with other thresholds:
# gui-agents monitoring init DIR --threshold NAME=NUMBER (--help lists them all)
"""


def alert_rules(setting: Setting) -> str:
    """Return the file of alerting rules."""
    return HEADER + yaml_text.render(as_data(alert_groups(setting), setting))


def recording_rules(setting: Setting) -> str:
    """Return the file of recording rules."""
    return HEADER + yaml_text.render(as_data(recordings(setting), setting))


def as_data(groups: Iterable[Group], setting: Setting) -> dict[str, Any]:
    """Return groups of rules as the mapping that a rule file holds."""
    return {
        "groups": [{"name": group.name, "rules": [_rule(rule, setting) for rule in group.rules]} for group in groups]
    }


def _rule(rule: Alert | Recording, setting: Setting) -> dict[str, Any]:
    if isinstance(rule, Recording):
        return {"record": rule.name, "expr": rule.expr}
    keep_firing = {"keep_firing_for": _seconds(rule.keep_firing_seconds)} if rule.keep_firing_seconds else {}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        "for": _seconds(rule.hold_seconds),
        **keep_firing,
        "labels": {"severity": str(rule.severity), **rule.labels},
        "annotations": {
            "summary": rule.summary,
            "description": rule.description,
            "runbook_url": setting.runbook(rule),
        },
    }


def _seconds(seconds: float) -> str:
    return duration(Fraction(seconds).limit_denominator(1000))
