from fractions import Fraction

import pytest

from collectors.operations.model import Setting, duration, number


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (5, "5s"), (90, "90s"), (300, "5m"), (7200, "2h"), (259200, "3d")]
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds, text):
    assert duration(Fraction(seconds)) == text


def test_a_fraction_of_a_second_is_written_in_milliseconds():
    assert duration(Fraction(1, 4)) == "250ms"
    with pytest.raises(ValueError, match="no whole number of milliseconds"):
        duration(Fraction(1, 3))


@pytest.mark.parametrize(("value", "text"), [(2.0 * 2**30, "2147483648"), (14.4 * 0.05, "0.72"), (100_000, "100000")])
def test_numbers_are_written_without_the_noise_of_binary_fractions(value, text):
    assert number(value) == text


def test_time_runs_at_the_scale_of_the_setting():
    setting = Setting(scale=Fraction(1, 60))
    assert (setting.window("1h"), setting.hold("5m"), setting.seconds(900)) == ("1m", 5.0, "15")


@pytest.mark.parametrize("job", ["", 'a"b', "1st", "a b"])
def test_a_job_that_would_break_an_expression_is_refused(job):
    with pytest.raises(ValueError, match="job"):
        Setting(job=job)
