"""The numbers that the runbooks spell out are the default thresholds, which stand in one place."""

import re
from pathlib import Path

import attrs
import pytest

from collectors.operations.thresholds import Thresholds

RUNBOOKS = Path(__file__).parent.parent / "docs" / "runbooks"
UNITS = {"%": 0.01, "GiB": 2**30, "s": 1, "times": 1, "": 1}
NUMBER_AND_NAME = re.compile(r"([\d.,]+)(?: (%|GiB|s|times))? \(`(\w+)`\)")


def told():
    return [
        pytest.param(name, float(number.replace(",", "")) * UNITS[unit], id=f"{page.stem}-{name}")
        for page in sorted(RUNBOOKS.glob("*.md"))
        for number, unit, name in NUMBER_AND_NAME.findall(page.read_text())
    ]


@pytest.mark.parametrize(("name", "value"), told())
def test_a_runbook_tells_the_default(name, value):
    assert value == pytest.approx(getattr(Thresholds(), name))


def test_every_threshold_is_told_by_a_runbook():
    assert {parameter.values[0] for parameter in told()} == {field.name for field in attrs.fields(Thresholds)}
