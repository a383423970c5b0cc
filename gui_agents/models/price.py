"""What one model charges, in exact decimals.

Money is never rounded: prices and token counts are bounded where they come in, so that every sum fits the precision
of `EXACT`, which raises instead of rounding.
"""

from collections.abc import Mapping
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from typing import Final

import attrs

from gui_agents.models.base import Usage

USD: Final = "USD"
TOKENS_PER_PRICE: Final = 6
"""Prices are per million tokens: 10 to this power."""
EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""What all money is calculated in: a plain `+` has 28 digits, which a call at the bounds of both fills alone."""
SYMBOLS: Final[Mapping[str, str]] = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "¥",
    "KRW": "₩",
    "INR": "₹",
}


def symbol(currency: str) -> str:
    """Return the symbol that people write for an ISO code, or the code itself where there is no usual one."""
    return SYMBOLS.get(currency, currency)


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
