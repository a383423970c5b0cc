"""Reads rule files: their groups and rules, in the keys that Prometheus knows, and what has another structure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from tools.checks.findings import Finding, line_of, read, suggestion

FILE_KEYS: Final = frozenset({"groups"})
GROUP_KEYS: Final = frozenset(
    {"name", "interval", "query_offset", "limit", "labels", "partial_response_strategy", "rules"}
)
ALERT_KEYS: Final = frozenset({"alert", "expr", "for", "keep_firing_for", "labels", "annotations"})
RECORD_KEYS: Final = frozenset({"record", "expr", "labels"})
DURATION_KEYS: Final = ("interval", "query_offset", "for", "keep_firing_for")
MAPPING_KEYS: Final = ("labels", "annotations")
DURATION: Final = re.compile(r"0|(\d+(ms|[smhdwy]))+")


@attrs.frozen
class Rule:
    """One rule of a file, as it is written there."""

    path: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The alert, or the series that is recorded."""
        return str(self.data.get("alert") or self.data.get("record") or "")

    @property
    def line(self) -> int:
        """Where it begins."""
        return line_of(self.data.get("alert") or self.data.get("record"), line_of(next(iter(self.data), None)))

    @property
    def is_alert(self) -> bool:
        """Whether it is an alerting rule."""
        return "alert" in self.data

    @property
    def labels(self) -> Mapping[str, Any]:
        """What it adds to the labels of its result."""
        return _mapping(self.data.get("labels"))

    @property
    def annotations(self) -> Mapping[str, Any]:
        """What it says to people."""
        return _mapping(self.data.get("annotations"))

    def finding(self, reason: str, line: int | None = None) -> Finding:
        """Report something wrong with it."""
        return Finding(self.path, line or self.line, f"{self.name}: {reason}")


def read_rules(path: Path) -> tuple[list[Rule], list[Finding]]:
    """Read the rules of a file of Prometheus, or of a PrometheusRule of its operator."""
    data, findings = read(path)
    if findings:
        return [], findings
    if isinstance(data, dict) and data.get("kind") == "PrometheusRule":
        data = data.get("spec")
    if not isinstance(data, dict) or not isinstance(data.get("groups"), list):
        return [], [Finding(str(path), 1, "is no rule file: it has no list of groups")]
    findings = list(_unknown_keys(str(path), "the file", data, FILE_KEYS))
    rules: list[Rule] = []
    for group in data["groups"]:
        if not isinstance(group, dict):
            findings.append(Finding(str(path), line_of(group), "a group is no mapping"))
            continue
        findings += _group(str(path), group)
        rules += [Rule(str(path), entry) for entry in _entries(group) if isinstance(entry, dict)]
    findings += (finding for rule in rules for finding in _rule(rule))
    return [rule for rule in rules if rule.name], findings


def _group(path: str, group: Mapping[str, Any]) -> Iterator[Finding]:
    line = line_of(next(iter(group), None))
    name = f"group {group.get('name') or 'without a name'}"
    yield from _unknown_keys(path, name, group, GROUP_KEYS)
    yield from _values(path, name, group)
    if not group.get("name"):
        yield Finding(path, line, "a group has no name")
    if not isinstance(group.get("rules", []), list):
        yield Finding(path, _line_of_key(group, "rules"), f"{name}: its rules are no list")
    for entry in _entries(group):
        if not isinstance(entry, dict):
            yield Finding(path, line_of(entry, _line_of_key(group, "rules")), f"{name}: a rule is no mapping")


def _entries(group: Mapping[str, Any]) -> Sequence[Any]:
    rules = group.get("rules")
    return rules if isinstance(rules, list) else ()


def _rule(rule: Rule) -> Iterator[Finding]:
    if not rule.name:
        yield Finding(rule.path, rule.line, "a rule has neither alert nor record")
        yield from _unknown_keys(rule.path, "a rule without a name", rule.data, ALERT_KEYS | RECORD_KEYS)
        return
    yield from _unknown_keys(rule.path, rule.name, rule.data, ALERT_KEYS if rule.is_alert else RECORD_KEYS)
    yield from _values(rule.path, rule.name, rule.data)


def _values(path: str, what: str, data: Mapping[str, Any]) -> Iterator[Finding]:
    for key in DURATION_KEYS:
        if key in data and not DURATION.fullmatch(str(data[key])):
            line = line_of(data[key], _line_of_key(data, key))
            yield Finding(path, line, f"{what}: {key} must be a duration such as 5m, not {str(data[key])!r}")
    for key in MAPPING_KEYS:
        if data.get(key) is not None and not isinstance(data[key], dict):
            yield Finding(path, _line_of_key(data, key), f"{what}: its {key} are no mapping")


def _unknown_keys(path: str, what: str, data: Mapping[str, Any], known: Iterable[str]) -> Iterator[Finding]:
    for key in data:
        if key not in known:
            yield Finding(path, line_of(key), f"{what}: unknown key {key}{suggestion(str(key), known)}")


def _line_of_key(data: Mapping[str, Any], wanted: str) -> int:
    return next((line_of(key) for key in data if key == wanted), 1)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
