"""The numbers that the runbooks spell out are the default thresholds, which stand in one place."""

import re

import attrs
import pytest

from collectors.operations import runbooks
from collectors.operations.thresholds import Thresholds

UNITS = {"%": 0.01, "GiB": 2**30, "s": 1, "times": 1, "": 1}
NUMBER_AND_NAME = re.compile(r"([\d.,]+)(?:\s(%|GiB|s|times))?\s\(`(\w+)`\)")


def told():
    return [
        pytest.param(name, float(number.replace(",", "")) * UNITS[unit], id=f"{page}-{name}")
        for page, text in runbooks.texts().items()
        for number, unit, name in NUMBER_AND_NAME.findall(text)
    ]


@pytest.mark.parametrize(("name", "value"), told())
def test_a_runbook_tells_the_default(name, value):
    assert value == pytest.approx(getattr(Thresholds(), name))


def test_every_threshold_is_told_by_a_runbook():
    assert {parameter.values[0] for parameter in told()} == {field.name for field in attrs.fields(Thresholds)}
