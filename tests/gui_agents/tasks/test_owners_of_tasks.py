"""Owners of tasks in the runner: their quotas, their money, their sandboxes."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from gui_agents.access.tokens import checked_name
from gui_agents.agent.ledger import Ledger
from gui_agents.domain.access import Identity, Quota, QuotaExceededError, Quotas, Role
from gui_agents.domain.errors import NotFoundError, PreconditionError
from gui_agents.domain.journal import DaySpent
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.spec import ModelChoice
from gui_agents.domain.usage import CallBound, CallOutcome, ModelCall, Usage
from gui_agents.state.budgets import day_of
from gui_agents.tasks import continuing
from gui_agents.tasks.allowances import NAMELESS
from tests.fakes import a_price, a_spec
from tests.gui_agents.tasks.rig import AGES, Rig
from tests.gui_agents.tasks.scripted_journal import ScriptedJournal
from tests.virtual_time import EPOCH, settle, virtual

ADMIN = Identity("root", frozenset({Role.ADMIN}))
DAY = {"USD": Decimal("0.10")}
TODAY = day_of(EPOCH)
SECONDS_LEFT = 86_400 - EPOCH % 86_400


@virtual
async def test_a_task_over_its_owners_quota_waits_and_others_pass_it():
    rig = Rig(slots=3, quotas={"ann": Quotas(running=1)})
    rig.model("long", seconds=100)
    first, second = rig.submit("long", owner="ann"), rig.submit("long", owner="ann")
    other = rig.submit("long", owner="bob")
    await settle()
    assert [rig.status(task) for task in (first, second, other)] == ["running", "pending", "running"]
    rig.runner.cancel(first)
    await settle()
    assert rig.status(second) is TaskStatus.RUNNING
    await rig.rest()


@virtual
async def test_a_raised_quota_lets_waiting_tasks_start():
    rig = Rig(slots=3, quotas={"ann": Quotas(running=1)})
    rig.model("long", seconds=AGES)
    tasks = [rig.submit("long", owner="ann") for _ in range(3)]
    rig.quotas["ann"] = Quotas(running=2)
    rig.runner.quotas_changed()
    assert [rig.status(task) for task in tasks] == ["running", "running", "pending"]
    await rig.rest()


@virtual
async def test_an_owners_full_queue_refuses_its_tasks_alone():
    rig = Rig(slots=2, quotas={"ann": Quotas(running=1, queued=1)})
    rig.model("long", seconds=AGES)
    rig.submit("long", owner="ann")
    rig.submit("long", owner="ann")
    with pytest.raises(QuotaExceededError) as refused:
        rig.submit("long", owner="ann")
    assert refused.value.quota is Quota.QUEUED
    assert rig.status(rig.submit("long", owner="bob")) is TaskStatus.RUNNING
    await rig.rest()


@virtual
async def test_live_texts_of_an_owner_are_bounded_and_ended_ones_make_place():
    rig = Rig(slots=1, quotas={"ann": Quotas(bytes=30_000)})
    text = "x" * 10_000
    rig.model(text, seconds=AGES)
    # An instruction of the rig names its model, too, so it counts twice.
    tasks = [rig.submit(text, owner="ann")]
    with pytest.raises(QuotaExceededError) as refused:
        rig.submit(text, owner="ann")
    assert refused.value.quota is Quota.BYTES
    bobs = rig.submit(text, owner="bob")
    for task in (bobs, *tasks):
        rig.runner.cancel(task)
    more = rig.submit(text, owner="ann")
    rig.runner.cancel(more)
    # The first of the owner's own ended tasks is gone; those of others are not.
    assert [rig.status(task) is None for task in (bobs, *tasks, more)] == [False, True, False]
    await rig.runner.drain(0)


# Money.


def ledger(rig: Rig, owner: str):
    task = rig.submit("free", owner=owner)
    return rig.runner._treasury.ledger(task, ModelChoice("openai", "scripted"), owner)


def bill(amount: str) -> ModelCall:
    usage = Usage(0, 0, int(Decimal(amount) * 10**6 / 15))
    return ModelCall("openai", "scripted", CallOutcome.OK, usage, 0.1)


@virtual
async def test_an_owner_that_has_spent_its_day_is_refused_until_the_next_one():
    rig = Rig(quotas={"ann": Quotas(cost=DAY), "bob": Quotas(cost=DAY)})
    ledger(rig, "ann").model_called(bill("0.0999"))
    with pytest.raises(QuotaExceededError) as refused:
        rig.submit("dear", owner="ann")
    assert (refused.value.quota, refused.value.retry_seconds) == (Quota.COST, pytest.approx(SECONDS_LEFT, abs=5))
    assert "the quota of money of this owner allows 0.1 USD a day, and 0.0001 is left" in str(refused.value)
    assert rig.submit("free", owner="ann")
    assert rig.submit("dear", owner="bob")
    assert rig.submit("dear", owner="")
    await rig.rest()


@virtual
async def test_a_task_whose_owner_spent_the_day_while_it_waited_ends_as_budget():
    rig = Rig(slots=1, quotas={"ann": Quotas(cost=DAY)})
    rig.model("long", seconds=100)
    rig.submit("long", owner="bob")
    waiting = rig.submit("dear", owner="ann")
    ledger(rig, "ann").model_called(bill("0.0999"))
    await rig.ended(waiting)
    assert rig.reason(waiting) is FailureReason.BUDGET
    await rig.rest()


@virtual
async def test_a_call_that_would_exceed_the_owners_day_is_not_made():
    rig = Rig(quotas={"ann": Quotas(cost=DAY)})
    spent, calls = ledger(rig, "ann"), ledger(rig, "ann")
    bound = CallBound("openai", "scripted", 1000, 1000, 100)
    assert await calls.reserve(bound) == 1000
    calls.close()
    spent.model_called(bill("0.0815"))
    with pytest.raises(Exception, match=r"quota of money of this owner allows 0\.1 USD a day; 0\.000505 is left"):
        await calls.reserve(bound)
    await rig.rest()


@virtual
async def test_what_is_claimed_of_the_owner_is_given_back_if_the_service_has_no_money():
    rig = Rig(day_limits={"USD": Decimal("0.001")}, quotas={"ann": Quotas(cost=DAY)})
    books = ledger(rig, "ann")
    own = rig.runner._treasury._allowances.of("ann")
    with pytest.raises(Exception, match="DAILY_MAX_COST allows"):
        await books.reserve(CallBound("openai", "scripted", 1000, 1000, 100))
    assert own._budgets.statistics(0).day["USD"].reserved == 0
    await rig.rest()


@virtual
async def test_a_changed_limit_counts_for_tasks_that_run():
    rig = Rig(quotas={"ann": Quotas(cost=DAY)})
    books = ledger(rig, "ann")
    bound = CallBound("openai", "scripted", 1000, 1000, 100)
    books.model_called(bill("0.0999"))
    rig.quotas["ann"] = Quotas(cost={"USD": Decimal(5)})
    rig.runner.quotas_changed()
    assert await books.reserve(bound) == 1000
    rig.quotas["ann"] = Quotas()
    rig.runner.quotas_changed()
    books.model_called(bill("3"))
    assert await books.reserve(bound) == 1000
    await rig.rest()


def books_of(rig: Rig, owner: str) -> Ledger:
    """Return the ledger of a task that makes no calls of its own."""
    return rig.runner._treasury.ledger("t", ModelChoice("openai", "scripted"), owner)


def recorded(journal: ScriptedJournal) -> list[tuple[str, Decimal]]:
    """Return what was recorded of days since the last call: owners and amounts."""
    spent = [entry for entry in journal.entries if isinstance(entry, DaySpent)]
    assert all((entry.day, entry.currency) == (TODAY, "USD") for entry in spent)
    journal.entries.clear()
    return [(entry.owner, entry.amount) for entry in spent]


@virtual
async def test_what_moves_the_money_of_an_owner_is_recorded_with_calls_in_flight_at_their_worst():
    journal = ScriptedJournal(holding=False)
    rig = Rig(quotas={"ann": Quotas(cost=DAY)}, journal=journal)
    first, second, unlimited = books_of(rig, "ann"), books_of(rig, "ann"), books_of(rig, "bob")
    bound = CallBound("openai", "scripted", 1000, 1000, 100)
    worst = Decimal("0.018")
    await first.reserve(bound)
    await second.reserve(bound)
    assert recorded(journal) == [("ann", worst), ("ann", 2 * worst)]
    first.model_called(bill("0.0105"))
    second.close()
    second.model_called(bill("0.0105"))
    unlimited.model_called(bill("0.0105"))
    spent = [worst + Decimal("0.0105"), Decimal("0.0105") + worst, 2 * Decimal("0.0105") + worst]
    assert recorded(journal) == [("ann", amount) for amount in spent]
    await rig.rest()


@virtual
async def test_a_reservation_is_recorded_also_if_a_higher_limit_made_room_for_it_and_if_it_is_given_back():
    journal = ScriptedJournal(holding=False)
    rig = Rig(quotas={"ann": Quotas(cost={"USD": Decimal("0.02")})}, journal=journal)
    books, calls = books_of(rig, "ann"), books_of(rig, "ann")
    bound = CallBound("openai", "scripted", 1000, 1000, 1000)
    await books.reserve(bound)
    waiting = asyncio.create_task(calls.reserve(bound))
    await settle()
    own = rig.runner._treasury._allowances.of("ann")
    worst = Decimal("0.018")
    assert recorded(journal) == [("ann", worst)]
    rig.quotas["ann"] = Quotas(cost=DAY)
    rig.runner.quotas_changed()
    assert recorded(journal) == [("ann", 2 * worst)]
    assert await waiting == 1000
    claim = own.claimed(a_price().quote(bound), 1000, 1000)
    own.left(claim)
    assert recorded(journal) == [("ann", 3 * worst), ("ann", 2 * worst)]
    await rig.rest()


@virtual
async def test_what_an_earlier_service_has_spent_of_an_owners_day_is_spent_and_counts_once_for_the_service():
    rig = Rig(day_limits={"USD": Decimal(5)}, quotas={"ann": Quotas(cost=DAY), "bob": Quotas(cost=DAY)})
    rig.runner.day_restored(TODAY, {"": {"USD": Decimal(3)}, "ann": {"USD": Decimal("0.0999")}})
    assert rig.state.snapshot().budgets.day["USD"].spent == 3
    with pytest.raises(QuotaExceededError, match=r"and 0\.0001 is left"):
        rig.submit("dear", owner="ann")
    assert rig.submit("dear", owner="bob")
    await asyncio.sleep(SECONDS_LEFT)
    assert rig.submit("dear", owner="ann")
    await rig.rest()


@virtual
async def test_the_records_of_callers_without_tokens_are_not_those_of_the_service():
    journal = ScriptedJournal(holding=False)
    rig = Rig(day_limits={"USD": Decimal(5)}, quotas={"": Quotas(cost=DAY)}, journal=journal)
    books_of(rig, "").model_called(bill("0.03"))
    assert recorded(journal) == [("", Decimal("0.03")), (NAMELESS, Decimal("0.03"))]
    await rig.rest()
    after = Rig(day_limits={"USD": Decimal(5)}, quotas={"": Quotas(cost=DAY)})
    after.runner.day_restored(TODAY, {NAMELESS: {"USD": Decimal("0.0999")}, "": {"USD": Decimal(3)}})
    with pytest.raises(QuotaExceededError, match=r"and 0\.0001 is left"):
        after.submit("dear")
    await after.rest()


def test_no_token_has_the_name_of_the_records_of_callers_without_tokens():
    with pytest.raises(ValueError, match="letters, digits"):
        checked_name(NAMELESS)


@virtual
async def test_an_owner_that_has_no_limit_at_the_start_and_gets_one_later_has_spent_what_it_had():
    journal = ScriptedJournal(holding=False)
    rig = Rig(journal=journal)
    rig.runner.day_restored(TODAY, {"ann": {"USD": Decimal("0.09"), "CNY": Decimal(7)}})
    books = books_of(rig, "ann")
    books.model_called(bill("3"))
    assert recorded(journal) == []
    rig.quotas["ann"] = Quotas(cost=DAY)
    rig.runner.quotas_changed()
    books.model_called(bill("0.0099"))
    assert recorded(journal) == [("ann", Decimal("0.0999"))]
    with pytest.raises(QuotaExceededError, match=r"and 0\.0001 is left"):
        rig.submit("dear", owner="ann")
    await rig.rest()


@virtual
async def test_a_model_whose_price_is_unknown_is_refused_to_an_owner_with_a_limit():
    rig = Rig(quotas={"ann": Quotas(cost=DAY)})
    with pytest.raises(PreconditionError, match="the price of 'openai/never heard of' is not known"):
        rig.submit("never heard of", owner="ann")
    with pytest.raises(PreconditionError, match="of which the quota of money of this owner names no amount"):
        rig.submit("yuan", owner="ann")
    assert rig.submit("never heard of", owner="bob")
    await rig.rest()


# Sandboxes and conversations.


async def done(rig: Rig, **changes) -> str:
    task = rig.submit(**changes)
    await rig.ended(task)
    await settle()
    return task


@virtual
async def test_a_task_of_somebody_else_cannot_be_continued():
    rig = Rig()
    task = await done(rig, owner="ann")
    with pytest.raises(NotFoundError, match=f"no task '{task}' is known"):
        rig.submit(owner="bob", previous_task_id=task)
    assert rig.submit(owner="ann", previous_task_id=task)
    await rig.rest()


@pytest.mark.parametrize("fate", ["kept", "claimed", "in use", "gone"])
@virtual
async def test_a_sandbox_of_somebody_else_is_as_one_that_there_is_not(fate):
    rig = Rig(keep_seconds=1 if fate == "gone" else 600, slots=1 if fate == "claimed" else 2)
    rig.model("long", seconds=AGES)
    await done(rig, owner="ann")
    if fate == "claimed":
        rig.submit("long", owner="ann")
    if fate in {"claimed", "in use"}:
        rig.submit("long", owner="ann", sandbox_id="s1")
    if fate == "gone":
        await asyncio.sleep(5)
    with pytest.raises(PreconditionError) as foreign:
        rig.submit(owner="bob", sandbox_id="s1")
    with pytest.raises(PreconditionError) as nothing:
        rig.submit(owner="bob", sandbox_id="s0")
    assert str(foreign.value).replace("s1", "s0") == str(nothing.value)
    await rig.rest()


@virtual
async def test_why_a_sandbox_is_gone_is_told_to_its_owner_as_long_as_that_is_known(monkeypatch):
    monkeypatch.setattr(continuing, "REMEMBERED", 1)
    rig = Rig(keep_seconds=1)
    for _ in range(2):
        await done(rig, owner="ann")
    await asyncio.sleep(5)
    for sandbox, why in (("s1", "it is gone or unknown"), ("s2", "nobody used it for 1 seconds")):
        with pytest.raises(PreconditionError, match=f"'{sandbox}' is not kept here: {why}"):
            rig.submit(owner="ann", sandbox_id=sandbox)
    await rig.rest()


@virtual
async def test_a_sandbox_stays_its_first_owners_whoever_used_it():
    rig = Rig()
    task = await done(rig, owner="ann")
    spec = a_spec("quick", model=ModelChoice("openai", "quick"), owner="root", previous_task_id=task)
    rooted = rig.runner.submit(spec, ADMIN)
    await rig.ended(rooted)
    await settle()
    assert len(rig.sandboxes) == 1
    # An admin that is one no longer goes on with its conversation, in a sandbox of its own.
    again = rig.runner.submit(attrs.evolve(spec, previous_task_id=rooted), Identity("root", frozenset({Role.SUBMIT})))
    messages = await rig.ended(again)
    assert f"the sandbox of task {rooted} is gone, so a new one is made" in messages[0].text
    assert rig.submit(owner="ann", sandbox_id="s1")
    await rig.rest()
