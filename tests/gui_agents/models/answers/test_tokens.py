from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.usage import Usage
from gui_agents.models.answers.tokens import MAX_TOKENS, Counts, count, usage_of
from gui_agents.models.chat.answers import read_usage
from gui_agents.models.prices.price_list import Price


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (
            {
                "prompt_tokens": 10120,
                "completion_tokens": 1499,
                "total_tokens": 14428,
                "prompt_tokens_details": {"cached_tokens": 128},
                "completion_tokens_details": {"reasoning_tokens": 2809},
            },
            Usage(10120, 128, 4308),
        ),
        ({"prompt_tokens": 2000, "completion_tokens": 20, "cached_tokens": 1792}, Usage(2000, 1792, 20)),
        ({"prompt_tokens": 2000, "completion_tokens": 20, "prompt_cache_hit_tokens": 1792}, Usage(2000, 1792, 20)),
        ({"prompt_tokens": 2000, "completion_tokens": 20, "cache_read_input_tokens": 1792}, Usage(2000, 1792, 20)),
        (
            {
                "prompt_tokens": 2000,
                "completion_tokens": 20,
                "prompt_tokens_details": {"cached_tokens": 0},
                "cache_read_input_tokens": 1792,
            },
            Usage(2000, 1792, 20),
        ),
        (
            {"prompt_tokens": 100_000, "completion_tokens": 20, "cache_creation_input_tokens": 50_000},
            Usage(100_000, 0, 20, 50_000),
        ),
        (
            {"prompt_tokens": 900, "completion_tokens": 2, "prompt_tokens_details": {"cache_write_tokens": 800}},
            Usage(900, 0, 2, 800),
        ),
        (
            {
                "prompt_tokens": 900,
                "completion_tokens": 2,
                "cache_creation_input_tokens": 800,
                "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 300},
            },
            Usage(900, 0, 2, 800, 300),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 70}},
            Usage(9, 0, 75),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 75, "completion_tokens_details": {"reasoning_tokens": 70}},
            Usage(9, 0, 75),
        ),
        ({"input_tokens": 9, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}}, Usage(9, 4, 5)),
        ({"prompt_tokens": 21, "total_tokens": 81}, Usage(21, 0, 60)),
        ({"completion_tokens": 60, "total_tokens": 81}, Usage(21, 0, 60)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 3}, Usage(5, 0, 2)),
        ({"prompt_tokens": 5.0, "completion_tokens": 2.0}, Usage(5, 0, 2)),
        (
            {"prompt_tokens": 900, "completion_tokens": 2, "cache_creation": {"ephemeral_1h_input_tokens": 300}},
            Usage(900, 0, 2, 300, 300),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 5, "reasoning_tokens": 70}, Usage(9, 0, 75)),
        ({"input_tokens": 9, "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 70}}, Usage(9, 0, 75)),
        ({"prompt_tokens": 900, "completion_tokens": 5, "num_cached_tokens": 800}, Usage(900, 800, 5)),
        ({"prompt_tokens": 900, "completion_tokens": 5, "cached_input_tokens": 800}, Usage(900, 800, 5)),
        (
            {
                "prompt_tokens": 900,
                "completion_tokens": 5,
                "prompt_tokens_details": {"audio_tokens": 0},
                "input_tokens_details": {"cached_tokens": 800},
            },
            Usage(900, 800, 5),
        ),
        (
            {
                "input_tokens": 20,
                "output_tokens": 5,
                "cache_read_input_tokens": 1000,
                "cache_creation_input_tokens": 500,
            },
            Usage(1520, 1000, 5, 500),
        ),
        (
            {
                "prompt_tokens": 20,
                "completion_tokens": 5,
                "total_tokens": 1525,
                "cache_read_input_tokens": 1000,
                "cache_creation_input_tokens": 500,
            },
            Usage(1520, 1000, 5, 500),
        ),
        (
            {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 1100, "cached_tokens": 1000},
            Usage(1020, 1000, 80),
        ),
        (
            {"prompt_tokens": 2000, "completion_tokens": 5, "total_tokens": 3505, "cached_tokens": 1500},
            Usage(3500, 1500, 5),
        ),
        ({"prompt_tokens": 20, "total_tokens": 1025, "cached_tokens": 1000}, Usage(1020, 1000, 5)),
        ({"prompt_tokens": 0, "completion_tokens": 57, "cached_tokens": 1000}, Usage(1000, 1000, 57)),
        ({"prompt_tokens": 0, "completion_tokens": 57, "total_tokens": 81}, Usage(24, 0, 57)),
        ({"prompt_tokens": 0, "completion_tokens": 57, "total_tokens": 57}, None),
        ({"prompt_tokens": 0, "completion_tokens": 57}, None),
        ({"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}, Usage(1000, 0, 0)),
        ({"prompt_tokens": 21, "total_tokens": 21}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": 21, "total_tokens": 7}, None),
        ({"total_tokens": 81}, None),
        ({"prompt_tokens": 5.5, "completion_tokens": 2}, None),
    ],
)
def test_usage_is_read_as_endpoints_spell_it(told, read):
    assert read_usage({"usage": told}) == read


def price(input_, cached, output):
    return Price(input=Decimal(input_), cached_input=Decimal(cached), output=Decimal(output))


def test_what_it_costs():
    reasoned = {"prompt_tokens": 10120, "completion_tokens": 1499, "total_tokens": 14428}
    reasoned["prompt_tokens_details"] = {"cached_tokens": 128}
    assert price("1.25", "0.20", "2.50").cost(read_usage({"usage": reasoned})) == Decimal("0.0232856")
    cached = {"prompt_tokens": 2000, "completion_tokens": 20, "cached_tokens": 1792}
    assert price("3", "0.30", "15").cost(read_usage({"usage": cached})) == Decimal("0.0014616")


numbers = st.none() | st.integers(0, MAX_TOKENS)


names = ("prompt", "output", "total", "cached", "cache_write", "cache_write_hour")


@given(st.fixed_dictionaries(dict.fromkeys(names, numbers)))
def test_any_counts_are_usage_or_unknown(told):
    used = usage_of(Counts(**told))
    if used is not None:
        assert used.input_tokens + used.output_tokens >= max(1, told["total"] or 0)


@pytest.mark.parametrize("value", [True, -1, "5", None, 1e300, float("nan"), float("inf"), 1.5, MAX_TOKENS + 1, []])
def test_what_is_no_count(value):
    assert count(value) is None
