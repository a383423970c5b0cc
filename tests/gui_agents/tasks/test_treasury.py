"""What the budgets of money refuse, through the runner."""

import asyncio
from decimal import Decimal

import pytest

from gui_agents.agent.spending import SpendingLimits
from gui_agents.domain.errors import DayBudgetSpentError, PreconditionError
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.model_settings import ModelSettings, WireProtocol
from gui_agents.domain.price import Quote
from gui_agents.domain.spec import Endpoint, ModelChoice
from gui_agents.domain.usage import CallBound, CallOutcome, ModelCall, Usage
from gui_agents.models.bounds import smallest_call
from gui_agents.models.registry import ModelFactory
from gui_agents.tasks.treasury import default_model_problem
from tests.fakes import FakeClock, FixedPrices, a_price
from tests.gui_agents.tasks.rig import Rig
from tests.serving import configured
from tests.virtual_time import EPOCH, settle, virtual

DAY = {"USD": Decimal("0.10")}
TASK = SpendingLimits(cost=Decimal(1))


def spend(rig, amount):
    """Spend some of this day's budget by a task that has ended."""
    bill = ModelCall("openai", "scripted", CallOutcome.OK, Usage(0, 0, int(Decimal(amount) * 10**6 / 15)), 0.1)
    task = rig.submit("free")
    rig.runner._treasury.ledger(task, ModelChoice("openai", "scripted"), "").model_called(bill)


@pytest.mark.parametrize("limits", [{"day_limits": DAY}, {"spending": TASK}])
@virtual
async def test_a_model_without_a_known_price_is_refused_under_a_budget_of_money(limits):
    rig = Rig(**limits)
    with pytest.raises(PreconditionError) as refused:
        rig.submit("never heard of")
    assert str(refused.value) == (
        "the price of 'openai/never heard of' is not known, and there is a budget of money; name the price in "
        "MODEL_PRICES_FILE, or set ALLOW_UNBUDGETED_MODELS=true to run it without a limit"
    )
    await rig.rest()


@virtual
async def test_a_model_that_is_billed_in_another_currency_than_the_days_is_refused():
    rig = Rig(day_limits=DAY)
    with pytest.raises(PreconditionError, match="is billed in CNY, of which DAILY_MAX_COST names no amount"):
        rig.submit("yuan")
    await rig.rest()


@pytest.mark.parametrize(
    ("model", "limits"),
    [
        ("never heard of", {}),
        ("never heard of", {"spending": SpendingLimits(tokens=100_000)}),
        ("never heard of", {"day_limits": DAY, "unbudgeted": True}),
        ("yuan", {"day_limits": DAY, "unbudgeted": True}),
        ("yuan", {"spending": TASK}),
        ("dear", {"day_limits": DAY}),
        ("free", {"day_limits": {"EUR": Decimal("0.01")}}),
    ],
)
@virtual
async def test_these_models_run(model, limits):
    rig = Rig(**limits)
    task = rig.submit(model)
    await rig.ended(task)
    assert rig.reason(task) is None
    await rig.rest()


@virtual
async def test_a_spent_day_refuses_new_tasks_until_it_ends():
    rig = Rig(day_limits=DAY)
    spend(rig, "0.09")
    with pytest.raises(DayBudgetSpentError) as refused:
        rig.submit("dear")
    left = 86_400 - EPOCH % 86_400
    assert refused.value.next_day_seconds == left
    assert str(refused.value) == (
        "DAILY_MAX_COST allows 0.1 USD a day, and 0.01 is left: too little for a call to this model; "
        f"try again after midnight UTC, in {left:.0f} seconds"
    )
    await rig.rest()


@virtual
async def test_a_spent_day_still_runs_what_is_free():
    rig = Rig(day_limits=DAY)
    spend(rig, "0.2")
    task = rig.submit("free")
    await rig.ended(task)
    assert rig.reason(task) is None
    await rig.rest()


@virtual
async def test_a_day_that_is_spent_while_a_task_waits_ends_it_before_it_has_a_sandbox():
    rig = Rig(slots=1, day_limits=DAY)
    rig.model("dear", seconds=10)
    first, second = rig.submit("dear"), rig.submit("dear")
    spend(rig, "0.09")
    await rig.ended(first)
    await rig.ended(second)
    assert rig.reason(second) is FailureReason.BUDGET
    assert "too little for a call to this model" in rig.record(second).ending.message
    assert rig.record(second).sandbox is None
    await rig.rest()


@virtual
async def test_public_prices_do_not_hold_at_an_address_that_is_not_the_vendors():
    rig = Rig(day_limits=DAY)

    class Public:
        def price(self, _provider, _model, *, public=True):
            return a_price() if public else None

    rig.runner._treasury._prices = Public()
    at = Endpoint(provider="openai", model="quick", base_url="http://a", api_key=None)
    with pytest.raises(PreconditionError, match="is not known"):
        rig.runner._treasury.check_model(ModelChoice("openai", "quick", at), "")
    rig.runner._treasury.check_model(ModelChoice("openai", "quick"), "")


