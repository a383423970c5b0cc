from pathlib import Path

import attrs

from collectors.operations.thresholds import Thresholds
from tools.checks.defaults import check_defaults


@attrs.frozen(kw_only=True)
class Unreachable(Thresholds):
    task_slo: float = 0.9  # the line that must be told


@attrs.frozen(kw_only=True)
class Lowered(Thresholds):
    memory_limit_bytes: float = 5  # the line that must be told


def told(model):
    """The lines of this file that findings name, and the reasons."""
    lines = Path(__file__).read_text("utf-8").splitlines()
    found = check_defaults(model)
    assert {finding.path for finding in found} == {__file__}
    return [lines[finding.line - 1].strip() for finding in found], [finding.reason for finding in found]


def test_the_thresholds_as_they_are_written_work():
    assert check_defaults() == []


def test_a_default_that_cannot_work_is_told_with_file_line_and_reason():
    (line,), (reason,) = told(Unreachable)
    assert line == "task_slo: float = 0.9  # the line that must be told"
    assert reason.startswith("task_slo: 14.4 times the error budget of 0.1 is more than all of the requests")


def test_a_default_that_is_inherited_is_told_at_its_class():
    (line,), (reason,) = told(Lowered)
    assert line == "@attrs.frozen(kw_only=True)"
    assert reason == "memory_bytes: must be below memory_limit_bytes (5)"
