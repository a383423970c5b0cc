"""What one model charges, in exact decimals.

Money is never rounded: prices and token counts are bounded where they come in, so that every sum fits the precision
of `EXACT`, which raises instead of rounding.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Final

import attrs

from gui_agents.domain.money import EXACT, USD
from gui_agents.domain.usage import CallBound, Usage

TOKENS_PER_PRICE: Final = 6
"""Prices are per million tokens: 10 to this power."""


def _as_input(rates: "Rates") -> Decimal:
    return rates.input


def _as_cache_write(rates: "Rates") -> Decimal:
    return rates.cache_write


@attrs.frozen
class Rates:
    """Prices per million tokens. Each token is billed by one of them."""

    input: Decimal
    """Of input tokens that neither came from a cache nor were written to one."""
    cached_input: Decimal
    """Of those that came from a cache."""
    output: Decimal
    """Of everything that the model wrote, its reasoning included."""
    cache_write: Decimal = attrs.field(default=attrs.Factory(_as_input, takes_self=True))
    """Of input tokens that were written to a cache; `input` unless given."""
    cache_write_hour: Decimal = attrs.field(default=attrs.Factory(_as_cache_write, takes_self=True))
    """Of those that are kept for an hour; `cache_write` unless given."""

    @property
    def dearest_input(self) -> Decimal:
        """What an input token costs at most."""
        return max(self.input, self.cached_input, self.cache_write, self.cache_write_hour)


@attrs.frozen
class Quote:
    """What one call costs at most, by its output tokens."""

    input: Decimal
    """For all of its input."""
    per_output_token: Decimal
    currency: str
    """ISO code."""

    @property
    def free(self) -> bool:
        """Whether the call costs nothing, whatever it uses."""
        return not self.input and not self.per_output_token

    def amount(self, output_tokens: int) -> Decimal:
        """Return the most that the call costs with so many output tokens."""
        return EXACT.add(self.input, EXACT.multiply(self.per_output_token, output_tokens))

    def affordable(self, amount: Decimal) -> int | None:
        """Return the output tokens that `amount` pays for: negative if not even the input, None if any number."""
        left = EXACT.subtract(amount, self.input)
        if left < 0 and not self.free:
            return -1
        if not self.per_output_token:
            return None
        return int(EXACT.divide_int(left, self.per_output_token))


@attrs.frozen(kw_only=True)
class Price(Rates):
    """What one model charges: the rates of ordinary calls, and those of long prompts."""

    currency: str = USD
    """ISO code."""
    long_prompts: tuple[tuple[int, Rates], ...] = ()
    """Rates of a whole call whose input is longer than so many tokens, in ascending order."""

    def cost(self, usage: Usage) -> Decimal:
        """Return the exact price of one call."""
        rates = list(self._rates_up_to(usage.input_tokens))[-1]
        written = usage.cache_write_tokens - usage.cache_write_hour_tokens
        plain = usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens
        with localcontext(EXACT):
            millionths = (
                plain * rates.input
                + usage.cached_input_tokens * rates.cached_input
                + written * rates.cache_write
                + usage.cache_write_hour_tokens * rates.cache_write_hour
                + usage.output_tokens * rates.output
            )
            return millionths.scaleb(-TOKENS_PER_PRICE)

    def quote(self, bound: CallBound) -> Quote:
        """Return what a call within `bound` costs at most, whatever of its input is cached or written to a cache."""
        possible = list(self._rates_up_to(bound.input_tokens))
        with localcontext(EXACT):
            input_ = bound.input_tokens * max(rates.dearest_input for rates in possible)
            output = max(rates.output for rates in possible)
            return Quote(input_.scaleb(-TOKENS_PER_PRICE), output.scaleb(-TOKENS_PER_PRICE), self.currency)

    def _rates_up_to(self, input_tokens: int) -> Iterator[Rates]:
        """Yield the rates of every call with at most so many input tokens; the last ones are those of that many."""
        yield self
        for above, rates in self.long_prompts:
            if input_tokens > above:
                yield rates


FREE: Final = Price(input=Decimal(0), cached_input=Decimal(0), output=Decimal(0))
"""A known zero: the built-in model calls nobody."""
