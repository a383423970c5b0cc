from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.money import symbol
from gui_agents.domain.usage import Usage
from gui_agents.models.prices.known_prices import known_price
from gui_agents.models.prices.price import FREE, Price, Rates
from gui_agents.models.prices.price_list import PriceList

PRICE = Price(input=Decimal("3.0"), cached_input=Decimal("0.3"), output=Decimal("15.0"))
DAY = date(2026, 6, 1)

amounts = st.decimals(min_value=0, max_value=1_000_000, allow_nan=False, allow_infinity=False, places=12)
tokens = st.integers(0, 10**15)


@st.composite
def usages(draw):
    given_tokens = draw(tokens)
    return Usage(given_tokens, draw(st.integers(0, given_tokens)), draw(tokens))


def test_cached_tokens_are_billed_as_cached_only():
    assert PRICE.cost(Usage(1000, 400, 100)) == Decimal("0.00342")


def test_cost_is_exact_where_doubles_are_not():
    dime = Price(input=Decimal("0.1"), cached_input=Decimal("0.2"), output=Decimal(0))
    assert dime.cost(Usage(2, 1, 0)) == Decimal("0.0000003")


@given(amounts, amounts, amounts, usages())
def test_cost_is_what_fractions_say(given_amount, cached, output, usage):
    price = Price(input=given_amount, cached_input=cached, output=output)
    exact = (
        Fraction(given_amount) * (usage.input_tokens - usage.cached_input_tokens)
        + Fraction(cached) * usage.cached_input_tokens
        + Fraction(output) * usage.output_tokens
    ) / 10**6
    assert Fraction(price.cost(usage)) == exact


@pytest.mark.parametrize(("input_tokens", "cost"), [(200, "0.0004"), (201, "0.001005")])
def test_a_long_prompt_moves_the_whole_call_to_its_rates(input_tokens, cost):
    long_rates = Rates(Decimal(5), Decimal(1), Decimal(20))
    price = Price(input=Decimal(2), cached_input=Decimal("0.2"), output=Decimal(10), long_prompts=((200, long_rates),))
    assert price.cost(Usage(input_tokens, 0, 0)) == Decimal(cost)


def test_the_operators_price_goes_before_public_ones():
    prices = PriceList({"gpt-4o": PRICE}, known=lambda *_: FREE)
    assert prices.price("openai", "gpt-4o") == PRICE


def test_an_own_price_is_found_by_its_exact_name_only():
    prices = PriceList({"gpt-4o": PRICE}, known=lambda *_: None)
    assert [prices.price("openai", name) for name in ("gpt-4o-mini", "gpt-4", "GPT-4o", "")] == [None] * 4


def test_the_built_in_model_is_known_to_be_free():
    assert PriceList({}, known=lambda *_: None).price("builtin", "rules") == FREE


def test_a_free_price_of_the_operators_is_known_and_not_looked_up():
    prices = PriceList({"local": FREE}, known=lambda *_: PRICE)
    assert prices.price("openai", "local") == FREE


def test_lookups_are_remembered_for_a_day():
    asked = []
    today = [DAY]

    def known(provider, model, day):
        asked.append((provider, model, day))

    prices = PriceList({}, known=known, today=lambda: today[0])
    prices.price("openai", "m")
    prices.price("openai", "m")
    today[0] = date(2026, 6, 2)
    prices.price("openai", "m")
    assert asked == [("openai", "m", DAY), ("openai", "m", date(2026, 6, 2))]


def test_currencies_are_dollars_and_those_of_the_operator():
    yuan = Price(input=Decimal(1), cached_input=Decimal(1), output=Decimal(1), currency="CNY")
    assert PriceList({"m": yuan}).currencies() == {"USD", "CNY"}
    assert PriceList({}).currencies() == {"USD"}


@pytest.mark.parametrize(("code", "shown"), [("USD", "$"), ("CNY", "¥"), ("EUR", "€"), ("GBP", "£"), ("SEK", "SEK")])
def test_symbol(code, shown):
    assert symbol(code) == shown


def test_public_prices_tell_a_mini_model_from_the_big_one():
    assert known_price("openai", "gpt-4o", DAY) == Price(
        input=Decimal("2.5"), cached_input=Decimal("1.25"), output=Decimal(10)
    )
    assert known_price("openai", "gpt-4o-mini", DAY) == Price(
        input=Decimal("0.15"), cached_input=Decimal("0.075"), output=Decimal("0.6")
    )


@pytest.mark.parametrize("model", ["gpt-4o-mini-imagined", "no-such-model", ""])
def test_a_model_that_the_package_does_not_know_is_unknown(model):
    assert known_price("openai", model, DAY) is None


def test_a_provider_that_the_package_does_not_know_is_unknown():
    assert known_price("nobody", "gpt-4o", DAY) is None


def test_a_missing_package_leaves_prices_unknown(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "genai_prices", None)
    assert known_price("openai", "gpt-4o", DAY) is None


@given(usages())
def test_public_prices_cost_what_the_package_itself_calculates(usage):
    genai_prices = pytest.importorskip("genai_prices")
    theirs = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_input_tokens,
            output_tokens=usage.output_tokens,
        ),
        "gpt-4o-mini",
        provider_id="openai",
        genai_request_timestamp=datetime(2026, 6, 1, 12, tzinfo=UTC),
    )
    ours = known_price("openai", "gpt-4o-mini", DAY)
    assert ours is not None
    # The package sums in the ambient decimal context, which keeps 28 digits.
    assert +ours.cost(usage) == pytest.approx(theirs.total_price, rel=Decimal("1e-25"), abs=Decimal("1e-25"))
