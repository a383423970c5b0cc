"""Instants and spans of time survive the way through protobuf."""

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.proto.times import duration, seconds_of, timestamp


@given(at=st.floats(1e9, 4e9))
def test_an_instant_comes_back_as_the_same_number(at):
    assert seconds_of(Timestamp.FromString(timestamp(at).SerializeToString())) == at


@given(seconds=st.floats(0, 1e6))
def test_a_span_comes_back_to_the_nanosecond(seconds):
    assert seconds_of(duration(seconds)) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(1.5, (1, 500_000_000)), (0.9999999999, (1, 0)), (-3.0, (0, 0))],
    ids=["plain", "rounded up to the next second", "below nothing"],
)
def test_a_span_is_whole_seconds_and_nanoseconds(seconds, expected):
    assert duration(seconds) == Duration(seconds=expected[0], nanos=expected[1])


def test_an_instant_before_the_epoch_counts_its_nanoseconds_forwards():
    assert timestamp(-0.25) == Timestamp(seconds=-1, nanos=750_000_000)
