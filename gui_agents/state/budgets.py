"""What calls to models may cost on one day, by currency: what is spent, what is reserved, and who waits.

Theory of operation. Before a call, its worst case is claimed. If that fits what is neither spent nor reserved, it is
reserved and the call is made. If only the reservations of other calls stand in the way, the claim waits: most calls
cost far less than their worst case, and what they did not use becomes free as they end. Claims are answered in their
order, so that none waits for ever. A claim that is first while nothing is reserved any more gets as many output tokens
as are left, and is refused if that is too few: what is spent never becomes free again.

Every claim that is granted is settled once. Nothing here waits for itself: whoever holds a reservation has a call in
flight, which ends, and claims nothing before it has.

A day is one of UTC, by the wall clock. A reservation belongs to the day on which it was granted, also after midnight.
The days of the last weeks are remembered, so a clock that is set back finds a day as it has left it.

There is no lock here: the methods of `ServiceState` hold it.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from gui_agents.domain.claim import NOTHING, Account, Claim
from gui_agents.domain.money import EXACT
from gui_agents.snapshot import BudgetPoint, BudgetsSnapshot

SECONDS_PER_DAY: Final = 86_400
REMEMBERED_DAYS: Final = 40


def day_of(wall_seconds: float) -> int:
    """Return the number of the UTC day since the epoch."""
    return int(wall_seconds // SECONDS_PER_DAY)


def seconds_to_next_day(wall_seconds: float) -> float:
    """Return the seconds to the next midnight, UTC."""
    return SECONDS_PER_DAY - wall_seconds % SECONDS_PER_DAY


def wake_claims(answered: Iterable[Claim]) -> None:
    """Wake whoever waits for these answers."""
    for claim in answered:
        claim.wake()


class Budgets:
    """The budgets of all days. `limits` are by ISO code of the currency; other currencies have no budget.

    `task_limits` say what one task may spend. They are shown beside the others, and kept by the tasks.
    """

    def __init__(self, limits: Mapping[str, Decimal], task_limits: Mapping[str, Decimal]) -> None:
        self._limits = dict(limits)
        self._task_limits = dict(task_limits)
        self._accounts: dict[tuple[int, str], Account] = {}
        self._moved: dict[tuple[int, str], Account] = {}
        """What has changed since it was last asked for."""
        self._waiting: dict[str, deque[Claim]] = {currency: deque() for currency in limits}

    def change(self, limits: Mapping[str, Decimal], day: int) -> list[Claim]:
        """Use other limits from now on. Return the claims that are answered by it."""
        self._limits = dict(limits)
        for currency in limits:
            self._waiting.setdefault(currency, deque())
        return [claim for currency in self._waiting for claim in self._answer(currency, day)]

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies that have a budget."""
        return frozenset(self._limits)

    def limit(self, currency: str) -> Decimal | None:
        """Return what a day may cost in this currency; None if it has no budget."""
        return self._limits.get(currency)

    def unspent(self, currency: str, day: int) -> Decimal:
        """Return what is left of a day, reservations not yet taken off; 0 if more is spent than the limit."""
        account = self._accounts.get((day, currency))
        spent = NOTHING if account is None else account.spent
        return max(NOTHING, EXACT.subtract(self._limits[currency], spent))

    def claimed(self, claim: Claim, day: int) -> list[Claim]:
        """Add a claim in a currency that has a budget. Return the claims that are answered by it."""
        self._waiting[claim.quote.currency].append(claim)
        return self._answer(claim.quote.currency, day)

    def settled(self, claim: Claim, spent: Decimal, day: int) -> list[Claim]:
        """Exchange a reservation for what was spent. Return the claims that are answered by it."""
        account = claim.account
        if account is None:
            return []
        claim.account = None
        account.reserved = EXACT.subtract(account.reserved, claim.worst)
        account.spent = EXACT.add(account.spent, spent)
        self._moved[account.day, account.currency] = account
        return self._answer(claim.quote.currency, day)

    def billed(self, currency: str, amount: Decimal, day: int) -> None:
        """Count a bill for which nothing was reserved; in a currency without a budget, that changes nothing."""
        if currency in self._limits:
            account = self._opened(day, currency)
            account.spent = EXACT.add(account.spent, amount)
            self._moved[day, currency] = account

    def left(self, claim: Claim, day: int) -> list[Claim]:
        """Forget a claim whose call is not made. Return the claims that are answered by it."""
        waiting = self._waiting[claim.quote.currency]
        if claim not in waiting:
            return self.settled(claim, NOTHING, day)
        waiting.remove(claim)
        return self._answer(claim.quote.currency, day)

    def restore(self, day: int, spent: Mapping[str, Decimal]) -> None:
        """Take over what a day has cost before the service started, also in currencies that may get a limit later."""
        for currency, amount in spent.items():
            self._waiting.setdefault(currency, deque())
            account = self._opened(day, currency)
            account.spent = EXACT.add(account.spent, amount)

    def moved(self) -> list[tuple[int, str, Decimal]]:
        """Return the accounts that have changed since the last call: day, currency, and what may have been spent."""
        moved, self._moved = self._moved, {}
        return [
            (account.day, account.currency, EXACT.add(account.spent, account.reserved)) for account in moved.values()
        ]

    def statistics(self, day: int) -> BudgetsSnapshot:
        """Return the frozen numbers of a day."""
        points = {}
        for currency, limit in self._limits.items():
            account = self._accounts.get((day, currency))
            spent, reserved = (NOTHING, NOTHING) if account is None else (account.spent, account.reserved)
            points[currency] = BudgetPoint(limit, spent, reserved)
        return BudgetsSnapshot(points, self._task_limits)

    def _answer(self, currency: str, day: int) -> list[Claim]:
        """Answer claims from the first one on, until one has to wait."""
        waiting = self._waiting[currency]
        answered: list[Claim] = []
        if waiting:
            account = self._opened(day, currency)
            while waiting and self._decide(waiting[0], account):
                answered.append(waiting.popleft())
        return answered

    def _decide(self, claim: Claim, account: Account) -> bool:
        """Grant or refuse the first claim; False if it has to wait."""
        quote, limit = claim.quote, self._limits.get(claim.quote.currency)
        if limit is None:
            # It had one when the claim began to wait.
            claim.output_tokens = claim.most
            return True
        unspent = EXACT.subtract(limit, account.spent)
        paid = quote.affordable(EXACT.subtract(unspent, account.reserved))
        output_tokens = claim.most if paid is None else min(claim.most, paid)
        if output_tokens < claim.most and account.reserved and quote.amount(claim.least) <= unspent:
            return False
        if output_tokens < claim.least:
            claim.refused_at = limit, max(NOTHING, unspent)
            return True
        claim.output_tokens = output_tokens
        claim.account = account
        account.reserved = EXACT.add(account.reserved, claim.worst)
        self._moved[account.day, account.currency] = account
        return True

    def _opened(self, day: int, currency: str) -> Account:
        account = self._accounts.pop((day, currency), None) or Account(day, currency)
        self._accounts[day, currency] = account
        if len(self._accounts) > REMEMBERED_DAYS * len(self._waiting):
            # The one that was used longest ago. A reservation keeps its own account.
            del self._accounts[next(iter(self._accounts))]
        return account
