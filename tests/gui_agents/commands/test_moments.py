"""Moments and spans of time as a user writes and reads them."""

import argparse
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.commands.moments import iso, moment, span


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3600), ("2d", 172_800), ("1w", 604_800), ("1h30m", 5400)]
)
def test_a_span_is_read(text, seconds):
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "1.5h", "-1h", "1 h", "1H", "1y", "٣h", "1h" * 50, "9" * 20 + "s"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="must be a time such as"):
        span(text)


def test_a_span_is_a_moment_so_long_ago():
    assert moment("2h") == pytest.approx(time.time() - 7200, abs=60)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2023-11-14T22:13:20+00:00", 1_700_000_000),
        ("2023-11-14 22:13:20Z", 1_700_000_000),
        ("2023-11-15T00:13:20+02:00", 1_700_000_000),
    ],
)
def test_a_date_is_a_moment(text, at):
    assert moment(text) == at


def test_a_date_without_a_zone_is_that_of_this_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert iso(moment("2026-01-31")) == "2026-01-30T15:00:00+00:00"
    finally:
        monkeypatch.undo()
        time.tzset()


@given(text=st.text(max_size=60))
def test_any_other_text_is_refused(text):
    try:
        assert isinstance(moment(text), float)
    except argparse.ArgumentTypeError as error:
        assert "must be a time ago such as 90s" in str(error)  # noqa: PT017 - Hypothesis also draws moments
