"""The one retry layer: which failures of a call are worth another attempt, and how long to wait for it.

Clients of providers are built without retries of their own, so that each attempt is seen, reported and billed here.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from gui_agents.domain.model import ModelError
from gui_agents.http.pauses import MAX_PAUSE_LENGTH, number
from gui_agents.models.failures import MAX_PARTS, FailedAttemptError, nested

PAUSES: Final = ("retryDelay", "retry_delay", "retry_after", "retryAfter", "retry_after_seconds")
"""Fields of an error that ask for a pause, in seconds."""
SECONDS: Final = {"ms": 0.001, "mil": 0.001, "s": 1.0, "秒": 1.0, "m": 60.0, "分": 60.0, "h": 3600.0}
PART: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,9})?) ?(mil|ms|[hms秒分])")
ASKED: Final = re.compile(
    r"(?:try again|retry|retried|wait|resets?|请在|请)[a-z ]{0,20}?[: ]?"
    r"((?:[0-9]{1,6}(?:\.[0-9]{1,9})? ?"
    r"(?:milliseconds?|ms|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s|秒钟?|分钟?)(?![a-z]),? ?){1,3})"
)
"""Words that ask for a pause, such as `Please try again in 1m12.5s`."""

Answer = TypeVar("Answer")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how fast to try again."""

    max_attempts: int = 3
    """The first attempt included."""
    first_delay_seconds: float = 0.5
    """Doubled after every further failure, and cut by up to a half at random."""
    max_delay_seconds: float = 8.0
    max_rate_limited_attempts: int = 7
    """Attempts if the endpoint says that there were too many. Limits count requests over up to a minute, and the pauses
    of so many attempts are 63 s together. With `max_attempts` 1 there is no second one here either."""
    first_rate_limited_delay_seconds: float = 1.0
    """Doubled after every further failure, and up to a quarter longer at random."""
    max_retry_after_seconds: float = 60.0
    """If the provider asks for a longer pause, there is no further attempt."""

    def delay_seconds(self, failures: int, failed: FailedAttemptError, jitter: float) -> float:
        """Return the pause after so many failures, of which `failed` is the last; `jitter` is 0 to 1.

        What the provider asks for is the least that we wait; up to a quarter more keeps many tasks that were
        refused at one moment from coming back at one moment.
        """
        if failed.retry_after_seconds is not None:
            return failed.retry_after_seconds * (1 + jitter / 4)
        doubled: int = 2 ** min(failures - 1, 30)
        if failed.rate_limited:
            return min(self.max_retry_after_seconds, self.first_rate_limited_delay_seconds * doubled) * (1 + jitter / 4)
        return min(self.max_delay_seconds, self.first_delay_seconds * doubled) * (1 - jitter / 2)

    def attempts(self, failed: FailedAttemptError) -> int:
        """Return how many attempts there may be if the last one failed so."""
        if not failed.rate_limited or self.max_attempts == 1:
            return self.max_attempts
        return max(self.max_attempts, self.max_rate_limited_attempts)


def pause_in(body: Any) -> float | None:
    """Return how long an error's body asks to wait, in a field of its own; Gemini's is in the error's `details`."""
    for error in nested(body):
        details = error.get("details")
        parts = [part for part in details[:MAX_PARTS] if isinstance(part, Mapping)] if isinstance(details, list) else []
        for part in (error, *parts):
            pauses = (_pause(part.get(name)) for name in PAUSES)
            pause = next(filter(None, pauses), None)
            if pause is not None:
                return pause
    return None


def pause_said(words: str) -> float | None:
    """Return how long the words of an error ask to wait."""
    asked = ASKED.search(words.lower())
    return None if asked is None else _length(asked[1])


def _pause(value: Any) -> float | None:
    seconds = value.get("seconds") if isinstance(value, Mapping) else value
    text = str(seconds).lower() if isinstance(seconds, int | float | str) else ""
    return (_length(text) or number(text)) if len(text) <= MAX_PAUSE_LENGTH else None


def _length(text: str) -> float | None:
    """Return the seconds of a length such as `1m12.5s`; None if there are none."""
    return sum(float(number) * SECONDS[unit] for number, unit in PART.findall(text)) or None


async def call_with_retries(
    attempt: Callable[[], Awaitable[Answer]],
    policy: RetryPolicy,
    *,
    random: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    left_seconds: Callable[[], float],
) -> Answer:
    """Return the first answer of `attempt`; only `FailedAttemptError` is tried again, all else goes through.

    No pause is made that is longer than what is left of the task's time.

    Raises:
        ModelError: the failure cannot be retried, or was the last one allowed.
    """
    failures = 0
    while True:
        try:
            return await attempt()
        except FailedAttemptError as failed:
            failures += 1
            pause = policy.delay_seconds(failures, failed, random())
            stop = _reason_to_stop(failed, failures, policy)
            if stop is None:
                stop = _too_late(pause, left_seconds())
            if stop is not None:
                raise ModelError(f"{failed.problem}{stop}") from failed
        await sleep(pause)


def _reason_to_stop(failed: FailedAttemptError, failures: int, policy: RetryPolicy) -> str | None:
    if not failed.retryable:
        return ""
    if failures >= policy.attempts(failed):
        return f" (after {failures} attempts)" if failures > 1 else ""
    pause = failed.retry_after_seconds
    if pause is not None and pause > policy.max_retry_after_seconds:
        return f" (it asks to wait {pause:.0f} s, longer than the {policy.max_retry_after_seconds:.0f} s that we do)"
    return None


def _too_late(pause: float, left_seconds: float) -> str | None:
    if pause < left_seconds:
        return None
    return f" (the next attempt would be in {pause:.0f} s, and the task has {left_seconds:.0f} s left)"
