"""Moments and spans of time as people write and read them: `90s`, `1h30m`, `2d`, a date; `4.2 s`, `1:02:03`."""

import re
from datetime import UTC, datetime
from typing import Final

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MINUTE: Final = 60
MAX_LENGTH: Final = 40
"""Characters of a moment."""
_SPAN: Final = re.compile(r"(?:[0-9]{1,9}[smhdw])+")
_PART: Final = re.compile(r"([0-9]{1,9})([smhdw])")


def span(text: str) -> float | None:
    """Return the seconds of a span of time such as `1h30m`; None if it is none."""
    if len(text) > MAX_LENGTH or not _SPAN.fullmatch(text):
        return None
    return float(sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text)))


def moment(text: str, now: float) -> float:
    """Return seconds since the epoch; a date without a time zone is one of UTC.

    Raises:
        ValueError: it is no moment; the text says what would be one.
    """
    seconds = span(text)
    if seconds is not None:
        return now - seconds
    if len(text) <= MAX_LENGTH:
        try:
            date = datetime.fromisoformat(text)
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            pass
    raise ValueError(f"{text!r:.60} is no time: write 90s, 1h or 2d for how long ago, or a date as 2026-01-31T13:00")


def lasted(seconds: float) -> str:
    """Return a span of time as people read it, such as `4.2 s` or `1:02:03`."""
    if round(seconds, 1) < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
