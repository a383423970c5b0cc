"""The record of one task. The agent loop and the model report everything that happens to it.

It prices each call to a model and passes each entry on to the service's state at once. Metrics and statistics are
therefore exact also for tasks that still run, fail or are cancelled.

It also keeps the budgets. Before a call, the worst case is reserved on what the task may spend and on the budget of the
day. After it, the bill takes the place of the reservation. A call that may have been billed and told no usage, such as
one that was given up, keeps its worst case for ever; one that was surely not billed gives all of it back. An endpoint
that the operator has not configured cannot make budgets pay more than was reserved, whatever it reports.
"""

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Final, Protocol

import attrs

from gui_agents.agent.spending import Spending, SpendingLimits
from gui_agents.domain.actions import ActionName
from gui_agents.domain.claim import NOTHING, Claim
from gui_agents.domain.journal import Step
from gui_agents.domain.model import Turn
from gui_agents.domain.money import EXACT, symbol
from gui_agents.domain.price import Quote
from gui_agents.domain.redaction import KNOWS_NO_KEYS, Redactor
from gui_agents.domain.usage import Bill, CallBound, ModelCall, Usage

NO_LIMITS: Final = SpendingLimits()
WAITS: Final = "waits for room in the budget of the day: calls of other tasks have reserved what is left"
_log = logging.getLogger(__name__)


class Price(Protocol):
    """What a model's tokens cost."""

    @property
    def currency(self) -> str:
        """ISO code."""

    def cost(self, usage: Usage) -> Decimal:
        """Return the price of one call."""

    def quote(self, bound: CallBound) -> Quote:
        """Return what a call within `bound` costs at most."""


class Prices(Protocol):
    """Looks prices up."""

    def price(self, provider: str, model: str, *, public: bool = True) -> Price | None:
        """Return the price of a model, or None if it is unknown; only the operator's prices count if not `public`."""


class Records(Protocol):
    """The methods of the service's state that the ledger needs."""

    def budget_limit(self, currency: str) -> Decimal | None:
        """Return what a day may cost; None without a limit."""

    def budget_claimed(self, quote: Quote, most: int, least: int) -> Claim:
        """Claim a part of the day's budget."""

    def budget_left(self, claim: Claim) -> None:
        """Forget a claim whose call is not made."""

    def budget_settled(self, claim: Claim, spent: Decimal) -> None:
        """Settle a claim whose call nobody has reported."""

    def model_called(
        self, task_id: str, call: ModelCall, bill: Bill, claim: Claim | None = None, spent: Decimal = NOTHING
    ) -> None:
        """Count a call to a model, and settle its claim."""

    def decided(self, task_id: str, observe_seconds: float, decide_seconds: float) -> None:
        """Count a step."""

    def acted(self, task_id: str, action: ActionName, seconds: float, *, ok: bool) -> None:
        """Count an action."""

    def step_told(self, task_id: str, text: str, *, step: Step | None = None) -> None:
        """Publish a step's message, and record the step if an action was decided."""


class Allowance(Protocol):
    """What the task's owner may spend on one day."""

    def limit(self, currency: str) -> Decimal | None:
        """Return what a day may cost; None without a limit."""

    def claimed(self, quote: Quote, most: int, least: int) -> Claim:
        """Claim a part of it."""

    def left(self, claim: Claim) -> None:
        """Forget a claim whose call is not made."""

    def settled(self, claim: Claim, spent: Decimal) -> None:
        """Exchange what was claimed for what was spent."""

    def billed(self, currency: str, amount: Decimal) -> None:
        """Count a bill for which nothing was claimed."""


@attrs.frozen
class _Reserved:
    """What is set aside for the call in flight."""

    tokens: int
    cost: Decimal
    claim: Claim | None
    """On what the service may spend."""
    own: Claim | None
    """On what the owner may spend."""


