"""Checks of Grafana's JSON: every query, and that a panel says what it shows and in which unit."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tools.checks.expressions import Checker
from tools.checks.findings import Finding, Text, line_of, read, suggestion
from tools.checks.shapes import Shape
from tools.checks.variables import check_variables
from tools.vocabulary import known_series

SUBSTITUTES: Final = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h"}
"""What Grafana puts in place of its variables before it asks; those in matchers are patterns already."""

UNIT_OF: Final = {"_seconds": "s", "_bytes": "bytes", ":ratio": "percentunit", "_utilization": "percentunit"}
"""The unit that a panel must have whose first query selects a metric with this in its name, undivided."""

LISTS: Final = frozenset({"panels", "targets", "list"})
"""Keys of a dashboard that hold a list of mappings."""

MAPPINGS: Final = frozenset({"annotations", "templating", "fieldConfig", "defaults"})
LEGEND_LABEL: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
UNDIVIDED: Final = re.compile(
    r"(?:histogram_quantile\(.*?rate\(|(?:min|max|avg|sum)(?: by \([^)]*\))? \()?(?:1 - )?([a-z0-9_:]+)\{"
)
"""The beginning of a query that has its metric's unit, and the metric."""


def check_dashboard(path: Path, recorded: Mapping[str, Shape]) -> list[Finding]:
    """Check a dashboard, whose queries may read the series `recorded` besides those of the service."""
    data, findings = read(path)
    if findings:
        return findings
    if not isinstance(data, dict) or not isinstance(data.get("panels"), list):
        return [Finding(str(path), 1, "is no dashboard: it has no list of panels")]
    findings = list(_structure(str(path), data))
    if findings:
        return findings
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


def substituted(expr: str) -> str:
    """Return a query with Grafana's own variables replaced, as Prometheus can parse it."""
    for variable, value in SUBSTITUTES.items():
        expr = expr.replace(variable, value)
    return expr


def _structure(path: str, data: Any) -> Iterator[Finding]:
    """Yield each key below `data` whose value Grafana could not read."""
    if isinstance(data, list):
        for entry in data:
            yield from _structure(path, entry)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key in MAPPINGS and not isinstance(value, dict):
                yield Finding(path, line_of(key), f"{key} must be a mapping")
            elif key in LISTS and not (isinstance(value, list) and all(isinstance(entry, dict) for entry in value)):
                yield Finding(path, line_of(key), f"{key} must be a list of mappings")
            else:
                yield from _structure(path, value)


def _panels(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for panel in data.get("panels", []):
        if panel.get("type") == "row":
            yield from _panels(panel)
        else:
            yield panel


def _panel(path: str, panel: Mapping[str, Any]) -> Iterator[Finding]:
    title = panel.get("title")
    line = line_of(title, line_of(panel.get("type")))
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    if not title:
        yield Finding(path, line, "a panel has no title")
    if not panel.get("description"):
        yield Finding(path, line, f"panel {title}: has no description")
    if not defaults.get("unit"):
        yield Finding(path, line, f"panel {title}: has no unit")
    targets = panel.get("targets") or []
    if not targets:
        yield Finding(path, line, f"panel {title}: has no query")
        return
    wanted = _unit(str(targets[0].get("expr", "")))
    if wanted and defaults.get("unit") and defaults["unit"] != wanted:
        yield Finding(
            path,
            line_of(defaults["unit"]),
            f"panel {title}: its unit is {defaults['unit']}, but its query returns {wanted}",
        )


def _unit(expr: str) -> str | None:
    """Return the unit that a plain query must have; None where an operator or a rate makes another one."""
    selected = UNDIVIDED.match(expr)
    if selected is None or " / " in expr:
        return None
    return next((unit for part, unit in UNIT_OF.items() if part in selected[1]), None)


def _query(path: str, target: Mapping[str, Any], recorded: Mapping[str, Shape]) -> Iterator[Finding]:
    text = target.get("expr")
    if not isinstance(text, Text) or not text:
        yield Finding(path, line_of(target.get("refId")), "a query is empty")
        return
    checker = Checker(known_series(), recorded)
    shape = checker.shape(substituted(text))
    for problem in checker.problems:
        yield Finding(path, text.line, f"query {text:.60}…: {problem.reason}")
    if shape is not None and shape.open:
        yield Finding(path, text.line, f"query {text:.60}…: is not aggregated, and draws a line for every series")
    elif not checker.problems:
        yield from _legend(path, target, shape.labels if shape else frozenset())


def _legend(path: str, target: Mapping[str, Any], labels: frozenset[str]) -> Iterator[Finding]:
    legend = target.get("legendFormat")
    for label in LEGEND_LABEL.findall(str(legend)):
        if label not in labels:
            reason = f"legend {legend}: its query returns no label {label}{suggestion(label, labels)}"
            yield Finding(path, line_of(legend), reason)
