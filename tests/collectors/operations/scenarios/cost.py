"""The alerts on tokens and money."""

from typing import Final

from tests.collectors.operations.scenarios.case import Case, Course
from tests.collectors.operations.timelines import Phases, Signal, growth, level

TOKENS: Final = "agent_tokens_consumed_total"
SPENT: Final = "agent_execution_cost_total"
BUDGET: Final = "agent_budget_spent"
DOLLARS: Final = 'currency="USD",scope="day"'
LIMIT: Final = level("agent_budget_limit", 10, 10, DOLLARS)
TOO_FAST: Final = Course(signals=[LIMIT, growth(BUDGET, 0, 0.02, DOLLARS, start=3)], rise=20, fall=42)
"""Nearly a third is spent; all of it would be within hours."""


def _tokens(taken: float, given: float) -> list[Signal]:
    return [
        growth(TOKENS, 100, taken, 'type="input"'),
        growth(TOKENS, 100, given, 'type="output"'),
        growth(TOKENS, 200, taken + given, 'type="total"'),
    ]


def _spent(dollars: float) -> list[Signal]:
    return [growth(SPENT, 0.001, dollars, 'currency="USD"'), growth(SPENT, 0.001, 0.01, 'currency="EUR"')]


def _calls(outcome: str) -> Signal:
    """A call a minute that ends so, while bad."""
    return growth("agent_model_requests_total", 0, 1, f'provider="openai",outcome="{outcome}"')


def _unknown(alert: str, metric: str, *, unanswered: bool) -> Case:
    """A case of calls of which something is not known; calls that nobody answered may be among them."""
    signals = [growth(metric, 0, 1, 'provider="openai"'), *([_calls("timeout"), _calls("error")] if unanswered else ())]
    return Case(
        alert=alert,
        severity="info",
        course=Course(signals=signals, rise=1, fall=15),
        worse=signals,
        phases=Phases(20, 30, 30),
        hold=5,
        labels={"provider": "openai"},
        quiet={
            "no such call": [growth(metric, 0, 0, 'provider="openai"'), _calls("ok")],
            **({"nobody answers": [growth(metric, 0, 1, 'provider="openai"'), _calls("error")]} if unanswered else {}),
        },
    )


CASES: Final = (
    Case(
        alert="HighTokenConsumptionRate",
        severity="info",
        course=Course(signals=_tokens(2_400_000, 1_800_000), rise=5, fall=1),
        worse=_tokens(2_400_000, 1_800_000),
        clearer=_tokens(3_400_000, 2_600_000),
        phases=Phases(10, 30, 20),
        hold=10,
        quiet={
            "hardly 20,000,000 of three instances": _tokens(800_000, 520_000),
            "three vision tasks": _tokens(400_000, 10_000),
        },
    ),
    Case(
        alert="HighExecutionCost",
        severity="warning",
        course=Course(signals=_spent(0.18), rise=56, fall=5),
        worse=_spent(0.18),
        phases=Phases(60, 90, 50),
        hold=5,
        labels={"currency": "USD"},
        quiet={
            "9.9 an hour": [growth(SPENT, 0, 0.055, 'currency="USD"')],
            "8 an hour in each of two currencies": [
                growth(SPENT, 0, 0.04, 'currency="USD"'),
                growth(SPENT, 0, 0.04, 'currency="EUR"'),
            ],
        },
    ),
    Case(
        alert="DailyBudgetBurn",
        severity="warning",
        course=Course(signals=[LIMIT, level(BUDGET, 7.99, 8.01, DOLLARS)]),
        also={
            "too fast": TOO_FAST,
            "from little": Course(signals=[LIMIT, growth(BUDGET, 0, 0.02, DOLLARS, start=1.01)], rise=50, fall=39),
        },
        otherwise=TOO_FAST,
        per_instance=True,
        phases=Phases(60, 60, 70),
        hold=5,
        labels={"currency": "USD"},
        quiet={
            "exactly 80 %, and nothing more": [LIMIT, level(BUDGET, 1, 8, DOLLARS)],
            "all of it in 25 hours": [LIMIT, growth(BUDGET, 0, 10 / 1500, DOLLARS)],
            "much within minutes, and no 20 % of it": [LIMIT, level(BUDGET, 0, 1.9, DOLLARS)],
        },
    ),
    _unknown("PriceUnknown", "agent_model_price_unknown_total", unanswered=False),
    _unknown("UsageUnknown", "agent_model_usage_unknown_total", unanswered=True),
)