class Ledger:
    """Records one task while it runs."""

    def __init__(
        self,
        task_id: str,
        records: Records,
        prices: Prices,
        limits: SpendingLimits = NO_LIMITS,
        *,
        own: Allowance | None = None,
        public_prices: bool = True,
        trusted: bool = True,
        redactor: Redactor = KNOWS_NO_KEYS,
    ) -> None:
        self._task_id = task_id
        self._records = records
        self._prices = prices
        self._own = own
        self._public_prices = public_prices
        self._redactor = redactor
        self._trusted = trusted
        """Whether budgets take the bills of the endpoint as they come."""
        self._capped = False
        self._spending = Spending(limits)
        self._reserved: _Reserved | None = None
        self.steps = 0
        """Model decisions so far."""
        self.tokens = 0
        """Input and output tokens so far."""
        self.cost = Decimal(0)
        """Known cost so far, in the currency of the price."""
        self._currency: str | None = None
        self._told_of_waiting = False
        self._untold_calls = 0
        """Calls since the last message that may have been billed and reported no usage."""
        self._told_tokens = 0
        self._told_cost = Decimal(0)

    async def reserve(self, bound: CallBound) -> int:
        """Set aside the most that the next call can cost; see `Calls`."""
        self.close()
        price = self._price(bound)
        quote = None if price is None else price.quote(bound)
        output_tokens = self._spending.output_tokens(bound, quote)
        least = bound.least_output_tokens
        own = claim = None
        if quote is not None and not quote.free:
            # First the owner's own money, then the service's, always: two tasks never wait for each other.
            if self._own is not None and self._own.limit(quote.currency) is not None:
                own = self._own.claimed(quote, output_tokens, least)
                output_tokens = await self._granted(own, self._own.left)
            if self._records.budget_limit(quote.currency) is not None:
                claim = self._records.budget_claimed(quote, output_tokens, least)
                output_tokens = await self._granted(claim, self._records.budget_left, own)
        cost = NOTHING if quote is None else quote.amount(output_tokens)
        self._reserved = _Reserved(bound.input_tokens + output_tokens, cost, claim, own)
        return output_tokens

    async def _granted(self, claim: Claim, leave: Callable[[Claim], None], own: Claim | None = None) -> int:
        """Wait until a claim is granted; if it is not, it is left, and so is the owner's `own` that was granted."""
        try:
            if claim.waits and not self._told_of_waiting:
                self._told_of_waiting = True
                self._records.step_told(self._task_id, WAITS)
            return await claim.granted()
        except BaseException:
            leave(claim)
            if own is not None and self._own is not None:
                self._own.left(own)
            raise

    def close(self) -> None:
        """Count a reservation that nobody has settled as spent."""
        reserved, self._reserved = self._reserved, None
        if reserved is not None:
            self._spending.spent(reserved.tokens, reserved.cost)
            if reserved.claim is not None:
                self._records.budget_settled(reserved.claim, reserved.cost)
            if reserved.own is not None and self._own is not None:
                self._own.settled(reserved.own, reserved.cost)

    def model_called(self, call: ModelCall) -> None:
        """Price and record a call to a model that ended, and settle its reservation."""
        reserved, self._reserved = self._reserved, None
        price = self._price(call)
        bill = Bill(Decimal(0), None if price is None else price.currency)
        if call.usage is not None:
            self.tokens += call.usage.input_tokens + call.usage.output_tokens
            if price is not None:
                bill = Bill(price.cost(call.usage), price.currency)
        elif call.billed:
            self._untold_calls += 1
        self.cost = EXACT.add(self.cost, bill.amount)
        self._currency = bill.currency
        tokens, spent = _spent(call, bill, reserved)
        if reserved is not None and not self._trusted:
            tokens, spent = self._at_most(reserved, tokens, spent)
        self._spending.spent(tokens, spent)
        self._records.model_called(self._task_id, call, bill, None if reserved is None else reserved.claim, spent)
        if self._own is not None and reserved is not None and reserved.own is not None:
            self._own.settled(reserved.own, spent)
        elif self._own is not None and bill.currency is not None:
            self._own.billed(bill.currency, bill.amount)

    def decided(self, observe_seconds: float, decide_seconds: float) -> None:
        """Record a step; both durations are in seconds."""
        self.steps += 1
        self._records.decided(self._task_id, observe_seconds, decide_seconds)

    def acted(self, action: ActionName, seconds: float, *, ok: bool) -> None:
        """Record an action; its duration is in seconds."""
        self._records.acted(self._task_id, action, seconds, ok=ok)

    def told(self, text: str, seconds: float, turn: Turn | None = None, picture: str | None = None) -> None:
        """Publish what a step saw, decided and did, with its number and what it has used since the one before.

        `turn` is the same for the records: an action that was decided, or an answer that is none. `picture` is the
        name of the picture of the screen, if it is recorded.
        """
        step = None if turn is None else self._step(turn, seconds, picture)
        shown = self._redactor.redacted(text)
        self._records.step_told(self._task_id, f"step {self.steps}: {shown} ({self._used(seconds)})", step=step)
        self._told_tokens, self._told_cost, self._untold_calls = self.tokens, self.cost, 0

    def _step(self, turn: Turn, seconds: float, picture: str | None) -> Step:
        # A step keeps neither the instruction nor the whole answer, which may be long: each step would read them again.
        turn = attrs.evolve(turn, instruction="", said="").rewritten(self._redactor.redacted)
        return Step(
            number=self.steps,
            action=turn.action,
            rationale=turn.rationale,
            outcome=turn.outcome,
            seconds=seconds,
            tokens=self.tokens - self._told_tokens,
            cost=EXACT.subtract(self.cost, self._told_cost),
            currency=self._currency,
            picture=picture,
        )

    def _price(self, call: ModelCall | CallBound) -> Price | None:
        return self._prices.price(call.provider, call.model, public=self._public_prices)

    def _at_most(self, reserved: _Reserved, tokens: int, spent: Decimal) -> tuple[int, Decimal]:
        """Return what budgets pay for a call to an endpoint that anybody may have named; the log tells of it once."""
        if not self._capped and (tokens > reserved.tokens or spent > reserved.cost):
            self._capped = True
            _log.warning(
                "task %s: an endpoint that is not configured reports %d tokens for a call that can use %d at most; "
                "budgets count no more than was reserved",
                self._task_id,
                tokens,
                reserved.tokens,
            )
        return min(tokens, reserved.tokens), min(spent, reserved.cost)

    def _used(self, seconds: float) -> str:
        """Return seconds, tokens and cost in words. If nothing was billed, there is no cost to tell."""
        tokens = self.tokens - self._told_tokens
        parts = [f"{seconds:.1f} s", f"{tokens:,} token{'' if tokens == 1 else 's'}"]
        if self._untold_calls:
            parts.append("cost unknown")
        elif tokens:
            cost = EXACT.subtract(self.cost, self._told_cost)
            known = None if self._currency is None else f"{symbol(self._currency)}{cost:.6f}".rstrip("0").rstrip(".")
            parts.append(known or "cost unknown")
        return ", ".join(parts)


def _spent(call: ModelCall, bill: Bill, reserved: _Reserved | None) -> tuple[int, Decimal]:
    """Return the tokens and the money that a call has used, or may have used if it told nothing."""
    if call.usage is not None:
        return call.usage.input_tokens + call.usage.output_tokens, bill.amount
    if (call.billed or call.kept) and reserved is not None:
        return reserved.tokens, reserved.cost
    return 0, NOTHING
