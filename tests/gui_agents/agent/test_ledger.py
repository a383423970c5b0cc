from decimal import Decimal
from fractions import Fraction

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gui_agents.agent.ledger import Ledger
from gui_agents.domain.actions import ActionName, Type
from gui_agents.domain.lifecycle import Ending, TaskEvent
from gui_agents.domain.model import Turn
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.secret import Secret
from gui_agents.domain.usage import CallOutcome, ModelCall, Usage
from gui_agents.models.answers.tokens import MAX_TOKENS
from gui_agents.models.prices.price_file import MAX_AMOUNT, MAX_DECIMALS
from tests.fakes import FakeClock, FixedPrices, a_price, a_spec, new_state

PRICES = FixedPrices({"dear": a_price("3", "0.3", "15"), "yen": a_price("400", "40", "1600", "JPY")})

usages = st.none() | st.builds(
    lambda fresh, cached, output: Usage(fresh + cached, cached, output), *[st.integers(0, 10**6)] * 3
)
calls = st.builds(
    ModelCall, st.just("openai"), st.just("dear"), st.sampled_from(CallOutcome), usages, st.floats(0, 100)
)


def running(prices=PRICES):
    state = new_state(FakeClock())
    state.task_created("t", a_spec(), "accepted")
    state.task_started("t")
    return state, Ledger("t", state, prices)


def call(model, usage):
    return ModelCall("openai", model, CallOutcome.OK, usage, 0.5)


@given(st.lists(calls, max_size=20), st.integers(0, 5))
def test_the_ledger_says_what_the_record_and_the_service_say(made, steps):
    state, ledger = running()
    for each in made:
        ledger.model_called(each)
    for _ in range(steps):
        ledger.decided(0.25, 0.5)
    statistics, snapshot = state.record("t").statistics, state.snapshot()
    assert ledger.steps == statistics.steps == snapshot.steps.steps == steps
    assert ledger.tokens == statistics.input_tokens + statistics.output_tokens
    assert ledger.cost == statistics.cost == snapshot.models.cost["USD"]
    told = [each.usage for each in made if each.usage is not None]
    cached = sum(usage.cached_input_tokens for usage in told)
    fresh = sum(usage.input_tokens for usage in told) - cached
    millionths = 3 * fresh + Decimal("0.3") * cached + 15 * sum(usage.output_tokens for usage in told)
    assert ledger.cost == millionths / 10**6
    assert ledger.tokens == fresh + cached + sum(usage.output_tokens for usage in told)


class CountingRedactor(Redactor):
    """Says how many characters it has read."""

    characters = 0

    def redacted(self, text: str) -> str:
        self.characters += len(text)
        return super().redacted(text)


def test_a_step_is_redacted_without_reading_what_it_does_not_keep():
    state, _ = running()
    redactor = CountingRedactor([Secret("planted-key")])
    ledger = Ledger("t", state, PRICES, redactor=redactor)
    ledger.decided(0.25, 0.5)
    told = Turn("long instruction " * 1000, Type("planted-key"), "why planted-key", "typed", "long answer " * 1000)
    ledger.told("typed planted-key", 0.5, told)
    assert redactor.characters < 100


amounts = st.decimals(0, MAX_AMOUNT, allow_nan=False, allow_infinity=False, places=MAX_DECIMALS)
tokens = st.integers(0, 40).flatmap(lambda bits: st.integers(0, min(2**bits, MAX_TOKENS)))


@given(st.lists(st.tuples(amounts, tokens), max_size=30))
@example([(MAX_AMOUNT - Decimal("1e-12"), MAX_TOKENS - 1), (Decimal("1e-12"), 1)])
def test_sums_of_very_different_amounts_are_exact(billed):
    prices = {str(index): a_price(written=str(amount)) for index, (amount, _) in enumerate(billed)}
    state, ledger = running(FixedPrices(prices))
    for index, (_, written) in enumerate(billed):
        ledger.model_called(call(str(index), Usage(0, 0, written)))
    total = sum((Fraction(amount) * written / 10**6 for amount, written in billed), Fraction(0))
    books = (ledger.cost, state.record("t").statistics.cost, state.snapshot().models.cost["USD"])
    assert [Fraction(each) for each in books] == [total] * 3


