"""Moments and spans of time as a user writes them: `90s`, `1h30m`, `2d`, or a date."""

import argparse
import time
from datetime import UTC, datetime

from gui_agents.domain import moment as domain


def span(text: str) -> float:
    """Read a span of time; return seconds."""
    seconds = domain.span(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"must be a time such as 90s, 15m, 1h30m or 2d, not {text!r:.60}")
    return seconds


def moment(text: str) -> float:
    """Read how long ago something was, or its date; return seconds since the epoch."""
    seconds = domain.span(text)
    if seconds is not None:
        return time.time() - seconds
    if len(text) <= domain.MAX_LENGTH:
        try:
            return datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError, OSError):
            pass
    raise argparse.ArgumentTypeError(
        f"must be a time ago such as 90s, 1h or 2d, or a date such as 2026-01-31T13:00, not {text!r:.60}"
    )


def local(at: float) -> str:
    """Return a moment in this machine's time zone."""
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"


def iso(at: float | None) -> str | None:
    """Return a moment in UTC, for scripts."""
    return None if at is None else datetime.fromtimestamp(at, tz=UTC).isoformat()
