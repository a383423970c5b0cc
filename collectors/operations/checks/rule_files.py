"""Checks of rule files: every expression, and what an alert owes to whoever is woken up by it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from collectors.operations.checks.comparisons import decides
from collectors.operations.checks.expressions import Checker
from collectors.operations.checks.findings import Finding, Text, line_of, read
from collectors.operations.checks.shapes import Shape
from collectors.operations.model import Severity
from collectors.operations.vocabulary import known_series

TEMPLATE_LABEL: Final = re.compile(r"\$labels\.(\w+)")
ANNOTATIONS: Final = ("summary", "description", "runbook_url")


@attrs.frozen
class Rule:
    """One rule of a file, as it is written there."""

    path: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """The alert, or the series that is recorded."""
        return str(self.data.get("alert") or self.data.get("record") or "")

    @property
    def line(self) -> int:
        """Where it begins."""
        return line_of(self.data.get("alert") or self.data.get("record"))

    @property
    def is_alert(self) -> bool:
        """Whether it is an alerting rule."""
        return "alert" in self.data

    def finding(self, reason: str, line: int | None = None) -> Finding:
        """Report something wrong with it."""
        return Finding(self.path, line or self.line, f"{self.name}: {reason}")


def check_rules(paths: Sequence[Path]) -> list[Finding]:
    """Check the rule files `paths` together: what one records, the others may read."""
    findings: list[Finding] = []
    rules: list[Rule] = []
    for path in paths:
        data, problems = read(path)
        findings += problems
        if not problems:
            rules += _rules(path, data, findings)
    recorded: dict[str, Shape] = {}
    for rule in rules:
        findings += _check(rule, recorded)
    return sorted(set(findings))


def alert_lines(path: Path) -> dict[str, int]:
    """Return the name of each alert of a rule file, and the line where it is first defined."""
    data, _ = read(path)
    lines: dict[str, int] = {}
    for rule in _rules(path, data, []):
        if rule.is_alert:
            lines.setdefault(rule.name, rule.line)
    return lines


def recorded_shapes(paths: Iterable[Path]) -> dict[str, Shape]:
    """Return what the recording rules of the files `paths` make."""
    recorded: dict[str, Shape] = {}
    for path in paths:
        data, _ = read(path)
        for rule in _rules(path, data, []):
            list(_check(rule, recorded))
    return recorded


def _rules(path: Path, data: Any, findings: list[Finding]) -> list[Rule]:
    groups = data.get("groups") if isinstance(data, dict) else None
    if not isinstance(groups, list):
        findings.append(Finding(str(path), 1, "is no rule file: it has no list of groups"))
        return []
    entries = (entry for group in groups if isinstance(group, dict) for entry in group.get("rules") or ())
    return [Rule(str(path), entry) for entry in entries if isinstance(entry, dict)]


def _check(rule: Rule, recorded: dict[str, Shape]) -> Iterator[Finding]:
    text = rule.data.get("expr")
    if not isinstance(text, Text):
        yield rule.finding("has no expression")
        return
    checker = Checker(known_series(), recorded)
    shape = checker.shape(text)
    for problem in checker.problems:
        yield rule.finding(problem.reason, text.line_at(problem.offset))
    if rule.is_alert:
        yield from _alert(rule, text, shape)
    elif shape is not None:
        recorded[rule.name] = attrs.evolve(shape, ratio=shape.ratio or ":ratio" in rule.name)


def _alert(rule: Rule, text: Text, shape: Shape | None) -> Iterator[Finding]:
    tree = Checker({}).parse(text)
    if tree is None:
        return
    if not decides(tree):
        yield rule.finding("has no comparison: it fires whenever there is data", text.line)
    labels = rule.data.get("labels") or {}
    if labels.get("severity") not in set(Severity):
        yield rule.finding(f"severity must be one of: {', '.join(Severity)}")
    annotations = rule.data.get("annotations") or {}
    for name in ANNOTATIONS:
        if not annotations.get(name):
            yield rule.finding(f"has no annotation {name}")
    if annotations.get("description") and "$value" not in annotations["description"]:
        yield rule.finding("its description does not tell the value", line_of(annotations["description"]))
    carried = (shape.labels if shape else frozenset()) | set(labels)
    for annotation in annotations.values():
        for label in TEMPLATE_LABEL.findall(str(annotation)):
            if label not in carried:
                yield rule.finding(f"its annotations read $labels.{label}, which it does not have", line_of(annotation))
