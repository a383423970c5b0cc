"""What a ledger reserves before a call, and what becomes of it, on a real state and virtual time."""

import asyncio
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.agent.ledger import WAITS, Ledger
from gui_agents.agent.spending import SpendingLimits
from gui_agents.domain.model import BudgetExhaustedError
from gui_agents.domain.usage import CallBound, CallOutcome, ModelCall, Usage
from tests.fakes import FakeClock, FixedPrices, a_price, a_spec, new_state
from tests.virtual_time import EPOCH, LoopClock, run, settle, virtual

BOUND = CallBound("openai", "m", 1000, 400, 100)
WORST = Decimal("0.009")
LIMIT = Decimal("0.02")
PRICES = FixedPrices({"m": a_price("3", "0.3", "15"), "yuan": a_price(currency="CNY"), "free": a_price("0", "0", "0")})
SECONDS_LEFT = 86_400 - EPOCH % 86_400


class Books:
    """A state with a budget of the day, and ledgers of its tasks."""

    def __init__(self, limit=LIMIT, clock=None):
        self.state = new_state(clock or LoopClock(), day_limits={"USD": limit}, slots=100)
        self._tasks = 0

    def ledger(self, limits=None, *, trusted=True):
        self._tasks += 1
        name = f"t{self._tasks}"
        self.state.task_created(name, a_spec(), "accepted")
        self.state.task_started(name)
        return Ledger(name, self.state, PRICES, limits or SpendingLimits(), trusted=trusted)

    def told(self, task):
        return [message.text for message in self.state.stream_taken(self.state.subscribed(task))]

    @property
    def day(self):
        point = self.state.snapshot().budgets.day["USD"]
        return point.spent, point.reserved


def ended(usage=None, *, unbilled=False, model="m"):
    outcome = CallOutcome.ERROR if usage is None else CallOutcome.OK
    return ModelCall("openai", model, outcome, usage, 0.5, unbilled)


@virtual
async def test_the_worst_case_is_reserved_until_the_bill_takes_its_place():
    books = Books()
    ledger = books.ledger()
    assert await ledger.reserve(BOUND) == 400
    assert books.day == (0, WORST)
    ledger.model_called(ended(Usage(500, 0, 20)))
    assert books.day == (Decimal("0.0018"), 0)
    assert ledger.cost == books.state.snapshot().models.cost["USD"] == Decimal("0.0018")


@virtual
async def test_a_call_that_may_have_been_billed_keeps_its_worst_case():
    books = Books()
    ledger = books.ledger()
    await ledger.reserve(BOUND)
    ledger.model_called(ended())
    assert books.day == (WORST, 0)
    assert ledger.cost == books.state.snapshot().models.cost["USD"] == 0


@virtual
async def test_a_call_that_was_surely_not_billed_gives_everything_back():
    books = Books()
    ledger = books.ledger()
    await ledger.reserve(BOUND)
    ledger.model_called(ended(unbilled=True))
    assert books.day == (0, 0)


@virtual
async def test_a_call_that_a_gateway_stopped_waiting_for_keeps_its_worst_case():
    books = Books()
    ledger = books.ledger()
    await ledger.reserve(BOUND)
    ledger.model_called(attrs.evolve(ended(unbilled=True), kept=True))
    assert books.day == (WORST, 0)


@virtual
async def test_a_reservation_that_nobody_settles_is_spent_when_the_ledger_is_closed():
    books = Books()
    ledger = books.ledger(SpendingLimits(tokens=3000))
    await ledger.reserve(BOUND)
    ledger.close()
    ledger.close()
    assert books.day == (WORST, 0)
    await ledger.reserve(BOUND)
    with pytest.raises(BudgetExhaustedError, match="TASK_MAX_TOKENS allows 3000 tokens; 200 are left"):
        await ledger.reserve(BOUND)
    assert books.day == (2 * WORST, 0)


