"""What owners may spend on one day: a book of claims for each owner whose quotas name money.

The books are those of the service's own budget (`gui_agents.state.budgets`): before a call its worst case is claimed
here, then on the service's budget. So whoever waits there holds a claim here, and never the other way round. What was
spent before an owner had any limit is not known.

What a day has cost an owner is recorded whenever it changes, calls in flight at their worst, and a service that starts
takes it over. The budget of the service counts the same calls, so the two amounts are never added up.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final

from gui_agents.access.owners import Owners
from gui_agents.domain.access import Quota, QuotaExceededError
from gui_agents.domain.claim import Claim
from gui_agents.domain.money import shown
from gui_agents.domain.price import Quote
from gui_agents.state.budgets import Budgets, day_of, seconds_to_next_day, wake_claims

SOURCE: Final = "the quota of money of this owner"
NAMELESS: Final = "*"
"""Who calls a service without tokens, in the records. There "" is the service as a whole. No token has this name."""

Record = Callable[[str, Iterable[tuple[int, str, Decimal]]], None]
"""Records what days have cost an owner: day, currency, amount."""


class Allowance:
    """What one owner may spend, by ISO code of the currency."""

    def __init__(self, owner: str, limits: Mapping[str, Decimal], time: Callable[[], float], record: Record) -> None:
        self._owner = owner or NAMELESS
        self._budgets = Budgets(limits, {})
        self._time = time
        self._record = record

    def limit(self, currency: str) -> Decimal | None:
        """Return what a day may cost in this currency; None if there is no limit."""
        return self._budgets.limit(currency)

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies that have a limit."""
        return self._budgets.currencies

    def change(self, limits: Mapping[str, Decimal]) -> None:
        """Use other limits from now on."""
        self._moved(self._budgets.change(limits, day_of(self._time())))

    def restored(self, day: int, spent: Mapping[str, Decimal]) -> None:
        """Take over what a day has cost before the service started, by ISO code."""
        self._budgets.restore(day, spent)

    def check(self, quote: Quote, output_tokens: int) -> None:
        """Refuse a call that has no room in what is left of this day.

        Raises:
            QuotaExceededError: the text says when the next day begins.
        """
        limit = self.limit(quote.currency)
        if limit is None or quote.free:
            return
        at = self._time()
        unspent = self._budgets.unspent(quote.currency, day_of(at))
        if quote.amount(output_tokens) > unspent:
            raise QuotaExceededError(
                Quota.COST,
                f"{SOURCE} allows {shown(limit)} {quote.currency} a day, and {shown(unspent)} is left: too little for "
                "a call to this model; try again after midnight UTC",
                seconds_to_next_day(at),
            )

    def claimed(self, quote: Quote, most: int, least: int) -> Claim:
        """Claim a part of this day's money for a call with `most` output tokens, or at the worst `least`."""
        claim = Claim(quote, most, least, SOURCE)
        self._moved(self._budgets.claimed(claim, day_of(self._time())))
        return claim

    def left(self, claim: Claim) -> None:
        """Forget a claim whose call is not made."""
        self._moved(self._budgets.left(claim, day_of(self._time())))

    def settled(self, claim: Claim, spent: Decimal) -> None:
        """Exchange what was claimed for what was spent."""
        self._moved(self._budgets.settled(claim, spent, day_of(self._time())))

    def billed(self, currency: str, amount: Decimal) -> None:
        """Count a bill for which nothing was claimed."""
        self._budgets.billed(currency, amount, day_of(self._time()))
        self._moved(())

    def _moved(self, answered: Iterable[Claim]) -> None:
        """Record what has changed, and wake whoever was answered by it."""
        self._record(self._owner, self._budgets.moved())
        wake_claims(answered)


class Allowances:
    """The allowances of all owners that have or had one."""

    def __init__(self, owners: Owners, time: Callable[[], float], record: Record) -> None:
        self._owners = owners
        self._time = time
        self._record = record
        self._allowances: dict[str, Allowance] = {}

    def of(self, owner: str) -> Allowance | None:
        """Return what an owner may spend; None if that was never limited."""
        allowance, limits = self._allowances.get(owner), self._owners.quotas(owner).cost
        if allowance is None and limits:
            allowance = self._opened(owner, limits)
        return allowance

    def restored(self, day: int, spent: Mapping[str, Mapping[str, Decimal]]) -> None:
        """Take over what a day has cost each owner before the service started, by ISO code.

        That counts also for an owner that has no limit now: it may get one again on the same day.
        """
        for recorded, amounts in spent.items():
            owner = "" if recorded == NAMELESS else recorded
            self._opened(owner, self._owners.quotas(owner).cost).restored(day, amounts)

    def quotas_changed(self) -> None:
        """Apply the limits as they are now, also to the tasks that run."""
        for owner, allowance in self._allowances.items():
            allowance.change(self._owners.quotas(owner).cost)

    def _opened(self, owner: str, limits: Mapping[str, Decimal]) -> Allowance:
        allowance = self._allowances[owner] = Allowance(owner, limits, self._time, self._record)
        return allowance
