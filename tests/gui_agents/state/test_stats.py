from decimal import Decimal

import pytest

from gui_agents.domain.actions import SANDBOX_ACTIONS
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.rpc import RpcMethod
from gui_agents.domain.sandbox import SandboxEnd, SandboxType
from gui_agents.domain.spec import ConfigType
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall, Usage
from gui_agents.snapshot import TokenCounts
from gui_agents.state.stats import ServiceStats

STREAM = RpcMethod("Watch", ("OK", "CANCELLED"), streaming=True)
UNARY = RpcMethod("Ask", ("OK",), streaming=False)


@pytest.fixture
def stats():
    return ServiceStats([STREAM, UNARY], ["openai"], ["USD"])


def test_closed_sets_are_complete_from_the_start(stats):
    rpcs, models, sandboxes = stats.rpcs.statistics(), stats.models.statistics(), stats.sandboxes.statistics()
    assert rpcs.started == {"Watch": 0, "Ask": 0}
    assert rpcs.handled == {("Watch", "OK"): 0, ("Watch", "CANCELLED"): 0, ("Ask", "OK"): 0}
    assert rpcs.open_streams == {"Watch": 0}
    assert set(models.requests) == {(name, outcome) for name in ("openai", "other") for outcome in CallOutcome}
    assert models.cost == {"USD": Decimal(0)}
    assert set(sandboxes.created) == set(SandboxType)
    assert set(sandboxes.actions) == {(action, outcome) for action in SANDBOX_ACTIONS for outcome in ("ok", "error")}
    assert set(stats.steps.statistics().phases) == {"observe", "decide", "act"}
    assert stats.config_updates() == dict.fromkeys(ConfigType, 0)
    assert set(sandboxes.ended) == {(kind, reason) for kind in SandboxType for reason in SandboxEnd}
    assert set(sandboxes.egress) == set(EgressVerdict)
    counts = (sandboxes.created, sandboxes.ended, sandboxes.egress, sandboxes.actions)
    everything = (rpcs.started, rpcs.handled, models.requests, *counts)
    assert not any(value for tally in everything for value in tally.values())
    # Keys are plain strings, as labels are.
    assert all(type(key) is str for key in (*sandboxes.created, *stats.config_updates(), *rpcs.started))


def test_a_code_that_nobody_expected_is_counted_when_it_happens(stats):
    stats.rpcs.started("Ask")
    stats.rpcs.ended("Ask", "DATA_LOSS", 0.1)
    assert stats.rpcs.statistics().handled["Ask", "DATA_LOSS"] == 1


def test_a_method_outside_of_the_closed_set_is_a_defect(stats):
    with pytest.raises(KeyError):
        stats.rpcs.started("Unheard/Of")


def test_a_streams_gauge_falls_when_it_ends_however_it_ends(stats):
    for code in ("OK", "CANCELLED", "DATA_LOSS"):
        stats.rpcs.started("Watch")
        assert stats.rpcs.statistics().open_streams == {"Watch": 1}
        stats.rpcs.ended("Watch", code, 9.0)
    assert stats.rpcs.statistics().open_streams == {"Watch": 0}


def test_an_unknown_provider_and_a_new_currency_are_counted(stats):
    call = ModelCall("elsewhere", "m", CallOutcome.OK, Usage(7, 3, 2, 1), 0.5)
    stats.models.called(call, Bill(Decimal("1.5"), "CNY"), "t", 0.0)
    models = stats.models.statistics()
    assert models.tokens["other"] == TokenCounts(input=7, cached_input=3, output=2, cache_write=1)
    assert models.requests["other", "ok"] == 1
    assert models.cost == {"USD": Decimal(0), "CNY": Decimal("1.5")}


@pytest.mark.parametrize(
    ("usage", "unbilled", "unknown"), [(None, True, 0), (None, False, 1), (Usage(1, 0, 0), True, 0)]
)
def test_a_call_that_was_surely_not_billed_has_no_unknown_usage(stats, usage, unbilled, unknown):
    call = ModelCall("openai", "m", CallOutcome.ERROR, usage, 0.5, unbilled=unbilled)
    stats.models.called(call, Bill(Decimal(0), "USD"), "t", 0.0)
    assert stats.models.statistics().usage_unknown["openai"] == unknown


@pytest.mark.parametrize(
    ("usage", "unbilled", "unknown"), [(None, True, 0), (None, False, 1), (Usage(1, 0, 0), True, 1)]
)
def test_a_call_that_was_surely_not_billed_has_no_unknown_price(stats, usage, unbilled, unknown):
    call = ModelCall("openai", "m", CallOutcome.ERROR, usage, 0.5, unbilled=unbilled)
    stats.models.called(call, Bill(Decimal(0), None), "t", 0.0)
    assert stats.models.statistics().price_unknown["openai"] == unknown


def test_a_provider_that_nobody_configured_has_series_from_its_first_call_on(stats):
    assert "groq" not in stats.models.statistics().tokens
    stats.models.called(ModelCall("groq", "m", CallOutcome.OK, Usage(7, 3, 2), 0.5), Bill(Decimal(0), "USD"), "t", 0.0)
    models = stats.models.statistics()
    assert (models.tokens["groq"].input, models.tokens["other"].input) == (7, 0)
    assert {outcome: models.requests["groq", outcome] for outcome in CallOutcome} == {
        **dict.fromkeys(CallOutcome, 0),
        CallOutcome.OK: 1,
    }
    assert models.durations["groq"].count == 1


def test_money_is_not_rounded_to_a_double(stats):
    for _ in range(10):
        stats.models.called(
            ModelCall("openai", "m", CallOutcome.OK, Usage(1, 0, 0), 0.1), Bill(Decimal("0.1"), "USD"), "t", 0.0
        )
    assert stats.models.statistics().cost["USD"] == Decimal(1)


def test_statistics_do_not_follow_what_comes_later(stats):
    before = stats.rpcs.statistics()
    stats.rpcs.started("Ask")
    assert before.started["Ask"] == 0