@virtual
async def test_a_reservation_without_a_budget_of_the_day_is_spent_of_the_task_alone():
    books = Books()
    ledger = books.ledger(SpendingLimits(tokens=3000))
    await ledger.reserve(CallBound("openai", "never heard of", 1000, 400))
    ledger.close()
    with pytest.raises(BudgetExhaustedError, match="1600 are left"):
        await ledger.reserve(CallBound("openai", "never heard of", 1000, 1000))
    assert books.day == (0, 0)


@virtual
async def test_a_bill_without_a_reservation_is_spent_too():
    books = Books()
    books.ledger().model_called(ended(Usage(1000, 0, 0)))
    assert books.day == (Decimal("0.003"), 0)


@virtual
async def test_an_endpoint_that_a_request_named_cannot_make_the_day_pay_more_than_was_reserved(caplog):
    books = Books()
    ledger = books.ledger(SpendingLimits(tokens=3000, cost=Decimal(1)), trusted=False)
    for _ in range(2):
        await ledger.reserve(BOUND)
        ledger.model_called(ended(Usage(10**9, 0, 5)))
    assert books.day == (2 * WORST, 0)
    assert ledger.cost == books.state.snapshot().models.cost["USD"] == Decimal("6000.00015")
    with pytest.raises(BudgetExhaustedError, match="200 are left"):
        await ledger.reserve(BOUND)
    words = "an endpoint that is not configured reports 1000000005 tokens for a call that can use 1400 at most"
    assert [words in record.getMessage() for record in caplog.records] == [True]


@virtual
async def test_an_endpoint_that_a_request_named_pays_back_what_it_did_not_use():
    books = Books()
    ledger = books.ledger(trusted=False)
    await ledger.reserve(BOUND)
    ledger.model_called(ended(Usage(500, 0, 20)))
    assert books.day == (Decimal("0.0018"), 0)


@virtual
async def test_a_bill_above_the_limit_of_a_configured_endpoint_counts_and_leaves_nothing():
    books = Books()
    ledger = books.ledger(SpendingLimits(cost=Decimal(1)))
    await ledger.reserve(BOUND)
    ledger.model_called(ended(Usage(10**6, 0, 0)))
    assert books.day == (3, 0)
    assert books.state.budget_unspent("USD") == 0
    with pytest.raises(BudgetExhaustedError, match="TASK_MAX_COST allows 1 USD; 0 is left"):
        await ledger.reserve(BOUND)
    with pytest.raises(BudgetExhaustedError, match=r"DAILY_MAX_COST allows 0\.02 USD a day; 0 is left"):
        await books.ledger().reserve(BOUND)


@virtual
async def test_a_reservation_waits_for_the_calls_of_other_tasks():
    books = Books()
    first, second, third = (books.ledger() for _ in range(3))
    await first.reserve(BOUND)
    await second.reserve(BOUND)
    waiting = asyncio.create_task(third.reserve(BOUND))
    await settle()
    assert not waiting.done()
    first.model_called(ended(Usage(500, 0, 20)))
    assert await waiting == 400
    assert books.day == (Decimal("0.0018"), 2 * WORST)


@virtual
async def test_a_task_that_waits_for_the_days_budget_says_so_once():
    books = Books()
    waits, other = books.ledger(), books.ledger()
    for _ in range(2):
        await other.reserve(CallBound("openai", "m", 6000, 100))
        waiting = asyncio.create_task(waits.reserve(BOUND))
        await settle()
        other.model_called(ended(unbilled=True))
        await waiting
        waits.model_called(ended(unbilled=True))
    assert [books.told(task) for task in ("t1", "t2")] == [["accepted", WAITS], ["accepted"]]


@virtual
async def test_a_reservation_that_is_cancelled_while_it_waits_lets_the_next_one_go():
    books = Books()
    ledgers = [books.ledger() for _ in range(4)]
    for ledger in ledgers[:2]:
        await ledger.reserve(BOUND)
    large = asyncio.create_task(ledgers[2].reserve(BOUND))
    small = asyncio.create_task(ledgers[3].reserve(CallBound("openai", "m", 100, 10)))
    await settle()
    large.cancel()
    with pytest.raises(asyncio.CancelledError):
        await large
    assert await small == 10


