from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.model import ModelError
from gui_agents.http.pauses import retry_after_seconds
from gui_agents.models.failures import FailedAttemptError, is_retryable
from gui_agents.models.retry import RetryPolicy, call_with_retries, pause_in, pause_said

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


class Attempts:
    """Fails as told, then answers."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.made = 0
        self.pauses = []
        self.seconds = 3600.0

    async def __call__(self):
        self.made += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    async def sleep(self, seconds):
        self.pauses.append(seconds)

    async def run(self, policy=None, jitter=0.0):
        return await call_with_retries(
            self,
            policy or RetryPolicy(),
            random=lambda: jitter,
            sleep=self.sleep,
            left_seconds=lambda: self.seconds - sum(self.pauses),
        )


def trouble(**details):
    return FailedAttemptError("trouble", **{"retryable": True, **details})


async def test_the_first_answer_ends_it():
    attempts = Attempts()
    assert (await attempts.run(), attempts.made, attempts.pauses) == ("answer", 1, [])


async def test_pauses_double():
    attempts = Attempts(trouble(), trouble(), trouble(), trouble(), trouble())
    assert await attempts.run(RetryPolicy(max_attempts=6)) == "answer"
    assert attempts.pauses == [0.5, 1.0, 2.0, 4.0, 8.0]


async def test_pauses_have_a_maximum_and_jitter_cuts_them_to_a_half_at_most():
    attempts = Attempts(*(trouble() for _ in range(7)))
    await attempts.run(RetryPolicy(max_attempts=8), jitter=1.0)
    assert attempts.pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


async def test_the_last_failure_is_told_with_the_number_of_attempts():
    attempts = Attempts(trouble(), trouble(), trouble())
    with pytest.raises(ModelError, match=r"^trouble \(after 3 attempts\)$"):
        await attempts.run()
    assert (attempts.made, attempts.pauses) == (3, [0.5, 1.0])


async def test_a_single_attempt_never_waits():
    attempts = Attempts(trouble())
    with pytest.raises(ModelError, match=r"^trouble$"):
        await attempts.run(RetryPolicy(max_attempts=1))
    assert attempts.pauses == []


async def test_what_cannot_be_retried_ends_it_at_once():
    attempts = Attempts(trouble(retryable=False))
    with pytest.raises(ModelError, match=r"^trouble$"):
        await attempts.run()
    assert attempts.made == 1


async def test_other_errors_go_through_at_once():
    attempts = Attempts(KeyError("defect"))
    with pytest.raises(KeyError):
        await attempts.run()
    assert attempts.made == 1


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 7.0), (1.0, 8.75)])
async def test_the_provider_is_given_at_least_the_time_that_it_asks_for(jitter, pause):
    attempts = Attempts(trouble(retry_after_seconds=7.0))
    await attempts.run(jitter=jitter)
    assert attempts.pauses == [pause]


async def test_a_provider_that_asks_for_too_much_time_is_given_up():
    attempts = Attempts(trouble(retry_after_seconds=3600.0))
    with pytest.raises(ModelError, match="asks to wait 3600 s, longer than the 60 s that we do"):
        await attempts.run()
    assert attempts.made == 1


async def test_too_many_requests_are_tried_again_for_a_minute():
    attempts = Attempts(*(trouble(rate_limited=True) for _ in range(9)))
    with pytest.raises(ModelError, match=r"^trouble \(after 7 attempts\)$"):
        await attempts.run(jitter=0.0)
    assert attempts.pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]


async def test_too_many_requests_are_final_if_there_may_be_one_attempt():
    attempts = Attempts(trouble(rate_limited=True))
    with pytest.raises(ModelError, match=r"^trouble$"):
        await attempts.run(RetryPolicy(max_attempts=1))


async def test_no_pause_goes_beyond_the_end_of_the_task():
    attempts = Attempts(*(trouble(rate_limited=True) for _ in range(9)))
    attempts.seconds = 6.0
    with pytest.raises(ModelError, match=r"^trouble \(the next attempt would be in 4 s, and the task has 3 s left\)$"):
        await attempts.run()
    assert attempts.pauses == [1.0, 2.0]


def test_retryable_statuses():
    statuses = [200, 307, 400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 498, 500, 502, 503, 504, 529, 599, 600]
    assert [status for status in statuses if is_retryable(status)] == [
        408,
        409,
        425,
        429,
        498,
        500,
        502,
        503,
        504,
        529,
        599,
    ]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 13:00:30 +0100"}, 30.0),
        ({"retry-after-ms": "0", "retry-after": "30"}, 30.0),
        ({"retry-after-ms": "0"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "later"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after_seconds(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Please try again in 7.66s.", 7.66),
        ("try again in 7 s", 7.0),
        ("Please try again in 1m12.5s. Visit", 72.5),
        ("try again in 20ms", 0.02),
        ("Please retry after 20 seconds.", 20.0),
        ("You should wait 30 seconds", 30.0),
        ("retry in 1 minute, 5 seconds", 65.0),
        ("The limit resets in 1 hour", 3600.0),
        ("请在7秒后重试", 7.0),
        ("try again in 0s", None),
        ("try again in 3 steps", None),
        ("retry 3 times", None),
        ("try again later", None),
        ("Limit 5 min, used 7 s", None),
        ("try again in " + "9" * 10_000 + "s", None),
    ],
)
def test_a_pause_in_words(words, seconds):
    assert pause_said(words) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"details": ["x", {"reason": "y"}, {"retryDelay": "7s"}]}}, 7.0),
        ([{"error": {"details": [{"retryDelay": {"seconds": "7"}}]}}], 7.0),
        ({"retry_after": 3}, 3.0),
        ({"error": {"retry_after": "2.5"}}, 2.5),
        ({"error": {"metadata": {"raw": '{"error":{"retry_after":9}}'}}}, 9.0),
        ({"retry_after": 0}, None),
        ({"retry_after": -1}, None),
        ({"retry_after": True}, None),
        ({"retry_after": float("inf")}, None),
        ({"retry_after": 10**400}, None),
        ({"retry_after": [1]}, None),
        ({"error": {"details": "7s"}}, None),
        ("7s", None),
        (None, None),
    ],
)
def test_a_pause_in_a_field_of_an_error(body, seconds):
    assert pause_in(body) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text()))
def test_any_retry_after_is_a_pause_or_nothing(headers):
    seconds = retry_after_seconds(headers, NOW)
    assert seconds is None or 0 < seconds < float("inf")


@given(st.integers(1, 10_000), st.none() | st.floats(0, 60), st.booleans(), st.floats(0, 1))
def test_pauses_stay_in_bounds(failures, asked, limited, jitter):
    policy = RetryPolicy()
    pause = policy.delay_seconds(failures, trouble(retry_after_seconds=asked, rate_limited=limited), jitter)
    if asked is None and limited:
        assert policy.first_rate_limited_delay_seconds <= pause <= policy.max_retry_after_seconds * 1.25
    elif asked is None:
        assert policy.first_delay_seconds / 2 <= pause <= policy.max_delay_seconds
    else:
        assert asked <= pause <= asked * 1.25
