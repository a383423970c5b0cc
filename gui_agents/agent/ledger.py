"""The record of one task. The agent loop reports everything that happens to it.

It prices each call to a model and passes each entry on to the service's state at once. Metrics and statistics are
therefore exact also for tasks that still run, fail or are cancelled.
"""

from decimal import Decimal
from typing import Protocol

from gui_agents.domain.actions import ActionName
from gui_agents.domain.money import EXACT, symbol
from gui_agents.domain.usage import Bill, CallBound, ModelCall, Usage


class Price(Protocol):
    """What a model's tokens cost."""

    @property
    def currency(self) -> str:
        """ISO code."""

    def cost(self, usage: Usage) -> Decimal:
        """Return the price of one call."""


class Prices(Protocol):
    """Looks prices up."""

    def price(self, provider: str, model: str) -> Price | None:
        """Return the price of a model, or None if it is unknown."""


class Records(Protocol):
    """The methods of the service's state that the ledger needs."""

    def model_called(self, task_id: str, call: ModelCall, bill: Bill) -> None:
        """Count a call to a model."""

    def decided(self, task_id: str, observe_seconds: float, decide_seconds: float) -> None:
        """Count a step."""

    def acted(self, task_id: str, action: ActionName, seconds: float, *, ok: bool) -> None:
        """Count an action."""

    def step_told(self, task_id: str, text: str) -> None:
        """Publish a step's message."""


class Ledger:
    """Records one task while it runs."""

    def __init__(self, task_id: str, records: Records, prices: Prices) -> None:
        self._task_id = task_id
        self._records = records
        self._prices = prices
        self.steps = 0
        """Model decisions so far."""
        self.tokens = 0
        """Input and output tokens so far."""
        self.cost = Decimal(0)
        """Known cost so far, in the currency of the price."""
        self._currency: str | None = None
        self._told_tokens = 0
        self._told_cost = Decimal(0)

    async def reserve(self, bound: CallBound) -> int:
        """Set aside the most that the next call can cost."""
        return bound.output_tokens

    def model_called(self, call: ModelCall) -> None:
        """Price and record a call to a model that ended."""
        price = self._prices.price(call.provider, call.model)
        bill = Bill(Decimal(0), None if price is None else price.currency)
        if call.usage is not None:
            self.tokens += call.usage.input_tokens + call.usage.output_tokens
            if price is not None:
                bill = Bill(price.cost(call.usage), price.currency)
        self.cost = EXACT.add(self.cost, bill.amount)
        self._currency = bill.currency
        self._records.model_called(self._task_id, call, bill)

    def decided(self, observe_seconds: float, decide_seconds: float) -> None:
        """Record a step; both durations are in seconds."""
        self.steps += 1
        self._records.decided(self._task_id, observe_seconds, decide_seconds)

    def acted(self, action: ActionName, seconds: float, *, ok: bool) -> None:
        """Record an action; its duration is in seconds."""
        self._records.acted(self._task_id, action, seconds, ok=ok)

    def told(self, text: str, seconds: float) -> None:
        """Publish what a step saw, decided and did, with its number and what it has used since the one before."""
        self._records.step_told(self._task_id, f"step {self.steps}: {text} ({self._used(seconds)})")
        self._told_tokens, self._told_cost = self.tokens, self.cost

    def _used(self, seconds: float) -> str:
        """Return seconds, tokens and cost in words. Without tokens nothing was billed, and there is no cost to tell."""
        tokens = self.tokens - self._told_tokens
        parts = [f"{seconds:.1f} s", f"{tokens:,} token{'' if tokens == 1 else 's'}"]
        if tokens:
            cost = EXACT.subtract(self.cost, self._told_cost)
            known = None if self._currency is None else f"{symbol(self._currency)}{cost:.6f}".rstrip("0").rstrip(".")
            parts.append(known or "cost unknown")
        return ", ".join(parts)
