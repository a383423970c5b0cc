"""Checks of dashboards that Grafana accepts: every query and its legend, and the unit of what a panel shows."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import promql_parser

from collectors.operations import promql
from tools.checks.comparisons import COMPARISONS, constant
from tools.checks.expressions import Checker
from tools.checks.findings import Finding, line_of, read, suggestion
from tools.checks.shapes import Shape
from tools.checks.variables import check_variables
from tools.vocabulary import known_series

UNIT_OF: Final = {"_seconds": "s", "_bytes": "bytes", ":ratio": "percentunit", "_utilization": "percentunit"}
"""The unit that a panel must have whose first query selects a metric with this in its name, undivided."""

LEGEND_LABEL: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
KEEP_UNIT: Final = frozenset({"sum", "min", "max", "avg"})


def check_dashboard(path: Path, recorded: Mapping[str, Shape]) -> list[Finding]:
    """Check a dashboard, whose queries may read the series `recorded` besides those of the service."""
    data, findings = read(path)
    if findings:
        return findings
    if not isinstance(data, dict) or "panels" not in data:
        return [Finding(str(path), 1, "is no dashboard: it has no panels")]
    queries = [
        *(annotation for annotation in data.get("annotations", {}).get("list", []) if annotation.get("expr")),
        *(target for panel in _panels(data) for target in panel.get("targets", [])),
    ]
    found = [
        *check_variables(str(path), data, recorded),
        *(finding for panel in _panels(data) for finding in _panel(str(path), panel)),
        *(finding for query in queries for finding in _query(str(path), query, recorded)),
    ]
    return sorted(found)


def _panels(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for panel in data.get("panels", []):
        if panel.get("type") == "row":
            yield from _panels(panel)
        else:
            yield panel


def _panel(path: str, panel: Mapping[str, Any]) -> Iterator[Finding]:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    wanted = _unit(str(panel["targets"][0].get("expr", "")))
    if wanted and unit != wanted:
        reason = f"panel {panel['title']}: its unit is {unit}, but its query returns {wanted}"
        yield Finding(path, line_of(unit), reason)


def _unit(expr: str) -> str | None:
    """Return the unit that a plain query must have; None if an operator or a rate makes another one."""
    try:
        name = _measured(promql.parsed(expr))
    except ValueError:
        return None
    return next((unit for part, unit in UNIT_OF.items() if name and part in name), None)


def _measured(node: Any) -> str | None:
    """Return the metric whose unit the values of a tree have, or None."""
    match node:
        case promql_parser.VectorSelector():
            return str(node.name)
        case promql_parser.Call() if node.func.name == "histogram_quantile":
            return str(next(promql.selectors(node)).name)
        case promql_parser.ParenExpr():
            inner = node.expr
        case promql_parser.AggregateExpr() if str(node.op) in KEEP_UNIT:
            inner = node.expr
        case promql_parser.BinaryExpr() if str(node.op) in COMPARISONS | {"or"}:
            inner = node.lhs
        case promql_parser.BinaryExpr() if str(node.op) == "-" and constant(node.lhs) == 1:
            inner = node.rhs
        case _:
            return None
    return _measured(inner)


def _query(path: str, target: Mapping[str, Any], recorded: Mapping[str, Shape]) -> Iterator[Finding]:
    text = target.get("expr")
    if not text:
        yield Finding(path, line_of(target.get("refId")), "a query is empty")
        return
    checker = Checker(known_series(), recorded)
    shape = checker.shape(text)
    for problem in checker.problems:
        yield Finding(path, line_of(text), f"query {text:.60}…: {problem}")
    if shape is not None and shape.open:
        yield Finding(path, line_of(text), f"query {text:.60}…: is not aggregated, and draws a line for every series")
    elif not checker.problems:
        yield from _legend(path, target, shape.labels if shape else frozenset())


def _legend(path: str, target: Mapping[str, Any], labels: frozenset[str]) -> Iterator[Finding]:
    legend = target.get("legendFormat")
    for label in LEGEND_LABEL.findall(str(legend)):
        if label not in labels:
            reason = f"legend {legend}: its query returns no label {label}{suggestion(label, labels)}"
            yield Finding(path, line_of(legend), reason)
