"""Models: calls, tokens and money."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from collectors.metrics.definitions import RECENT, Described, Section, counter, gauge, histogram
from gui_agents.domain.usage import BudgetScope, CallOutcome, TokenDirection, TokenType
from gui_agents.snapshot import BudgetPoint, BudgetsSnapshot, ModelsSnapshot, ServiceSnapshot, TokenCounts

PROVIDERS = Described("the configured providers, others of the known ones as they are first called, and other")
BUDGETS = "budgets"
"""Switches off the budgets."""
BUDGETED = Described("ISO codes: those of DAILY_MAX_COST, and for a task those of the price file and USD")
CURRENCIES = Described("ISO codes: USD, those of the price file, and others as they are first billed")


def consumed(tokens: Mapping[str, TokenCounts]) -> dict[str, int]:
    """Return the tokens of all providers by type; `total` is the sum of the other two."""
    read = written = 0
    for counts in tokens.values():
        read += counts.input
        written += counts.output
    return {
        TokenType.INPUT.value: read,
        TokenType.OUTPUT.value: written,
        TokenType.TOTAL.value: read + written,
    }


def disjoint(tokens: Mapping[str, TokenCounts]) -> dict[tuple[str, str], int]:
    """Return the tokens by provider and direction, each of them counted once."""
    parts: dict[tuple[str, str], int] = {}
    for provider, counts in tokens.items():
        parts[provider, TokenDirection.INPUT.value] = counts.input - counts.cached_input - counts.cache_write
        parts[provider, TokenDirection.CACHED_INPUT.value] = counts.cached_input
        parts[provider, TokenDirection.CACHE_WRITE.value] = counts.cache_write
        parts[provider, TokenDirection.OUTPUT.value] = counts.output
    return parts


def cost(models: ModelsSnapshot) -> dict[str, float]:
    """Return the money by currency as the nearest doubles."""
    return {currency: float(amount) for currency, amount in models.cost.items()}


def limits(budgets: BudgetsSnapshot) -> dict[tuple[str, str], float] | None:
    """Return what may be spent by scope and currency, or None if nothing is limited."""
    of_days = {(BudgetScope.DAY.value, currency): float(point.limit) for currency, point in budgets.day.items()}
    of_tasks = {(BudgetScope.TASK.value, currency): float(limit) for currency, limit in budgets.task.items()}
    return of_days | of_tasks or None


def of_this_day(
    budgets: BudgetsSnapshot, read: Callable[[BudgetPoint], Decimal]
) -> dict[tuple[str, str], float] | None:
    """Return a number of this day's budgets by scope and currency, or None if there is none."""
    return {(BudgetScope.DAY.value, currency): float(read(point)) for currency, point in budgets.day.items()} or None


SECTION = Section[ServiceSnapshot](
    name="models",
    metrics=(
        counter(
            "agent_tokens_consumed_total",
            "Model tokens since the start, counted as each call returns; input includes cached tokens, "
            "and total is input and output together: do not sum over the types.",
            lambda snapshot: consumed(snapshot.models.tokens),
            labels={"type": TokenType},
            overlapping="type",
            example='sum(rate(agent_tokens_consumed_total{type="total"}[5m]))',
        ),
        counter(
            "agent_execution_cost_total",
            "Price of the model calls since the start, in units of the currency, counted as each call returns; "
            "calls without a known price add nothing here.",
            lambda snapshot: cost(snapshot.models),
            labels={"currency": CURRENCIES},
            example="sum by (currency) (increase(agent_execution_cost_total[1h]))",
        ),
        gauge(
            "agent_budget_limit",
            "Money that may be spent on models: by all tasks on one UTC day (day), and by one task (task); "
            "absent without a budget.",
            lambda snapshot: limits(snapshot.budgets),
            labels={"scope": BudgetScope, "currency": BUDGETED},
            example='agent_budget_limit{scope="day"}',
            optional=True,
            switch=BUDGETS,
        ),
        gauge(
            "agent_budget_spent",
            "Money that this UTC day's calls have spent, the worst case of those included that may have been billed "
            "and reported no usage; begins again at midnight, and with storage in memory when the service starts.",
            lambda snapshot: of_this_day(snapshot.budgets, lambda point: point.spent),
            labels={"scope": (BudgetScope.DAY,), "currency": BUDGETED},
            example="agent_budget_spent / agent_budget_limit",
            optional=True,
            switch=BUDGETS,
        ),
        gauge(
            "agent_budget_reserved",
            "Money that is set aside for the calls in flight: what they cost at most.",
            lambda snapshot: of_this_day(snapshot.budgets, lambda point: point.reserved),
            labels={"scope": (BudgetScope.DAY,), "currency": BUDGETED},
            example="agent_budget_limit - agent_budget_spent - agent_budget_reserved",
            optional=True,
            switch=BUDGETS,
        ),
        counter(
            "agent_model_requests_total",
            "Calls to models since the start, counted as each one ends, retries one by one.",
            lambda snapshot: snapshot.models.requests,
            labels={"provider": PROVIDERS, "outcome": CallOutcome},
            example='sum by (provider) (rate(agent_model_requests_total{outcome!="ok"}[5m]))',
            optional=True,
        ),
        gauge(
            "agent_recent_model_calls",
            "Calls to models that ended in the last five minutes, by outcome; for readers of a single page. "
            "Queries compute it from agent_model_requests_total, over any time.",
            lambda snapshot: snapshot.recent.model_calls,
            labels={"outcome": CallOutcome},
            example='sum by (instance) (agent_recent_model_calls{outcome!="ok"})',
            optional=True,
            switch=RECENT,
        ),
        histogram(
            "agent_model_request_duration_seconds",
            "Seconds of each call to a model, observed as it ends.",
            lambda snapshot: snapshot.models.durations,
            labels={"provider": PROVIDERS},
            example="histogram_quantile(0.95, "
            "sum by (le, provider) (rate(agent_model_request_duration_seconds_bucket[5m])))",
            optional=True,
        ),
        counter(
            "agent_model_tokens_total",
            "Model tokens since the start, counted as each call returns; the directions are disjoint: "
            "input leaves out what came from a cache and what was written to one.",
            lambda snapshot: disjoint(snapshot.models.tokens),
            labels={"provider": PROVIDERS, "direction": TokenDirection},
            example="sum by (provider, direction) (rate(agent_model_tokens_total[5m]))",
            optional=True,
        ),
        counter(
            "agent_model_usage_unknown_total",
            "Calls since the start that may have been billed and reported no token usage; "
            "calls that were refused or never reached the endpoint are not counted.",
            lambda snapshot: snapshot.models.usage_unknown,
            labels={"provider": PROVIDERS},
            example="sum by (provider) (increase(agent_model_usage_unknown_total[1h]))",
            optional=True,
        ),
        counter(
            "agent_model_price_unknown_total",
            "Calls since the start to models without a known price, except those that were surely not billed.",
            lambda snapshot: snapshot.models.price_unknown,
            labels={"provider": PROVIDERS},
            example="sum by (provider) (increase(agent_model_price_unknown_total[1h]))",
            optional=True,
        ),
    ),
)
