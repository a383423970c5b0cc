"""What one model charges, in exact decimals.

Money is never rounded: prices and token counts are bounded where they come in, so that every sum fits the precision
of `EXACT`, which raises instead of rounding.
"""

from decimal import Decimal, localcontext
from typing import Final

import attrs

from gui_agents.domain.money import EXACT, USD
from gui_agents.domain.usage import Usage

TOKENS_PER_PRICE: Final = 6
"""Prices are per million tokens: 10 to this power."""


@attrs.frozen
class Rates:
    """Prices per million tokens."""

    input: Decimal
    """Of input tokens that did not come from a cache."""
    cached_input: Decimal
    """Of those that did."""
    output: Decimal


@attrs.frozen(kw_only=True)
class Price:
    """What one model charges per million tokens."""

    input: Decimal
    """Of input tokens that did not come from a cache."""
    cached_input: Decimal
    """Of those that did; they are billed as this only."""
    output: Decimal
    currency: str = USD
    """ISO code."""
    long_prompts: tuple[tuple[int, Rates], ...] = ()
    """Rates of a whole call whose input is longer than so many tokens, in ascending order."""

    def cost(self, usage: Usage) -> Decimal:
        """Return the exact price of one call."""
        rates = self._rates(usage.input_tokens)
        with localcontext(EXACT):
            uncached = (usage.input_tokens - usage.cached_input_tokens) * rates.input
            cached = usage.cached_input_tokens * rates.cached_input
            return (uncached + cached + usage.output_tokens * rates.output).scaleb(-TOKENS_PER_PRICE)

    def _rates(self, input_tokens: int) -> Rates:
        for above, rates in reversed(self.long_prompts):
            if input_tokens > above:
                return rates
        return Rates(self.input, self.cached_input, self.output)


FREE: Final = Price(input=Decimal(0), cached_input=Decimal(0), output=Decimal(0))
"""A known zero: the built-in model calls nobody."""
