"""Models: calls, tokens and money."""

from collections.abc import Mapping

from collectors.metrics.definitions import RECENT, Described, Section, counter, gauge, histogram
from gui_agents.domain.usage import CallOutcome, TokenDirection, TokenType
from gui_agents.snapshot import ModelsSnapshot, ServiceSnapshot, TokenCounts

PROVIDERS = Described("the configured providers, others of the known ones as they are first called, and other")
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
        parts[provider, TokenDirection.INPUT.value] = counts.input - counts.cached_input
        parts[provider, TokenDirection.CACHED_INPUT.value] = counts.cached_input
        parts[provider, TokenDirection.OUTPUT.value] = counts.output
    return parts


def cost(models: ModelsSnapshot) -> dict[str, float]:
    """Return the money by currency as the nearest doubles."""
    return {currency: float(amount) for currency, amount in models.cost.items()}


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
            "Model tokens since the start, counted as each call returns; the three directions are disjoint, "
            "and input leaves out the cached ones.",
            lambda snapshot: disjoint(snapshot.models.tokens),
            labels={"provider": PROVIDERS, "direction": TokenDirection},
            example="sum by (provider, direction) (rate(agent_model_tokens_total[5m]))",
            optional=True,
        ),
        counter(
            "agent_model_usage_unknown_total",
            "Calls since the start that reported no token usage.",
            lambda snapshot: snapshot.models.usage_unknown,
            labels={"provider": PROVIDERS},
            example="sum by (provider) (increase(agent_model_usage_unknown_total[1h]))",
            optional=True,
        ),
        counter(
            "agent_model_price_unknown_total",
            "Calls since the start to models without a known price.",
            lambda snapshot: snapshot.models.price_unknown,
            labels={"provider": PROVIDERS},
            example="sum by (provider) (increase(agent_model_price_unknown_total[1h]))",
            optional=True,
        ),
    ),
)
