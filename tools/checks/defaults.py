"""Checks the thresholds as they are written: whether one makes an alert that cannot work, and why."""

import inspect

from collectors.operations.thresholds import ThresholdError, Thresholds
from tools.checks.findings import Finding


def check_defaults(model: type[Thresholds] = Thresholds) -> list[Finding]:
    """Return a finding at the line of the first threshold of `model` whose default is refused."""
    try:
        model()
    except ThresholdError as error:
        lines, first = inspect.getsourcelines(model)
        offset = next((at for at, line in enumerate(lines) if line.strip().startswith(f"{error.field}:")), 0)
        return [Finding(inspect.getfile(model), first + offset, str(error))]
    return []
