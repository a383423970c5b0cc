"""The one retry layer: which failures of a call are worth another attempt, and how long to wait for it.

Clients of providers are built without retries of their own, so that each attempt is seen, reported and billed here.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import attrs

from gui_agents.domain.model import ModelError
from gui_agents.models.failures import FailedAttemptError

MAX_PAUSE_LENGTH: Final = 64
"""Characters of a header that asks for a pause. A longer one is no number and no date."""

Answer = TypeVar("Answer")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how fast to try again."""

    max_attempts: int = 3
    """The first attempt included."""
    first_delay_seconds: float = 0.5
    """Doubled after every further failure, and cut by up to a half at random."""
    max_delay_seconds: float = 8.0
    max_retry_after_seconds: float = 60.0
    """If the provider asks for a longer pause, there is no further attempt."""

    def delay_seconds(self, failures: int, retry_after_seconds: float | None, jitter: float) -> float:
        """Return the pause after so many failures; `jitter` is 0 to 1.

        What the provider asks for is the least that we wait; up to a quarter more keeps many tasks that were
        refused at one moment from coming back at one moment.
        """
        if retry_after_seconds is not None:
            return retry_after_seconds * (1 + jitter / 4)
        longest: float = min(self.max_delay_seconds, self.first_delay_seconds * 2 ** min(failures - 1, 30))
        return longest * (1 - jitter / 2)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long the provider asks to wait, by `retry-after-ms` or `retry-after` (RFC 9110, 10.2.3).

    `headers` is asked for lower-case names. What cannot be read counts as not given; a date in the past is 0.
    """
    milliseconds = _number(headers.get("retry-after-ms", "")[:MAX_PAUSE_LENGTH])
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "")[:MAX_PAUSE_LENGTH]
    seconds = _number(text)
    return seconds if seconds is not None else _seconds_until(text, now)


def _number(text: str) -> float | None:
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


async def call_with_retries(
    attempt: Callable[[], Awaitable[Answer]],
    policy: RetryPolicy,
    *,
    random: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> Answer:
    """Return the first answer of `attempt`; only `FailedAttemptError` is tried again, all else goes through.

    Raises:
        ModelError: the failure cannot be retried, or was the last one allowed.
    """
    failures = 0
    while True:
        try:
            return await attempt()
        except FailedAttemptError as failed:
            failures += 1
            stop = _reason_to_stop(failed, failures, policy)
            if stop is not None:
                raise ModelError(f"{failed.problem}{stop}") from failed
            pause = policy.delay_seconds(failures, failed.retry_after_seconds, random())
        await sleep(pause)


def _reason_to_stop(failed: FailedAttemptError, failures: int, policy: RetryPolicy) -> str | None:
    if not failed.retryable:
        return ""
    if failures >= policy.max_attempts:
        return f" (after {failures} attempts)" if failures > 1 else ""
    pause = failed.retry_after_seconds
    if pause is not None and pause > policy.max_retry_after_seconds:
        return f" (it asks to wait {pause:.0f} s, longer than the {policy.max_retry_after_seconds:.0f} s that we do)"
    return None
