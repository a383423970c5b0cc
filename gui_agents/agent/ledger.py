"""The account of one task: the one way in which the agent loop tells what happened.

Each entry is priced here and passed on at once to the service's books, so that metrics and statistics are exact also
for tasks that are still running, fail or are cancelled.
"""

from decimal import Decimal
from typing import Protocol

from gui_agents.domain.actions import ActionName
from gui_agents.domain.money import EXACT
from gui_agents.domain.usage import Bill, ModelCall, Usage


class Price(Protocol):
    """What a model's tokens cost."""

    @property
    def currency(self) -> str:
        """ISO code."""

    def cost(self, usage: Usage) -> Decimal:
        """Return the price of one call."""


class Prices(Protocol):
    """Where prices are looked up."""

    def price(self, provider: str, model: str) -> Price | None:
        """Return the price of a model, or None where it is unknown."""


class Books(Protocol):
    """The verbs of the service's state that a task's account needs."""

    def model_called(self, task_id: str, call: ModelCall, bill: Bill) -> None:
        """Count a call to a model."""

    def decided(self, task_id: str, observe_seconds: float, decide_seconds: float) -> None:
        """Count a step."""

    def acted(self, task_id: str, action: ActionName, seconds: float, *, ok: bool) -> None:
        """Count an action."""

    def step_told(self, task_id: str, text: str) -> None:
        """Publish a step's message."""


class Ledger:
    """Keeps one task's books while it runs."""

    def __init__(self, task_id: str, books: Books, prices: Prices) -> None:
        self._task_id = task_id
        self._books = books
        self._prices = prices
        self.steps = 0
        """Model decisions so far."""
        self.tokens = 0
        """Input and output tokens so far."""
        self.cost = Decimal(0)
        """Known cost so far."""

    def model_called(self, call: ModelCall) -> None:
        """Price a call to a model that ended, and note it."""
        price = self._prices.price(call.provider, call.model)
        bill = Bill(Decimal(0), None if price is None else price.currency)
        if call.usage is not None:
            self.tokens += call.usage.input_tokens + call.usage.output_tokens
            if price is not None:
                bill = Bill(price.cost(call.usage), price.currency)
        self.cost = EXACT.add(self.cost, bill.amount)
        self._books.model_called(self._task_id, call, bill)

    def decided(self, observe_seconds: float, decide_seconds: float) -> None:
        """Note a step."""
        self.steps += 1
        self._books.decided(self._task_id, observe_seconds, decide_seconds)

    def acted(self, action: ActionName, seconds: float, *, ok: bool) -> None:
        """Note an action."""
        self._books.acted(self._task_id, action, seconds, ok=ok)

    def told(self, text: str) -> None:
        """Publish what a step saw, decided and did."""
        self._books.step_told(self._task_id, text)
