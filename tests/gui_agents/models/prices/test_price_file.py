import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.price import Price, Rates
from gui_agents.models.prices.price_file import AMOUNTS, EXAMPLE, FIELDS, read_prices
from gui_agents.models.prices.price_list import PriceList

BUDGETS = Path(__file__).parents[4] / "docs" / "budgets.md"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "prices.json"


def mistakes(path, text):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_prices(path)
    return [line.removeprefix(f"{path}: ") for line in caught.value.mistakes]


def test_strings_and_numbers_are_read_exactly(path):
    path.write_text(
        '{"a": {"input": "3.0", "cached_input": "0.3", "output": "15.0", "currency": "CNY"},'
        ' "b": {"input": 0.1, "output": 2e-3}, "c": {"input": 0, "output": "0"}}'
    )
    assert read_prices(path) == {
        "a": Price(input=Decimal("3.0"), cached_input=Decimal("0.3"), output=Decimal("15.0"), currency="CNY"),
        "b": Price(input=Decimal("0.1"), cached_input=Decimal("0.1"), output=Decimal("0.002")),
        "c": Price(input=Decimal(0), cached_input=Decimal(0), output=Decimal(0)),
    }


def test_writes_to_a_cache_have_prices_of_their_own_that_follow_each_other(path):
    path.write_text(
        '{"both": {"input": 3, "output": 15, "cache_write": "3.75", "cache_write_hour": 6},'
        ' "one": {"input": 3, "output": 15, "cache_write": "3.75"}, "none": {"input": 3, "output": 15}}'
    )
    prices = read_prices(path)
    assert {name: (price.cache_write, price.cache_write_hour) for name, price in prices.items()} == {
        "both": (Decimal("3.75"), Decimal(6)),
        "one": (Decimal("3.75"), Decimal("3.75")),
        "none": (Decimal(3), Decimal(3)),
    }


def test_a_price_list_without_a_file_has_no_own_prices():
    assert PriceList.load(None).currencies() == {"USD"}


def test_a_price_list_knows_the_currencies_of_its_file(path):
    path.write_text('{"a": {"input": "1", "output": "2", "currency": "EUR"}}')
    assert PriceList.load(path).currencies() == {"USD", "EUR"}


def test_every_mistake_is_told_with_file_model_and_field(path):
    text = """{
        "a": {"input": "-1", "output": "two", "currency": "dollar", "price": 1},
        "b": {"output": true},
        "c": 5,
        "d": {"input": 1, "input": 2, "output": 1},
        "e": {"input": 1, "output": 1e7},
        "f": {"input": 1e-13, "output": null},
        "g": {"input": NaN, "output": Infinity},
        "h": {"input": 1e99999999999999999999, "output": {}},
        "ok": {"input": 1, "output": 1},
        "ok": {"input": 1, "output": 1}
    }"""
    number = 'must be a number, best written as a string such as "2.50"'
    assert mistakes(path, text) == [
        f"model 'a': field 'price' is unknown; the fields are {', '.join(FIELDS)}",
        "model 'a': field input must not be negative (it is '-1')",
        f"model 'a': field output {number} (it is 'two')",
        "model 'a': field currency must be an ISO code of three capital letters, such as USD (it is 'dollar')",
        "model 'b': field input is missing",
        f"model 'b': field output {number} (it is True)",
        f"model 'c': must be an object {EXAMPLE}",
        "model 'd': field input is given twice; keep one",
        "model 'e': field output must be at most 1000000 per million tokens (it is 1E+7)",
        "model 'f': field input must have at most 12 decimals (it is 1E-13)",
        f"model 'f': field output {number} (it is None)",
        f"model 'g': field input {number} (it is NaN)",
        f"model 'g': field output {number} (it is Infinity)",
        f"model 'h': field input {number} (it is NaN)",
        f"model 'h': field output {number} (it is an object)",
        "model 'ok' is given twice; keep one",
    ]


@pytest.mark.parametrize("text", ["[]", "3", '"a"', "null"])
def test_anything_but_an_object_is_refused(path, text):
    assert mistakes(path, text) == ["must hold one JSON object that maps models to prices"]


def test_what_is_no_json_is_refused_with_its_place(path):
    assert mistakes(path, '{"a": }') == ["is not JSON in UTF-8 (Expecting value: line 1 column 7 (char 6))"]


def test_what_is_no_utf8_is_refused(path):
    path.write_bytes(b'{"\xff": 1}')
    with pytest.raises(ConfigError, match="is not JSON in UTF-8"):
        read_prices(path)


def test_a_tower_of_brackets_is_refused(path):
    assert mistakes(path, "[" * 100_000) == ["is nested too deeply to be a price list"]


def test_a_file_that_is_gone_is_refused(path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_prices(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(["1", "USD", "-0"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["input", "output"]), inner),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values | st.dictionaries(st.text(), st.dictionaries(st.sampled_from(["input", "output"]), json_values)))
def test_any_json_is_read_or_refused(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")
    try:
        prices = read_prices(path)
    except ConfigError:
        return
    for price in prices.values():
        assert min(price.input, price.cached_input, price.output) >= 0


@given(st.binary())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(path, content):
    path.write_bytes(content)
    try:
        prices = read_prices(path)
    except ConfigError:
        return
    assert prices == {}


def test_the_price_file_of_the_documentation_is_right(path):
    [example] = re.findall(r"```json\n(.*?)```", BUDGETS.read_text("utf-8"), re.DOTALL)
    path.write_text(example)
    [price] = read_prices(path).values()
    rates = Rates(*map(Decimal, ("3", "0.3", "15", "3.75", "6")))
    assert [getattr(price, name) for name in AMOUNTS] == [getattr(rates, name) for name in AMOUNTS]
