"""Checks of a dashboard's variables: each that is used is defined, and its query asks for what exists."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.checks.expressions import Checker
from tools.checks.findings import Finding, Text, suggestion
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

TEMPLATED: Final = frozenset({"expr", "legendFormat", "query", "uid"})
"""The keys of a dashboard whose text may use variables."""

USED: Final = re.compile(r"\$(?:\{(?P<braced>\w+)[^}]*\}|(?P<bare>[A-Za-z]\w*))")
BUILT_IN: Final = "__"
LABEL_VALUES: Final = re.compile(r"label_values\(\s*(?:(?P<selector>.*\S)\s*,\s*)?(?P<label>\w+)\s*\)")
QUERY_RESULT: Final = re.compile(r"query_result\((?P<query>.*)\)")
UNCHECKED: Final = re.compile(r"(label_names|metrics)\(.*\)")


def check_variables(path: str, data: Mapping[str, Any], recorded: Mapping[str, Shape]) -> Iterator[Finding]:
    """Check the variables of the dashboard `data`, whose queries may read the series `recorded` as well."""
    variables = data.get("templating", {}).get("list", [])
    names = {str(variable.get("name")) for variable in variables}
    for text in _templated(data):
        for match in USED.finditer(text):
            name = match["braced"] or match["bare"]
            if not name.startswith(BUILT_IN) and name not in names:
                yield Finding(path, text.line, f"unknown variable {name}{suggestion(name, names)}")
    for variable in variables:
        query = variable.get("query")
        asked = query.get("query") if isinstance(query, dict) else query
        if variable.get("type") == "query" and isinstance(asked, Text):
            for reason in _query(asked, recorded):
                yield Finding(path, asked.line, f"variable {variable.get('name')}: {reason}")


def _query(text: Text, recorded: Mapping[str, Shape]) -> Iterator[str]:
    checker = Checker(known_series(), recorded, any_job=True)
    if result := QUERY_RESULT.fullmatch(text):
        checker.shape(result["query"])
    elif values := LABEL_VALUES.fullmatch(text):
        yield from _label(values["selector"], values["label"], checker)
    elif not UNCHECKED.fullmatch(text):
        yield f"{text} is no query of a variable; write label_values(metric, label)"
    yield from checker.problems


def _label(selector: str | None, label: str, checker: Checker) -> Iterator[str]:
    if selector is None:
        labels = frozenset().union(*(series.labels for series in checker.known.values()))
    else:
        shape = checker.selected(selector)
        if checker.problems:
            return
        if shape is None:
            yield f"{selector} is no selector of series"
            return
        labels = shape.labels
    if label not in labels:
        missing = f"{selector} has no label" if selector else "no series has a label"
        yield f"{missing} {label}{suggestion(label, labels)}"


def _templated(data: Any, key: str = "") -> Iterator[Text]:
    """Yield every text below `data` in which Grafana replaces variables."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _templated(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from _templated(value, key)
    elif isinstance(data, Text) and key in TEMPLATED:
        yield data