def test_an_unknown_price_costs_nothing_and_is_counted():
    state, ledger = running()
    ledger.model_called(call("never heard of", Usage(10, 0, 5)))
    assert (ledger.tokens, ledger.cost) == (15, Decimal(0))
    assert state.record("t").statistics.currency is None
    assert state.snapshot().models.price_unknown["openai"] == 1


def test_a_call_without_usage_costs_nothing_and_is_counted():
    state, ledger = running()
    ledger.model_called(call("dear", None))
    models = state.snapshot().models
    assert (ledger.tokens, ledger.cost) == (0, Decimal(0))
    assert (models.usage_unknown["openai"], models.price_unknown["openai"]) == (1, 0)


def test_money_keeps_its_currency():
    state, ledger = running()
    ledger.model_called(call("yen", Usage(1000, 0, 0)))
    assert state.record("t").statistics.currency == "JPY"
    assert state.snapshot().models.cost == {"USD": Decimal(0), "JPY": Decimal("0.4")}


def test_actions_and_messages_reach_the_books():
    state, ledger = running()
    ledger.acted(ActionName.CLICK, 0.25, ok=True)
    ledger.acted(ActionName.TYPE, 0.5, ok=False)
    ledger.told("saw a screen", 0.5)
    snapshot = state.snapshot()
    assert snapshot.sandboxes.actions["click", "ok"] == snapshot.sandboxes.actions["type", "error"] == 1
    assert snapshot.steps.phases["act"].sum == 0.75
    assert snapshot.streams.messages == 2


def test_what_comes_after_the_end_changes_the_tasks_books_no_more():
    state, ledger = running()
    ledger.decided(0.1, 0.2)
    state.task_ended("t", Ending(event=TaskEvent.CANCEL, message="cancelled"))
    before = state.record("t")
    ledger.decided(0.1, 0.2)
    ledger.model_called(call("dear", Usage(10, 0, 5)))
    ledger.told("too late", 0.5)
    assert state.record("t") == before
    assert state.snapshot().models.tokens["openai"].input == 10
    assert state.snapshot().steps.steps == 1


def told_of(ledger, state):
    """Return the texts of the task's messages of stage `step`."""
    return [message.text for message in state.stream_taken(state.subscribed("t")) if str(message.stage) == "step"]


def test_a_step_tells_its_number_seconds_tokens_and_cost():
    state, ledger = running()
    for name, usage, seconds in (
        ("dear", Usage(1_000_000, 0, 0), 61.25),
        ("dear", None, 0.0),
        ("never heard of", Usage(1, 0, 0), 1.0),
    ):
        ledger.decided(0.1, 0.2)
        ledger.model_called(call(name, usage))
        ledger.told("saw a screen", seconds)
    first, second, third = told_of(ledger, state)
    amount = f"{ledger.cost:.6f}".rstrip("0").rstrip(".")
    assert first == f"step 1: saw a screen (61.2 s, 1,000,000 tokens, ${amount})"
    assert second == "step 2: saw a screen (0.0 s, 0 tokens, cost unknown)"
    assert third == "step 3: saw a screen (1.0 s, 1 token, cost unknown)"


@pytest.mark.parametrize(
    ("usage", "unbilled", "currency"), [(None, False, None), (None, True, "USD"), (Usage(1, 0, 1), False, "USD")]
)
def test_a_task_whose_calls_told_no_usage_has_no_known_cost(usage, unbilled, currency):
    state, ledger = running()
    ledger.model_called(attrs.evolve(call("dear", usage), unbilled=unbilled))
    assert state.record("t").statistics.currency == currency
