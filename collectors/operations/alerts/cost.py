"""What do the models consume, and is it known?"""

from typing import Final

from collectors.operations.formula import Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import COST_PER_HOUR, INPUT_OR_OUTPUT
from collectors.operations.wording import COUNT, LARGE_COUNT, PERCENT
from gui_agents.domain.usage import CallOutcome

REST_OF_DAY: Final = "86400 - time() % 86400"
"""Seconds until midnight UTC, when a new budget begins; no setting makes days shorter."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    answered = Matcher("outcome", "!=", CallOutcome.ERROR)
    tokens = setting.aggregate("sum", "agent_tokens_consumed_total", INPUT_OR_OUTPUT, increase="5m")
    by_provider = ("job", "provider")
    price_unknown = setting.aggregate("sum", "agent_model_price_unknown_total", by=by_provider, increase="15m")
    usage_unknown = setting.aggregate("sum", "agent_model_usage_unknown_total", by=by_provider, increase="15m")
    answers = setting.aggregate("sum", "agent_model_requests_total", answered, by=by_provider, increase="15m")
    return (
        Alert(
            name="HighTokenConsumptionRate",
            formula=(tokens, f" > {number(limits.tokens)}"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("10m"),
            severity=Severity.INFO,
            summary="{{ $labels.job }} consumes many tokens",
            description=(
                f"{{{{ $labels.job }}}} consumed {LARGE_COUNT} tokens within 5 minutes, and has for 10 minutes. First: "
                "see which provider it is, and whether there are more tasks than usual."
            ),
        ),
        Alert(
            name="HighExecutionCost",
            formula=f"{setting.series(COST_PER_HOUR)} > {number(limits.cost)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.job }} spends much",
            description=(
                '{{ $labels.job }} spent {{ printf "%.2f" $value }} {{ $labels.currency }} on models within 1 hour. '
                "First: see whether there are more tasks than usual, or more expensive ones."
            ),
        ),
        _daily_budget(setting),
        Alert(
            name="PriceUnknown",
            formula=(price_unknown, " > 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.INFO,
            summary="A model of {{ $labels.provider }} has no known price",
            description=(
                f"{COUNT} calls to {{{{ $labels.provider }}}} within 15 minutes used a model without a known price: "
                "the cost that is shown is too low. First: look for the model's name in the log."
            ),
        ),
        Alert(
            name="UsageUnknown",
            # A call that ends with an error was refused, or never arrived: nothing was billed.
            formula=(usage_unknown, " > 0\nand on (job, provider)\n", answers, " > 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.INFO,
            summary="{{ $labels.provider }} does not report what its calls used",
            description=(
                f"{COUNT} calls to {{{{ $labels.provider }}}} within 15 minutes reported no usage: the tokens and the "
                "cost that are shown are too low. First: see how these calls ended."
            ),
        ),
    )


def _daily_budget(setting: Setting) -> Alert:
    limits = setting.thresholds
    # What is spent is of days alone, and so finds the limits of days.
    spent, limit = setting.recent("agent_budget_spent"), setting.recent("agent_budget_limit")
    rising = f"{setting.series('agent_budget_spent')}[{setting.window('1h')}]"
    return Alert(
        name="DailyBudgetBurn",
        formula=(
            f"{spent} / {limit} > {number(limits.budget_ratio)}\nor\n"
            f"{spent} / {limit} > {number(limits.budget_minimum)}\n"
            f"and\npredict_linear({rising}, {REST_OF_DAY}) > {limit}"
        ),
        hold_seconds=setting.hold("5m"),
        severity=Severity.WARNING,
        summary="{{ $labels.instance }} uses up its budget of this day",
        description=(
            f"{{{{ $labels.instance }}}} has spent {PERCENT} of its budget in {{{{ $labels.currency }}}} for this day "
            "(UTC), and nothing will be left before the day ends if it goes on as within the last hour. It refuses "
            "tasks then, until midnight UTC. First: see whether there are more tasks than usual, or dearer ones."
        ),
    )
