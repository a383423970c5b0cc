from decimal import Decimal

import pytest

from gui_agents.agent.budget import Budget
from gui_agents.agent.ledger import Ledger
from gui_agents.domain.lifecycle import FailureReason, TaskEvent
from tests.fakes import FakeClock, FixedPrices, new_state


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
