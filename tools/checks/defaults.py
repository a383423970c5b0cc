"""Checks of the thresholds as they are written: where one makes an alert that cannot work, and why."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import attrs

from collectors.operations.thresholds import ThresholdError, Thresholds
from tools.checks.findings import Finding


def check_defaults(model: type[Thresholds] = Thresholds) -> list[Finding]:
    """Return a finding at the line of each threshold of `model` whose default is refused, and of what it contradicts.

    A default that is refused hides those that would be refused after it. So each gets a value that works, until the
    rest is accepted as well.
    """
    no_numbers = [field for field in attrs.fields(model) if not _is_number(field.default)]
    findings = [
        finding for field in no_numbers for finding in _findings(model, field.name, f"{field.default!r} is no number")
    ]
    repaired = {field.name: next(_working(field.name)) for field in no_numbers}
    while (error := _error(model, repaired)) and error.field not in repaired:
        name = error.field
        findings += _findings(model, name, error.problem)
        accepted = (value for value in _working(name) if _accepts(model, repaired, name, value))
        repaired[name] = next(accepted, next(_working(name)))
    return sorted(findings)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _error(model: type[Thresholds], values: dict[str, float]) -> ThresholdError | None:
    try:
        model(**values)
    except ThresholdError as error:
        return error
    return None


def _accepts(model: type[Thresholds], repaired: dict[str, float], name: str, value: float) -> bool:
    error = _error(model, {**repaired, name: value})
    return error is None or error.field != name


def _working(name: str) -> Iterator[float]:
    """Yield values near the ends of a threshold's range, one of which should agree with the other thresholds."""
    metadata = attrs.fields_dict(Thresholds)[name].metadata
    low, high = metadata["low"], metadata["high"]
    yield high - (high - low) / 1e9
    yield low + (high - low) / 1e9


def _findings(model: type[Thresholds], name: str, problem: str) -> list[Finding]:
    """Report `problem` at the line of the threshold `name`, and of each other one that it mentions."""
    lines, first = inspect.getsourcelines(model)
    written = [field.name for field in attrs.fields(model) if re.search(rf"\b{field.name}\b", problem)]
    return [
        Finding(inspect.getfile(model), first + offset, f"{name}: {problem}")
        for each in dict.fromkeys((name, *written))
        for offset in [next((at for at, line in enumerate(lines) if line.strip().startswith(f"{each}:")), 0)]
    ]
