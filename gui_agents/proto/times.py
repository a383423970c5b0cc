"""Instants and spans of time as protobuf, and back; pure."""

from math import floor
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

NANOSECONDS: Final = 10**9


def timestamp(at: float) -> Timestamp:
    """Return an instant, in seconds since the epoch. `seconds_of` returns the very same number for it."""
    seconds, nanoseconds = _split(at)
    return Timestamp(seconds=seconds, nanos=nanoseconds)


def duration(seconds: float) -> Duration:
    """Return a span of time."""
    whole, nanoseconds = _split(max(0.0, seconds))
    return Duration(seconds=whole, nanos=nanoseconds)


def seconds_of(time: Timestamp | Duration) -> float:
    """Return an instant or a span of time in seconds."""
    # A division of whole numbers is rounded once.
    return float((time.seconds * NANOSECONDS + time.nanos) / NANOSECONDS)


def _split(seconds: float) -> tuple[int, int]:
    # The whole seconds go first: a float has no room for the nanoseconds since the epoch.
    whole = floor(seconds)
    nanoseconds = round((seconds - whole) * NANOSECONDS)
    return (whole + 1, 0) if nanoseconds == NANOSECONDS else (whole, nanoseconds)
