"""Checks of rule files: every expression, and what an alert owes to whoever is woken up by it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from collectors.operations.model import Severity
from tools.checks.comparisons import decides
from tools.checks.expressions import Checker
from tools.checks.findings import Finding, Text, line_of
from tools.checks.rule_structure import Rule, read_rules
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

TEMPLATE_LABEL: Final = re.compile(r"\$labels\.(\w+)")
ANNOTATIONS: Final = ("summary", "description", "runbook_url")


def check_rules(paths: Sequence[Path]) -> list[Finding]:
    """Check the rule files `paths` together: what one records, the others may read."""
    findings: list[Finding] = []
    recorded: dict[str, Shape] = {}
    for path in paths:
        rules, problems = read_rules(path)
        findings += problems
        for rule in rules:
            findings += _check(rule, recorded)
    return sorted(set(findings))


def recorded_shapes(paths: Iterable[Path]) -> dict[str, Shape]:
    """Return what the recording rules of the files `paths` make."""
    recorded: dict[str, Shape] = {}
    for path in paths:
        for rule in read_rules(path)[0]:
            list(_check(rule, recorded))
    return recorded


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
    if rule.labels.get("severity") not in set(Severity):
        yield rule.finding(f"severity must be one of: {', '.join(Severity)}")
    for name in ANNOTATIONS:
        if not rule.annotations.get(name):
            yield rule.finding(f"has no annotation {name}")
    description = rule.annotations.get("description")
    if description and "$value" not in str(description):
        yield rule.finding("its description does not tell the value", line_of(description))
    carried = (shape.labels if shape else frozenset()) | set(rule.labels)
    for annotation in rule.annotations.values():
        for label in TEMPLATE_LABEL.findall(str(annotation)):
            if label not in carried:
                yield rule.finding(f"its annotations read $labels.{label}, which it does not have", line_of(annotation))
