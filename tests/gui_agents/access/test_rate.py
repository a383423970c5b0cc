"""Calls a minute: never more than a minute's worth at once, and the wait that is told is enough."""

from hypothesis import given
from hypothesis import strategies as st

from gui_agents.access.rate import Rate

steps = st.lists(st.floats(0, 40, allow_subnormal=False), max_size=60)


@given(st.integers(1, 20), steps)
def test_a_minute_holds_at_most_twice_the_number_and_a_second_of_rest_brings_its_part(per_minute, pauses):
    rate, now, taken = Rate(), 100.0, []
    for pause in pauses:
        now += pause
        if rate.take(per_minute, now) == 0:
            taken.append(now)
    for begin in taken:
        within = [at for at in taken if begin <= at < begin + 60]
        # The minute's worth that was saved up, and what one more minute brings.
        assert len(within) <= 2 * per_minute
    if taken:
        assert len(taken) <= per_minute + (taken[-1] - taken[0]) * per_minute / 60 + 1


@given(st.integers(1, 20), steps)
def test_after_the_wait_that_is_told_there_is_one(per_minute, pauses):
    rate, now = Rate(), 100.0
    for pause in pauses:
        now += pause
        wait = rate.take(per_minute, now)
        if wait:
            now += wait
            assert rate.take(per_minute, now) == 0


def test_a_minutes_worth_may_come_at_once():
    rate = Rate()
    assert [rate.take(3, 0.0) for _ in range(5)] == [0, 0, 0, 20, 20]
    assert [rate.take(3, 20.0) for _ in range(2)] == [0, 20]
