"""How long an endpoint asks to wait, by the headers of its answer."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MAX_PAUSE_LENGTH: Final = 64
"""Characters of a header that asks for a pause. A longer one is no number and no date."""


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long the provider asks to wait, by `retry-after-ms` or `retry-after` (RFC 9110, 10.2.3).

    `headers` is asked for lower-case names. What cannot be read, and no pause at all, count as not given.
    """
    milliseconds = number(headers.get("retry-after-ms", "")[:MAX_PAUSE_LENGTH])
    if milliseconds:
        return milliseconds / 1000
    text = headers.get("retry-after", "")[:MAX_PAUSE_LENGTH]
    seconds = number(text)
    return (seconds if seconds is not None else _seconds_until(text, now)) or None


def number(text: str) -> float | None:
    """Return a finite number that is not negative; None for any other text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
