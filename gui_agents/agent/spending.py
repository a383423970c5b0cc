"""What one task may spend, and what it has spent so far."""

from decimal import Decimal

import attrs

from gui_agents.domain.claim import NOTHING
from gui_agents.domain.model import BudgetExhaustedError
from gui_agents.domain.money import EXACT, shown
from gui_agents.domain.price import Quote
from gui_agents.domain.usage import CallBound


@attrs.frozen
class SpendingLimits:
    """Tokens and money that one task may use; None is no limit."""

    tokens: int | None = None
    cost: Decimal | None = None


class Spending:
    """What one task has spent: bills, and the worst case of calls that may have been billed and told no usage."""

    def __init__(self, limits: SpendingLimits) -> None:
        self._limits = limits
        self.tokens = 0
        self.cost = Decimal(0)
        """In the currency of the task's model."""

    def output_tokens(self, bound: CallBound, quote: Quote | None) -> int:
        """Return how many output tokens of `bound` the limits have room for; `quote` is None for an unknown price.

        Raises:
            BudgetExhaustedError: fewer than the call needs.
        """
        return min(self._by_tokens(bound), bound.output_tokens if quote is None else self._by_cost(bound, quote))

    def spent(self, tokens: int, cost: Decimal) -> None:
        """Add what a call has used, or may have used."""
        self.tokens += tokens
        self.cost = EXACT.add(self.cost, cost)

    def _by_tokens(self, bound: CallBound) -> int:
        limit = self._limits.tokens
        if limit is None:
            return bound.output_tokens
        left = limit - self.tokens
        if left < bound.input_tokens + bound.least_output_tokens:
            raise BudgetExhaustedError(
                f"TASK_MAX_TOKENS allows {limit} tokens; {max(0, left)} are left, and the next call may use "
                f"{bound.input_tokens + bound.least_output_tokens}"
            )
        return min(bound.output_tokens, left - bound.input_tokens)

    def _by_cost(self, bound: CallBound, quote: Quote) -> int:
        limit = self._limits.cost
        if limit is None:
            return bound.output_tokens
        left = EXACT.subtract(limit, self.cost)
        paid = quote.affordable(left)
        if paid is None:
            return bound.output_tokens
        if paid < bound.least_output_tokens:
            raise BudgetExhaustedError(
                f"TASK_MAX_COST allows {shown(limit)} {quote.currency}; {shown(max(NOTHING, left))} is left, and the "
                f"next call may cost {shown(quote.amount(bound.least_output_tokens))}"
            )
        return min(bound.output_tokens, paid)
