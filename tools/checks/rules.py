"""Checks of rule files: what their expressions read, whether an alert can be off, and which labels its texts name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from collectors.operations import promql
from tools.checks.comparisons import decides
from tools.checks.expressions import Checker
from tools.checks.findings import Finding, line_of, read
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

TEMPLATE_LABEL: Final = re.compile(r"\$labels\.(\w+)")


@attrs.frozen
class Rule:
    """One rule of a file, as it is written there."""

    path: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The alert, or the series that is recorded."""
        return str(self.data.get("alert") or self.data["record"])

    def finding(self, reason: str, at: object = None) -> Finding:
        """Report something wrong with it, at the line of `at` or where it begins."""
        line = line_of(self.data.get("alert") or self.data["record"])
        return Finding(self.path, line_of(at, line), f"{self.name}: {reason}")


def read_rules(path: Path) -> tuple[list[Rule], list[Finding]]:
    """Read the rules of a file that promtool accepts."""
    data, findings = read(path)
    if findings:
        return [], findings
    try:
        return [Rule(str(path), rule) for group in data["groups"] for rule in group["rules"]], []
    except (KeyError, TypeError):
        return [], [Finding(str(path), 1, "is no rule file; promtool check rules says why")]


@attrs.frozen
class Checked:
    """Rule files, and what is wrong in them."""

    rules: list[Rule] = attrs.field(factory=list)
    recorded: dict[str, Shape] = attrs.field(factory=dict)
    """What the recording rules make."""
    findings: list[Finding] = attrs.field(factory=list)


def check_rules(paths: Sequence[Path]) -> Checked:
    """Check the rule files `paths` together: what one records, the others may read."""
    checked = Checked()
    for path in paths:
        rules, unread = read_rules(path)
        checked.rules.extend(rules)
        checked.findings.extend(unread)
        for rule in rules:
            checked.findings.extend(_check(rule, checked.recorded))
    return checked


def _check(rule: Rule, recorded: dict[str, Shape]) -> Iterator[Finding]:
    expr = rule.data["expr"]
    checker = Checker(known_series(), recorded)
    shape = checker.shape(str(expr))
    yield from (rule.finding(problem, expr) for problem in checker.problems)
    if "record" in rule.data:
        if shape is not None:
            recorded[rule.name] = attrs.evolve(shape, ratio=shape.ratio or ":ratio" in rule.name)
    elif not checker.unparsed:
        if not decides(promql.parsed(str(expr))):
            yield rule.finding("has no comparison: it fires whenever there is data", expr)
        yield from _texts(rule, shape)


def _texts(rule: Rule, shape: Shape | None) -> Iterator[Finding]:
    carried = (shape.labels if shape else frozenset()) | set(rule.data.get("labels", ()))
    for annotation in rule.data.get("annotations", {}).values():
        for label in TEMPLATE_LABEL.findall(str(annotation)):
            if label not in carried:
                yield rule.finding(f"its annotations read $labels.{label}, which it does not have", annotation)
