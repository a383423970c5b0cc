from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.agent.budget import STUCK_REPEATS, Budget, Repetition
from gui_agents.agent.ledger import Ledger
from gui_agents.domain.actions import Click, Wait
from gui_agents.domain.lifecycle import FailureReason, TaskEvent
from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Observation, Picture
from tests.fakes import FakeClock, FixedPrices, a_screen, new_state


def a_ledger(steps=0, tokens=0, cost="0"):
    ledger = Ledger("t", new_state(FakeClock()), FixedPrices())
    ledger.steps, ledger.tokens, ledger.cost = steps, tokens, Decimal(cost)
    return ledger


@pytest.mark.parametrize(
    ("budget", "ledger", "reason"),
    [
        (Budget(3), a_ledger(steps=2), None),
        (Budget(3), a_ledger(steps=3), FailureReason.STEP_LIMIT),
        (Budget(3), a_ledger(steps=4), FailureReason.STEP_LIMIT),
        (Budget(3), a_ledger(tokens=10**12, cost="1000000"), None),
        (Budget(3, tokens=100), a_ledger(tokens=99), None),
        (Budget(3, tokens=100), a_ledger(tokens=100), FailureReason.BUDGET),
        (Budget(3, cost=Decimal("0.5")), a_ledger(cost="0.4999999999999999999999"), None),
        (Budget(3, cost=Decimal("0.5")), a_ledger(cost="0.50"), FailureReason.BUDGET),
        (Budget(3, tokens=1, cost=Decimal(1)), a_ledger(steps=3, tokens=1, cost="1"), FailureReason.STEP_LIMIT),
    ],
)
def test_a_limit_ends_the_task_when_it_is_used_up(budget, ledger, reason):
    ending = budget.exceeded(ledger)
    if reason is None:
        assert ending is None
    else:
        assert (ending.event, ending.reason) == (TaskEvent.FAIL, reason)
        assert ending.message.startswith(f"{reason}: ")


steps = st.lists(
    st.tuples(st.sampled_from([Click(1, 1), Click(2, 2), Wait(1.0)]), st.sampled_from(["one", "two"])), max_size=40
)


@given(steps)
def test_five_equal_steps_in_a_row_are_stuck_and_nothing_else(taken):
    repetition = Repetition()
    for number, (action, title) in enumerate(taken, 1):
        ending = repetition.stuck(action, a_screen(title))
        last = taken[max(0, number - STUCK_REPEATS) : number]
        assert (ending is not None) == (len(last) == STUCK_REPEATS and len(set(last)) == 1)


def pictured(data):
    return Observation(10, 10, screenshot=Picture(data, 10, 10, PictureFormat.PNG))


def test_screens_without_a_tree_are_told_apart_by_their_picture():
    repetition = Repetition()
    for number in range(20):
        assert repetition.stuck(Click(1, 1), pictured(bytes([number]))) is None
    endings = [repetition.stuck(Click(1, 1), pictured(b"still")) for _ in range(5)]
    assert [ending is not None for ending in endings] == [False, False, False, False, True]
