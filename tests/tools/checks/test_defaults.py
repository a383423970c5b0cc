from pathlib import Path
from unittest.mock import ANY

import attrs

from collectors.operations.thresholds import GIBIBYTE, Thresholds
from tools.checks.defaults import check_defaults


def threshold(name, default):
    """The threshold `name` of the service, with another default."""
    field = attrs.fields_dict(Thresholds)[name]
    return attrs.field(default=default, converter=float, validator=field.validator, metadata=field.metadata)


@attrs.frozen(kw_only=True)
class Unreachable(Thresholds):
    task_slo: float = 0.9  # the line that must be told


@attrs.frozen(kw_only=True)
class Contradictory(Thresholds):
    cost: float = 20
    memory_bytes: float = 5 * GIBIBYTE  # the line that must be told
    memory_limit_bytes: float = 4 * GIBIBYTE  # the line that must be told
    tokens: float = 3


@attrs.frozen(kw_only=True)
class Lowered(Thresholds):
    memory_limit_bytes: float = 5  # the line that must be told


@attrs.frozen(kw_only=True)
class Wrong(Thresholds):
    memory_limit_bytes: float = threshold("memory_limit_bytes", 0)  # the line that must be told
    cost: float = threshold("cost", "ten")  # the line that must be told
    tokens: float = threshold("tokens", None)  # the line that must be told
    task_slo: float = 0.9  # the line that must be told
    rpc_slo: float = 0.5  # the line that must be told


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


def test_both_defaults_of_a_contradiction_are_told():
    lines, reasons = told(Contradictory)
    assert [line.partition(":")[0] for line in lines] == ["memory_bytes", "memory_limit_bytes"]
    assert set(reasons) == {"memory_bytes: must be below memory_limit_bytes (4.29497e+09)"}


def test_a_default_that_is_inherited_is_told_at_its_class():
    lines, _ = told(Lowered)
    assert sorted(lines) == [
        "@attrs.frozen(kw_only=True)",
        "memory_limit_bytes: float = 5  # the line that must be told",
    ]


def test_every_default_that_cannot_work_is_told():
    lines, reasons = told(Wrong)
    assert [line.endswith("# the line that must be told") for line in lines] == [True] * 5
    assert [reason.partition(":")[::2] for reason in reasons] == [
        ("memory_limit_bytes", " 0 is not between 0 and 1.1259e+15 (both excluded)"),
        ("cost", " 'ten' is no number"),
        ("tokens", " None is no number"),
        ("task_slo", ANY),
        ("rpc_slo", ANY),
    ]
