"""The claim of a call to a model on the budget of a day."""

import asyncio
from decimal import Decimal
from typing import Final

from gui_agents.domain.model import BudgetExhaustedError
from gui_agents.domain.money import shown
from gui_agents.domain.price import Quote

NOTHING: Final = Decimal(0)


class Account:
    """One day in one currency."""

    __slots__ = ("currency", "day", "reserved", "spent")

    def __init__(self, day: int, currency: str) -> None:
        self.day = day
        self.currency = currency
        self.spent = NOTHING
        self.reserved = NOTHING


class Claim:
    """The claim of one call on the budget of a day: it waits, then it is granted and settled, or refused."""

    __slots__ = ("_answered", "account", "least", "most", "output_tokens", "quote", "refused_at", "source")

    def __init__(self, quote: Quote, most: int, least: int, source: str = "DAILY_MAX_COST") -> None:
        self.quote = quote
        self.most = most
        """Output tokens that the call would like to have."""
        self.least = least
        """The fewest with which it is worth making."""
        self.source = source
        """What sets the limit, in the words of an error."""
        self.output_tokens = 0
        """What it was granted."""
        self.account: Account | None = None
        """What it is reserved on; None before it is granted and after it is settled."""
        self.refused_at: tuple[Decimal, Decimal] | None = None
        """The day's limit and what was left of it, if the claim is refused."""
        self._answered = asyncio.Event()

    @property
    def worst(self) -> Decimal:
        """What the call costs at most, with what it was granted."""
        return self.quote.amount(self.output_tokens)

    @property
    def waits(self) -> bool:
        """Whether it is not answered yet."""
        return not self._answered.is_set()

    async def granted(self) -> int:
        """Wait for the answer, and return the output tokens that the call may ask for.

        Raises:
            BudgetExhaustedError: it is refused.
        """
        await self._answered.wait()
        if self.refused_at is not None:
            limit, unspent = self.refused_at
            raise BudgetExhaustedError(
                f"{self.source} allows {shown(limit)} {self.quote.currency} a day; {shown(unspent)} is left, and the "
                f"next call may cost {shown(self.quote.amount(self.least))}"
            )
        return self.output_tokens

    def wake(self) -> None:
        """Wake whoever waits for the answer."""
        self._answered.set()
