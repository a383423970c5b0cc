from decimal import Decimal

import pytest

from gui_agents.agent.spending import Spending, SpendingLimits
from gui_agents.domain.model import BudgetExhaustedError
from gui_agents.domain.usage import CallBound
from tests.fakes import a_price

BOUND = CallBound("openai", "m", 1000, 400, 100)
QUOTE = a_price("3", "0.3", "15").quote(BOUND)
"""0.003 for the input, 0.000015 for each output token."""


def room(spending, quote=QUOTE):
    """Return the output tokens, or why there is no room."""
    try:
        return spending.output_tokens(BOUND, quote)
    except BudgetExhaustedError as error:
        return str(error)


@pytest.mark.parametrize(
    "limits", [SpendingLimits(), SpendingLimits(tokens=1400), SpendingLimits(cost=Decimal("0.009"))]
)
def test_a_call_that_fits_gets_all_its_output_tokens(limits):
    assert room(Spending(limits)) == 400


@pytest.mark.parametrize(
    "limits", [SpendingLimits(1250), SpendingLimits(cost=Decimal("0.006764")), SpendingLimits(1250, Decimal("0.0069"))]
)
def test_a_call_that_fits_in_part_gets_what_is_left(limits):
    assert room(Spending(limits)) == 250


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (SpendingLimits(1099), "TASK_MAX_TOKENS allows 1099 tokens; 1099 are left, and the next call may use 1100"),
        (
            SpendingLimits(cost=Decimal("0.00449")),
            "TASK_MAX_COST allows 0.00449 USD; 0.00449 is left, and the next call may cost 0.0045",
        ),
    ],
)
def test_a_call_that_does_not_fit_is_refused_with_the_limit(limits, words):
    assert room(Spending(limits)) == words


def test_what_is_spent_leaves_less_room():
    spending = Spending(SpendingLimits(2000, Decimal("0.01")))
    spending.spent(700, Decimal("0.001"))
    assert room(spending) == 300
    spending.spent(0, Decimal("0.0039"))
    assert room(spending) == 140
    spending.spent(5000, Decimal(0))
    assert room(spending) == "TASK_MAX_TOKENS allows 2000 tokens; 0 are left, and the next call may use 1100"


def test_an_unknown_price_is_limited_by_tokens_alone():
    assert room(Spending(SpendingLimits(1250, Decimal("0.000001"))), None) == 250


def test_what_is_free_always_fits_a_limit_of_money():
    spending = Spending(SpendingLimits(cost=Decimal("0.01")))
    spending.spent(0, Decimal("0.02"))
    assert room(spending, a_price("0", "0", "0").quote(BOUND)) == 400