@pytest.mark.parametrize(("configured", "spent"), [(True, 3), (False, Decimal("0.009"))])
@virtual
async def test_the_bills_of_endpoints_that_nobody_configured_are_bounded_by_what_was_reserved(configured, spent):
    rig = Rig(day_limits=DAY)
    at = Endpoint(provider="openai", model="dear", base_url="http://a", api_key=None, configured=configured)
    ledger = rig.runner._treasury.ledger(rig.submit("free"), ModelChoice("openai", "dear", at), "")
    await ledger.reserve(CallBound("openai", "dear", 1000, 400))
    ledger.model_called(ModelCall("openai", "dear", CallOutcome.OK, Usage(10**6, 0, 0), 0.1))
    assert books(rig) == (spent, 0)
    await rig.rest()


LIMITED = {"DEFAULT_MODEL": "openai/dear", "OPENAI_API_KEY": "k"}
SMALLEST = smallest_call(ModelChoice("openai", "dear"))
TOKENS = SMALLEST.input_tokens + SMALLEST.output_tokens
COST = a_price().quote(SMALLEST).amount(SMALLEST.output_tokens)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, None),
        ({"TASK_MAX_TOKENS": TOKENS, "TASK_MAX_COST": COST, "DAILY_MAX_COST": COST}, None),
        (
            {"TASK_MAX_TOKENS": TOKENS - 1},
            f"TASK_MAX_TOKENS allows {TOKENS - 1} tokens, and each call to 'openai/dear' reserves at least {TOKENS}",
        ),
        ({"TASK_MAX_COST": "0.01"}, "TASK_MAX_COST allows 0.01 USD, and each call to 'openai/dear' reserves at least"),
        ({"DAILY_MAX_COST": "0.01"}, "DAILY_MAX_COST allows 0.01 USD, and each call to 'openai/dear' reserves at"),
        ({"DAILY_MAX_COST": "0.01 CNY", "ALLOW_UNBUDGETED_MODELS": "true"}, None),
        ({"DEFAULT_MODEL": "openai/never heard of", "TASK_MAX_COST": "1", "ALLOW_UNBUDGETED_MODELS": "true"}, None),
        (
            {"DEFAULT_MODEL": "openai/never heard of", "TASK_MAX_COST": "1"},
            "the price of 'openai/never heard of' is not",
        ),
        ({"DEFAULT_MODEL": "builtin/rules", "TASK_MAX_TOKENS": "1"}, None),
        ({"OPENAI_API_KEY": "", "TASK_MAX_TOKENS": "1"}, "there is no key"),
    ],
)
def test_limits_without_room_for_any_call_of_the_default_model_are_told_at_the_start(limits, said):
    config = configured({**LIMITED, **{name: str(limit) for name, limit in limits.items()}})
    models = ModelFactory(config.defaults, config.models, FakeClock())
    problem = default_model_problem(config, models, FixedPrices({"dear": a_price()}))
    assert problem == said if said is None else problem.startswith(said)


def test_the_smallest_call_has_all_that_a_model_is_always_sent():
    def input_of(**settings):
        at = Endpoint(
            provider="openai", model="m", base_url="http://a", api_key=None, settings=ModelSettings(**settings)
        )
        return smallest_call(ModelChoice("openai", "m", at)).input_tokens

    bare = input_of(tools=False, pictures=False)
    assert bare > 1000
    assert input_of(pictures=False) == bare + 1700
    assert input_of(tools=False) == bare + 6500
    assert input_of(protocol=WireProtocol.MESSAGES) > 6500 + 9000


class Reserving:
    """A model that reserves a call and then never answers."""

    provider = "openai"
    takes_screenshots = False

    async def decide(self, request, calls):
        await calls.reserve(CallBound("openai", "dear", 1000, 400))
        try:
            await asyncio.Event().wait()
        finally:
            calls.model_called(ModelCall("openai", "dear", CallOutcome.ERROR, None, 1.0))

    async def close(self):
        """Have nothing to close."""


class Forgetful(Reserving):
    """A model that does not even tell how its call ended."""

    async def decide(self, request, calls):
        await calls.reserve(CallBound("openai", "dear", 1000, 400))
        await asyncio.Event().wait()


@pytest.mark.parametrize("model", [Reserving, Forgetful])
@virtual
async def test_a_call_of_a_task_that_is_cancelled_or_times_out_stays_spent(model):
    rig = Rig(slots=3, day_limits=DAY)
    rig.create_model = lambda _choice: model()
    cancelled, late = rig.submit("dear"), rig.submit("dear", timeout_seconds=60)
    await settle()
    assert books(rig) == (0, Decimal("0.018"))
    rig.runner.cancel(cancelled)
    await settle()
    assert books(rig) == (Decimal("0.009"), Decimal("0.009"))
    await rig.ended(late)
    await settle()
    assert (rig.reason(late), books(rig)) == (FailureReason.TIMEOUT, (Decimal("0.018"), 0))
    await rig.rest()


@virtual
async def test_a_task_that_waits_for_room_can_be_cancelled():
    rig = Rig(slots=3, day_limits={"USD": Decimal("0.0475")})
    rig.create_model = lambda _choice: Reserving()
    running, waiting = rig.submit("dear"), rig.submit("dear")
    rig.runner._treasury._state.budget_claimed(Quote(Decimal("0.035"), Decimal(0), "USD"), 1, 1)
    await settle()
    rig.runner.cancel(waiting)
    await settle()
    assert rig.status(waiting) is TaskStatus.CANCELLED
    rig.runner.cancel(running)
    await settle()
    assert books(rig) == (Decimal("0.009"), Decimal("0.035"))
    await rig.rest()


def books(rig):
    point = rig.state.snapshot().budgets.day["USD"]
    return point.spent, point.reserved
