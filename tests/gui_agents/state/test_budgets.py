"""Budgets without a lock, an event loop or a clock: what is granted, what waits and what is refused."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gui_agents.domain.claim import Claim
from gui_agents.domain.price import Quote
from gui_agents.snapshot import BudgetPoint, BudgetsSnapshot
from gui_agents.state.budgets import REMEMBERED_DAYS, Budgets, day_of

TODAY, TOMORROW = 20_000, 20_001
LIMIT = Decimal("1.00")


def a_claim(least, most=None, *, before="0", each="0.01", currency="USD"):
    """Return a claim of a call that costs `before`, and `each` for an output token."""
    return Claim(Quote(Decimal(before), Decimal(each), currency), least if most is None else most, least)


def budgets(**limits):
    return Budgets(limits or {"USD": LIMIT}, {})


def numbers(book, day=TODAY, currency="USD"):
    """Return what is spent and reserved."""
    point = book.statistics(day).day[currency]
    return point.spent, point.reserved


def test_a_claim_that_fits_is_reserved():
    book, claim = budgets(), a_claim(10)
    assert book.claimed(claim, TODAY) == [claim]
    assert (claim.refused_at, claim.output_tokens) == (None, 10)
    assert numbers(book) == (0, Decimal("0.1"))


def test_what_was_not_used_becomes_free():
    book, claim = budgets(), a_claim(100)
    book.claimed(claim, TODAY)
    book.settled(claim, Decimal("0.4"), TODAY)
    assert numbers(book) == (Decimal("0.4"), 0)
    assert book.unspent("USD", TODAY) == Decimal("0.6")


def test_a_claim_is_settled_once():
    book, claim = budgets(), a_claim(100)
    book.claimed(claim, TODAY)
    for spent in ("0.4", "0.5"):
        book.settled(claim, Decimal(spent), TODAY)
    assert numbers(book) == (Decimal("0.4"), 0)


def test_a_claim_waits_for_the_reservations_of_others():
    book, first, second = budgets(), a_claim(80), a_claim(80)
    book.claimed(first, TODAY)
    assert book.claimed(second, TODAY) == []
    assert book.settled(first, Decimal("0.2"), TODAY) == [second]
    assert (second.output_tokens, numbers(book)) == (80, (Decimal("0.2"), Decimal("0.8")))


def test_a_small_claim_does_not_overtake_a_large_one():
    book, running, large, small = budgets(), a_claim(60), a_claim(50), a_claim(10)
    for claim in (running, large, small):
        book.claimed(claim, TODAY)
    assert (large.account, small.account) == (None, None)
    assert book.settled(running, Decimal(0), TODAY) == [large, small]


def test_a_claim_that_cannot_fit_any_more_is_refused_at_once():
    book, running = budgets(), a_claim(50)
    book.claimed(running, TODAY)
    book.billed("USD", Decimal("0.3"), TODAY)
    refused = a_claim(71)
    assert book.claimed(refused, TODAY) == [refused]
    assert refused.refused_at == (LIMIT, Decimal("0.7"))
    assert numbers(book) == (Decimal("0.3"), Decimal("0.5"))


def test_a_claim_that_waits_is_refused_once_the_others_have_spent_too_much():
    book, running, waiting = budgets(), a_claim(50), a_claim(60)
    book.claimed(running, TODAY)
    book.claimed(waiting, TODAY)
    assert book.settled(running, Decimal("0.5"), TODAY) == [waiting]
    assert waiting.refused_at is not None
    assert numbers(book) == (Decimal("0.5"), 0)


def test_the_last_claim_gets_as_many_output_tokens_as_are_left():
    book, claim = budgets(), a_claim(10, 100, before="0.05")
    book.billed("USD", Decimal("0.655"), TODAY)
    book.claimed(claim, TODAY)
    assert (claim.output_tokens, claim.worst) == (29, Decimal("0.34"))


def test_no_claim_is_cut_while_another_reservation_may_still_give_way():
    book, running, waiting = budgets(), a_claim(60), a_claim(10, 60)
    book.claimed(running, TODAY)
    assert book.claimed(waiting, TODAY) == []
    book.settled(running, Decimal("0.1"), TODAY)
    assert waiting.output_tokens == 60


def test_a_claim_that_is_left_while_it_waits_lets_the_next_one_go():
    book, running, large, small = budgets(), a_claim(60), a_claim(50), a_claim(10)
    for claim in (running, large, small):
        book.claimed(claim, TODAY)
    assert book.left(large, TODAY) == [small]
    assert numbers(book) == (0, Decimal("0.7"))


def test_a_claim_that_is_left_after_it_was_granted_gives_everything_back():
    book, running, waiting = budgets(), a_claim(60), a_claim(50)
    book.claimed(running, TODAY)
    book.claimed(waiting, TODAY)
    assert book.left(running, TODAY) == [waiting]
    assert numbers(book) == (0, Decimal("0.5"))


def test_a_claim_that_is_left_after_it_was_refused_changes_nothing():
    book, claim = budgets(), a_claim(101)
    book.claimed(claim, TODAY)
    assert book.left(claim, TODAY) == []
    assert numbers(book) == (0, 0)


def test_a_reservation_is_settled_on_its_own_day():
    book, claim = budgets(), a_claim(50)
    book.claimed(claim, TODAY)
    book.settled(claim, Decimal("0.4"), TOMORROW)
    assert (numbers(book), numbers(book, TOMORROW)) == ((Decimal("0.4"), 0), (0, 0))


def test_who_waits_at_midnight_gets_a_part_of_the_new_day():
    book, running, waiting = budgets(), a_claim(100), a_claim(100)
    book.claimed(running, TODAY)
    book.claimed(waiting, TODAY)
    assert book.settled(running, Decimal(1), TOMORROW) == [waiting]
    assert (numbers(book), numbers(book, TOMORROW)) == ((1, 0), (0, 1))


def test_a_clock_that_is_set_back_finds_the_day_as_it_was():
    book = budgets()
    book.billed("USD", Decimal("0.9"), TODAY)
    book.billed("USD", Decimal("0.5"), TOMORROW)
    claim = a_claim(11)
    book.claimed(claim, TODAY)
    assert claim.refused_at is not None
    assert [book.unspent("USD", day) for day in (TODAY, TOMORROW, TODAY + 5)] == [Decimal("0.1"), Decimal("0.5"), 1]


def test_few_days_are_remembered_and_the_one_in_use_is_among_them():
    book = budgets()
    for day in range(TODAY, TODAY + 10 * REMEMBERED_DAYS):
        book.billed("USD", Decimal("0.1"), TODAY)
        book.billed("USD", Decimal("0.1"), day + 1)
    assert book.unspent("USD", TODAY) == 0
    spent = [book.unspent("USD", day + 1) < LIMIT for day in range(TODAY, TODAY + 10 * REMEMBERED_DAYS)]
    assert sum(spent) == REMEMBERED_DAYS - 1


def test_currencies_have_budgets_of_their_own():
    book = budgets(USD=LIMIT, CNY=Decimal(7))
    dollars, yuan = a_claim(100), a_claim(700, currency="CNY")
    assert [book.claimed(claim, TODAY) for claim in (dollars, yuan)] == [[dollars], [yuan]]
    assert book.statistics(TODAY) == BudgetsSnapshot(
        {"USD": BudgetPoint(LIMIT, Decimal(0), Decimal(1)), "CNY": BudgetPoint(Decimal(7), Decimal(0), Decimal(7))}, {}
    )


def test_a_bill_in_a_currency_without_a_budget_changes_nothing():
    book = budgets()
    book.billed("EUR", Decimal(5), TODAY)
    assert (book.currencies, book.limit("EUR"), book.limit("USD")) == ({"USD"}, None, LIMIT)
    assert numbers(book) == (0, 0)


def test_a_bill_above_its_reservation_is_counted_as_it_is():
    book, claim = budgets(), a_claim(50)
    book.claimed(claim, TODAY)
    book.settled(claim, Decimal("1.2"), TODAY)
    late = a_claim(0, 1)
    book.claimed(late, TODAY)
    assert numbers(book) == (Decimal("1.2"), 0)
    assert late.refused_at is not None


@pytest.mark.parametrize(("seconds", "day"), [(0.0, 0), (86_399.9, 0), (86_400.0, 1), (1_700_000_000.0, 19_675)])
def test_a_day_begins_at_midnight_utc(seconds, day):
    assert day_of(seconds) == day


PARTS = st.integers(0, 120)


class BudgetMachine(RuleBasedStateMachine):
    """Any order of claims, bills, cancels and clocks, against plain sums."""

    def __init__(self):
        super().__init__()
        self.book = budgets()
        self.day = TODAY
        self.waiting: list[Claim] = []
        self.in_flight: dict[Claim, int] = {}
        """Claims that were granted, and the day."""
        self.spent = defaultdict(Decimal)

    def took(self, answered):
        assert answered == self.waiting[: len(answered)], "answers come in the order of the claims"
        del self.waiting[: len(answered)]
        for claim in answered:
            if claim.refused_at is None:
                assert claim.least <= claim.output_tokens <= claim.most
                self.in_flight[claim] = self.day
            else:
                assert self.spent[self.day] + claim.quote.amount(claim.least) > LIMIT

    @rule(least=PARTS, more=PARTS, before=PARTS)
    def claim(self, least, more, before):
        claim = a_claim(least, least + more, before=str(Decimal(before) / 100))
        self.waiting.append(claim)
        self.took(self.book.claimed(claim, self.day))

    @precondition(lambda self: self.in_flight)
    @rule(which=st.integers(0), share=st.sampled_from((0, 1, 2, 3, 10)))
    def settle(self, which, share):
        claim = list(self.in_flight)[which % len(self.in_flight)]
        spent = claim.worst * share / 10
        self.spent[self.in_flight.pop(claim)] += spent
        self.took(self.book.settled(claim, spent, self.day))

    @precondition(lambda self: self.in_flight or self.waiting)
    @rule(which=st.integers(0))
    def leave(self, which):
        claims = [*self.waiting, *self.in_flight]
        claim = claims[which % len(claims)]
        if claim in self.waiting:
            self.waiting.remove(claim)
        self.in_flight.pop(claim, None)
        self.took(self.book.left(claim, self.day))

    @rule(days=st.integers(-2, 2))
    def set_clock(self, days):
        self.day += days

    @invariant()
    def no_day_is_ever_above_its_limit(self):
        for day in {self.day, *self.in_flight.values(), *self.spent}:
            reserved = sum(claim.worst for claim, granted in self.in_flight.items() if granted == day)
            assert numbers(self.book, day) == (self.spent[day], reserved)
            assert self.spent[day] + reserved <= LIMIT

    @invariant()
    def whoever_waits_waits_for_a_call_in_flight(self):
        assert self.in_flight or not self.waiting


BudgetMachine.TestCase.settings = settings(deadline=None)
TestBudgetMachine = BudgetMachine.TestCase
