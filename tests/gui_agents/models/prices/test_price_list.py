from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.money import symbol
from gui_agents.domain.price import FREE, Price
from gui_agents.models.prices.known_prices import known_price
from gui_agents.models.prices.price_list import PriceList
from tests.strategies import usages

PRICE = Price(input=Decimal("3.0"), cached_input=Decimal("0.3"), output=Decimal("15.0"))
DAY = date(2026, 6, 1)


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


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-5"), ("google", "gemini-2.5-pro")],
)
@given(usage=usages(st.integers(0, 10**15)))
def test_public_prices_cost_what_the_package_itself_calculates(provider, model, usage):
    genai_prices = pytest.importorskip("genai_prices")
    theirs = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_input_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            cache_write_1h_tokens=usage.cache_write_hour_tokens,
            output_tokens=usage.output_tokens,
        ),
        model,
        provider_id=provider,
        genai_request_timestamp=datetime(2026, 6, 1, 12, tzinfo=UTC),
    )
    ours = known_price(provider, model, DAY)
    assert ours is not None
    # The package sums in the ambient decimal context, which keeps 28 digits.
    assert +ours.cost(usage) == pytest.approx(theirs.total_price, rel=Decimal("1e-25"), abs=Decimal("1e-25"))


def test_public_prices_know_what_writes_to_a_cache_cost():
    price = known_price("anthropic", "claude-opus-4-5", DAY)
    assert (price.input, price.cache_write, price.cache_write_hour) == (Decimal(5), Decimal("6.25"), Decimal(10))


def test_a_provider_that_the_package_spells_otherwise_is_found():
    assert known_price("gemini", "gemini-2.5-pro", DAY) is not None
    assert known_price("gemini", "gemini-2.5-pro", DAY) == known_price("google", "gemini-2.5-pro", DAY)


@pytest.mark.parametrize(
    "extra",
    [
        {"requests_kcount": Decimal(5)},
        {"input_image_mtok": Decimal(9)},
        {"output_reasoning_mtok": Decimal(9)},
    ],
)
def test_a_model_that_charges_for_what_no_answer_tells_is_unknown(monkeypatch, extra):
    genai_prices = pytest.importorskip("genai_prices")
    types = pytest.importorskip("genai_prices.types")
    listed = types.ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(2), **extra)
    monkeypatch.setattr(genai_prices, "calc_price", lambda *_, **__: SimpleNamespace(model_price=listed))
    assert known_price("openai", "m", DAY) is None


def doubts(*entries, default="openai/gpt-4o", known=lambda *_: None):
    return list(PriceList(dict.fromkeys(entries, PRICE), known=known).doubts(default))


@pytest.mark.parametrize("entry", ["openai/gpt-4o", "OpenAI/gpt-4o", "anthropic/claude-sonnet-4-5"])
def test_an_entry_with_a_providers_prefix_is_doubted(entry):
    [doubt] = doubts(entry, "gpt-4o")
    assert doubt.startswith(f"MODEL_PRICES_FILE: the entry {entry!r} begins with the name of a provider")
    assert f"write {entry.partition('/')[2]!r}" in doubt


def test_a_name_with_a_slash_that_is_sent_so_is_not_doubted():
    assert doubts("anthropic/claude-x", default="openai/anthropic/claude-x") == []
    assert doubts("gpt-4o", "meta-llama/Llama-4") == []


def test_entries_that_do_not_match_the_default_model_are_named():
    [doubt] = doubts("GPT-4o", "gpt4o")
    assert doubt == (
        "MODEL_PRICES_FILE: no entry is the price of 'gpt-4o', the model of DEFAULT_MODEL, whose price is unknown; "
        "the entries are 'GPT-4o', 'gpt4o'"
    )
    [doubt] = doubts(*map(str, range(9)))
    assert doubt.endswith("the entries are '0', '1', '2', '3', '4' and more")


def test_a_file_that_names_other_models_than_the_default_one_is_not_doubted():
    assert doubts("local", known=lambda *_: PRICE) == []
    assert doubts("local", default="builtin/rules") == []
    assert doubts() == []


def test_a_vendors_price_holds_at_the_vendors_own_address_alone():
    prices = PriceList({"local": PRICE}, known=lambda *_: FREE)
    assert prices.price("openai", "gpt-4o", public=True) == FREE
    assert prices.price("openai", "gpt-4o", public=False) is None
    assert prices.price("openai", "local", public=False) == PRICE
