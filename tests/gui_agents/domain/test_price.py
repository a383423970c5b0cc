from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.price import FREE, Price, Rates
from gui_agents.domain.usage import CallBound, Usage
from tests.strategies import usages

PRICE = Price(
    input=Decimal("3.0"),
    cached_input=Decimal("0.3"),
    output=Decimal("15.0"),
    cache_write=Decimal("3.75"),
    cache_write_hour=Decimal("6.0"),
)

amounts = st.decimals(min_value=0, max_value=1_000_000, allow_nan=False, allow_infinity=False, places=12)
rates = st.builds(Rates, amounts, amounts, amounts, amounts, amounts)
counts = st.integers(0, 10**15)


@st.composite
def prices(draw):
    base = draw(rates)
    tiers = sorted(draw(st.sets(st.integers(1, 10**6), max_size=3)))
    return Price(
        input=base.input,
        cached_input=base.cached_input,
        output=base.output,
        cache_write=base.cache_write,
        cache_write_hour=base.cache_write_hour,
        long_prompts=tuple((tier, draw(rates)) for tier in tiers),
    )


@pytest.mark.parametrize(
    ("usage", "bill"),
    [
        (Usage(1000, 0, 100), "0.0045"),
        (Usage(1000, 400, 100), "0.00342"),
        (Usage(100_000, 0, 0, 50_000), "0.3375"),
        (Usage(100_000, 20_000, 1_000, 50_000, 10_000), "0.321"),
        (Usage(10, 0, 0, 10, 10), "0.00006"),
        (Usage(0, 0, 0), "0"),
    ],
)
def test_each_token_is_billed_once_by_its_own_rate(usage, bill):
    assert PRICE.cost(usage) == Decimal(bill)


def test_reasoning_is_billed_as_output():
    price = Price(input=Decimal("1.25"), cached_input=Decimal("0.20"), output=Decimal("2.50"))
    assert price.cost(Usage(10120, 128, 4308)) == Decimal("0.0232856")


def test_cost_is_exact_where_doubles_are_not():
    dime = Price(input=Decimal("0.1"), cached_input=Decimal("0.2"), output=Decimal(0))
    assert dime.cost(Usage(2, 1, 0)) == Decimal("0.0000003")


def test_what_a_cache_has_no_price_for_costs_what_input_does():
    assert Rates(Decimal(3), Decimal(1), Decimal(15)) == Rates(*map(Decimal, (3, 1, 15, 3, 3)))
    assert Rates(*map(Decimal, (3, 1, 15, 4))) == Rates(*map(Decimal, (3, 1, 15, 4, 4)))


@given(rates, usages(counts))
def test_cost_is_what_fractions_say(base, usage):
    price = Price(
        input=base.input,
        cached_input=base.cached_input,
        output=base.output,
        cache_write=base.cache_write,
        cache_write_hour=base.cache_write_hour,
    )
    exact = (
        Fraction(base.input) * (usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens)
        + Fraction(base.cached_input) * usage.cached_input_tokens
        + Fraction(base.cache_write) * (usage.cache_write_tokens - usage.cache_write_hour_tokens)
        + Fraction(base.cache_write_hour) * usage.cache_write_hour_tokens
        + Fraction(base.output) * usage.output_tokens
    ) / 10**6
    assert Fraction(price.cost(usage)) == exact


@pytest.mark.parametrize(("input_tokens", "cost"), [(200, "0.0004"), (201, "0.001005")])
def test_a_long_prompt_moves_the_whole_call_to_its_rates(input_tokens, cost):
    long_rates = Rates(Decimal(5), Decimal(1), Decimal(20))
    price = Price(input=Decimal(2), cached_input=Decimal("0.2"), output=Decimal(10), long_prompts=((200, long_rates),))
    assert price.cost(Usage(input_tokens, 0, 0)) == Decimal(cost)


@given(prices(), usages(st.integers(0, 2 * 10**6)), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_call_within_a_bound_costs_more_than_its_quote(price, usage, more_input, more_output):
    output = usage.output_tokens + more_output
    quote = price.quote(CallBound("openai", "m", usage.input_tokens + more_input, output))
    assert price.cost(usage) <= quote.amount(output)


def test_a_quote_takes_the_dearest_that_may_apply():
    long_rates = Rates(Decimal(6), Decimal(1), Decimal(20))
    price = Price(input=Decimal(2), cached_input=Decimal(1), output=Decimal(25), long_prompts=((200, long_rates),))
    assert price.quote(CallBound("openai", "m", 200, 0)).input == Decimal("0.0004")
    quote = price.quote(CallBound("openai", "m", 1000, 10))
    assert (quote.input, quote.per_output_token, quote.amount(10)) == tuple(
        map(Decimal, ("0.006", "0.000025", "0.00625"))
    )


def test_a_quote_takes_all_input_to_be_written_to_the_dearest_cache():
    assert PRICE.quote(CallBound("openai", "m", 1000, 0)).amount(0) == Decimal("0.006")


def test_how_many_output_tokens_an_amount_pays_for():
    quote = PRICE.quote(CallBound("openai", "m", 1000, 100))
    paid = [quote.affordable(Decimal(amount)) for amount in ("0.0059", "0.006", "0.006014", "0.006015", "0.0075")]
    assert paid == [-1, 0, 0, 1, 100]


def test_of_what_is_free_any_number_is_affordable():
    assert FREE.quote(CallBound("builtin", "rules", 1000, 100)).affordable(Decimal(0)) is None


@given(prices(), st.integers(0, 10**6), amounts)
def test_what_is_affordable_fits_the_amount_and_one_more_token_does_not(price, input_tokens, amount):
    quote = price.quote(CallBound("openai", "m", input_tokens, 1))
    paid = quote.affordable(amount)
    if paid is None:
        assert quote.amount(10**9) <= amount
    elif paid < 0:
        assert quote.amount(0) > amount
    else:
        assert quote.amount(paid) <= amount < quote.amount(paid + 1)