@virtual
async def test_a_reservation_that_is_granted_and_cancelled_at_one_moment_gives_everything_back():
    books = Books()
    first, second = books.ledger(), books.ledger()
    await first.reserve(CallBound("openai", "m", 6000, 100))
    waiting = asyncio.create_task(second.reserve(BOUND))
    await settle()
    first.model_called(ended(unbilled=True))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert books.day == (0, 0)


@virtual
async def test_what_can_never_fit_is_refused_and_reserves_nothing():
    books = Books(limit=Decimal("0.004"))
    with pytest.raises(BudgetExhaustedError) as refused:
        await books.ledger().reserve(BOUND)
    words = "DAILY_MAX_COST allows 0.004 USD a day; 0.004 is left, and the next call may cost 0.0045"
    assert str(refused.value) == words
    assert books.day == (0, 0)


@virtual
async def test_little_that_is_left_makes_a_shorter_answer():
    books = Books(limit=Decimal("0.006"))
    assert await books.ledger().reserve(BOUND) == 200
    assert books.day == (0, Decimal("0.006"))


@virtual
async def test_the_tasks_own_limit_goes_before_the_days():
    books = Books()
    assert await books.ledger(SpendingLimits(cost=Decimal("0.0075"))).reserve(BOUND) == 300
    assert books.day == (0, Decimal("0.0075"))


@pytest.mark.parametrize("model", ["yuan", "free", "never heard of"])
@virtual
async def test_what_the_days_budget_does_not_concern_reserves_nothing_of_it(model):
    books = Books()
    ledger = books.ledger()
    assert await ledger.reserve(CallBound("openai", model, 10**9, 10**9)) == 10**9
    ledger.model_called(ended(Usage(10, 0, 10), model=model))
    assert books.day == (0, 0)


@virtual
async def test_a_new_day_has_a_new_budget():
    books = Books()
    yesterday, today = books.ledger(), books.ledger()
    await yesterday.reserve(CallBound("openai", "m", 6000, 100))
    await asyncio.sleep(SECONDS_LEFT)
    await today.reserve(CallBound("openai", "m", 6000, 100))
    yesterday.model_called(ended())
    assert books.day == (0, Decimal("0.0195"))


bounds = st.builds(
    lambda input_tokens, least, more: CallBound("openai", "m", input_tokens, least + more, least),
    *[st.integers(0, 5000)] * 3,
)
shares = st.tuples(st.integers(0, 10), st.integers(0, 10))
endings = st.sampled_from(("told", "lost", "refused", "forgotten"))


@given(
    calls=st.lists(st.tuples(bounds, shares, endings), max_size=12),
    tokens=st.none() | st.integers(1, 20_000),
    cost=st.none() | st.decimals("0.0001", "0.1", places=4),
)
def test_no_task_exceeds_its_limits_whatever_becomes_of_its_calls(calls, tokens, cost):
    used, money = run(_spend(Books(Decimal(1000), FakeClock()).ledger(SpendingLimits(tokens, cost)), calls))
    assert tokens is None or used <= tokens
    assert cost is None or money <= cost


async def _spend(ledger, calls):
    """Make calls that use shares of what they may, and return what the vendor has billed at the most."""
    used, money = 0, Decimal(0)
    for bound, (input_share, output_share), ending in calls:
        try:
            granted = await ledger.reserve(bound)
        except BudgetExhaustedError:
            continue
        assert bound.least_output_tokens <= granted <= bound.output_tokens
        usage = Usage(bound.input_tokens * input_share // 10, 0, granted * output_share // 10)
        if ending != "refused":
            used += usage.input_tokens + usage.output_tokens
            money += PRICES.price("openai", "m").cost(usage)
        if ending != "forgotten":
            ledger.model_called(ended(usage if ending == "told" else None, unbilled=ending == "refused"))
    return used, money
