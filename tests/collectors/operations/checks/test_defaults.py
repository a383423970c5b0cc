from pathlib import Path

import attrs
import pytest

from collectors.operations.checks.defaults import check_defaults
from collectors.operations.thresholds import GIBIBYTE, Thresholds


@attrs.frozen(kw_only=True)
class Unreachable(Thresholds):
    task_slo: float = 0.9  # the line that must be told


@attrs.frozen(kw_only=True)
class Contradictory(Thresholds):
    cost: float = 20
    memory_bytes: float = 5 * GIBIBYTE  # the line that must be told


def test_the_thresholds_as_they_are_written_work():
    assert check_defaults() == []


@pytest.mark.parametrize(("model", "field"), [(Unreachable, "task_slo"), (Contradictory, "memory_bytes")])
def test_a_default_that_cannot_work_is_told_with_file_line_and_reason(model, field):
    (finding,) = check_defaults(model)
    line = Path(__file__).read_text("utf-8").splitlines()[finding.line - 1]
    assert finding.path == __file__
    assert line.strip().startswith(f"{field}: ")
    assert line.endswith("# the line that must be told")
    assert finding.reason.startswith(f"{field}: ")
