"""The queue, the slots, and every way in which a task ends."""

import asyncio
import logging
from decimal import Decimal

import attrs
import pytest

from gui_agents.agent.spending import SpendingLimits
from gui_agents.domain.actions import AskUser, Fail, InvalidActionError
from gui_agents.domain.errors import NotFoundError, QueueFullError
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.model import BudgetExhaustedError, ModelError, ModelRefusedError
from gui_agents.domain.model_settings import CoordinateSpace, ModelSettings, PictureFormat
from gui_agents.domain.sandbox import SandboxError, SandboxGoneError
from gui_agents.domain.screen import Picture
from gui_agents.domain.spec import Endpoint, ModelChoice
from gui_agents.domain.stream import Stage
from tests.fakes import a_screen, a_spec
from tests.gui_agents.tasks.rig import AGES, CLICK, Rig
from tests.virtual_time import settle, virtual


def now() -> float:
    return asyncio.get_running_loop().time()


@virtual
async def test_a_task_runs_to_its_end():
    rig = Rig()
    rig.model("work", CLICK, seconds=3)

    task = rig.submit("work")
    messages = await rig.ended(task)

    assert now() == 6
    assert [message.stage for message in messages] == [Stage.STARTING, Stage.STEP, Stage.STEP, Stage.FINISHED]
    record = rig.record(task)
    assert record.status is TaskStatus.COMPLETED
    assert record.ending.result == "done"
    assert record.execution_seconds == 6
    assert (record.statistics.steps, record.statistics.input_tokens) == (2, 200)
    assert rig.models["work"].closed == 1
    await rig.rest()


@virtual
async def test_a_task_asks_its_model_as_the_models_settings_say():
    rig = Rig()
    picture = Picture(b"a picture", 1280, 720, PictureFormat.JPEG)
    rig.sandbox("work", screens=[attrs.evolve(a_screen("one"), screenshot=picture), a_screen("two")])
    rig.model("work", CLICK)
    settings = ModelSettings(coordinates=CoordinateSpace.THOUSAND, history_pictures=1)
    at = Endpoint(provider="openai", model="work", base_url="http://127.0.0.1/v1", api_key=None, settings=settings)

    task = rig.runner.submit(a_spec("work", model=ModelChoice("openai", "work", at)))
    await rig.ended(task)

    requests = rig.models["work"].requests
    assert [request.coordinates for request in requests] == [CoordinateSpace.THOUSAND] * 2
    assert [turn.picture for turn in requests[1].history] == [picture]
    await rig.rest()
    assert [turn.picture for turn in rig.state.history(task).turns] == [None] * 2


@virtual
async def test_tasks_start_in_the_order_of_their_submission():
    rig = Rig(slots=1)
    tasks = [rig.submit(f"task {number}") for number in range(5)]
    for task in tasks:
        await rig.ended(task)
    assert list(rig.models) == [f"task {number}" for number in range(5)]
    await rig.rest()


@virtual
async def test_the_queue_is_full_when_all_slots_and_all_places_are_taken():
    rig = Rig(slots=2, queue=3)
    rig.model("long", seconds=100)
    tasks = [rig.submit("long") for _ in range(5)]
    assert rig.live() == (2, 3)

    with pytest.raises(QueueFullError) as refusal:
        rig.submit("long")

    assert refusal.value.capacity == 3
    assert rig.live() == (2, 3)
    rig.runner.cancel(tasks[-1])
    rig.submit("long")
    await rig.rest()


@virtual
async def test_without_a_queue_tasks_are_accepted_as_long_as_slots_are_free():
    rig = Rig(slots=2, queue=0)
    rig.model("long", seconds=10)
    first, _ = rig.submit("long"), rig.submit("long")
    with pytest.raises(QueueFullError):
        rig.submit("long")
    await rig.ended(first)
    rig.submit("long")
    await rig.rest()


@virtual
async def test_the_first_message_tells_how_many_tasks_are_ahead():
    rig = Rig(slots=1)
    rig.model("long", seconds=10)
    tasks = [rig.submit("long") for _ in range(3)]
    first = [(await rig.ended(task))[0].text for task in tasks]
    assert first == ["accepted", "accepted", "accepted; 1 tasks are ahead"]
    await rig.rest()


@virtual
async def test_parallel_starts_do_not_wait_for_each_other():
    rig = Rig(slots=5)
    rig.sandbox("start", opens=0.5)
    tasks = [rig.submit("start") for _ in range(5)]
    await asyncio.gather(*(rig.ended(task) for task in tasks))
    assert now() == 0.5
    await rig.rest()


@virtual
async def test_hundreds_wait_and_all_of_them_run():
    rig = Rig(slots=50, queue=500)
    rig.model("short", seconds=1)
    tasks = [rig.submit("short") for _ in range(500)]
    await rig.ended(tasks[-1])
    await settle()
    assert now() == 500 / 50
    assert rig.state.snapshot().tasks.created["completed"] == 500
    await rig.rest()


# Whatever ends a task, its slot is free at once.

ENDS_BY_ITSELF = {
    "done": (TaskStatus.COMPLETED, None),
    "gives up": (TaskStatus.FAILED, FailureReason.AGENT_GAVE_UP),
    "asks": (TaskStatus.FAILED, FailureReason.AGENT_GAVE_UP),
    "steps": (TaskStatus.FAILED, FailureReason.STEP_LIMIT),
    "stuck": (TaskStatus.FAILED, FailureReason.STUCK),
    "nonsense": (TaskStatus.FAILED, FailureReason.MODEL_ERROR),
    "no model": (TaskStatus.FAILED, FailureReason.MODEL_ERROR),
    "refuses": (TaskStatus.FAILED, FailureReason.REFUSED),
    "no money": (TaskStatus.FAILED, FailureReason.BUDGET),
    "tokens": (TaskStatus.FAILED, FailureReason.BUDGET),
    "not created": (TaskStatus.FAILED, FailureReason.SANDBOX_ERROR),
    "not opened": (TaskStatus.FAILED, FailureReason.SANDBOX_ERROR),
    "gone": (TaskStatus.FAILED, FailureReason.SANDBOX_ERROR),
    "defect": (TaskStatus.FAILED, FailureReason.INTERNAL),
    "cancels itself": (TaskStatus.FAILED, FailureReason.INTERNAL),
}


def prepare(rig: Rig) -> None:
    rig.model("gives up", Fail("cannot"))
    rig.model("asks", AskUser("which one?"))
    rig.model("steps", *[CLICK] * 4)
    rig.sandbox("stuck", screens=[a_screen("always the same")])
    rig.model("stuck", *[CLICK] * 9)
    rig.model("nonsense", *[InvalidActionError("no")] * 9)
    rig.model("no model", ModelError("out of reach"))
    rig.model("refuses", ModelRefusedError("I cannot help with that"))
    rig.model("no money", BudgetExhaustedError("the day's budget is used up"))
    rig.model("tokens", *[CLICK] * 9)
    rig.sandbox("not created", create_error=SandboxError("no display"))
    rig.sandbox("not opened", opening=[SandboxError("no display")])
    rig.model("gone", CLICK)
    rig.sandbox("gone", then=SandboxGoneError("it is gone"))
    rig.model("defect", ZeroDivisionError("secret text"))
    rig.model("cancels itself", asyncio.CancelledError())


@pytest.mark.parametrize("instruction", ENDS_BY_ITSELF)
@virtual
async def test_an_end_of_its_own_frees_the_slot_at_once(instruction):
    rig = Rig(slots=1, spending=SpendingLimits(tokens=300) if instruction == "tokens" else None)
    prepare(rig)
    limits = {"steps": 3} if instruction == "steps" else {}
    first, second = rig.submit(instruction, **limits), rig.submit("quick")

    messages = await rig.ended(first)
    await rig.ended(second)

    status, reason = ENDS_BY_ITSELF[instruction]
    assert (rig.status(first), rig.reason(first)) == (status, reason)
    assert messages[-1].stage is (Stage.FINISHED if reason is None else Stage.ERROR)
    assert rig.status(second) is TaskStatus.COMPLETED
    assert now() == 0
    await rig.rest()


@virtual
async def test_money_ends_a_task_too():
    rig = Rig(spending=SpendingLimits(cost=Decimal("0.0004")))
    rig.model("dear", *[CLICK] * 9)
    task = rig.submit("dear")
    await rig.ended(task)
    assert rig.reason(task) is FailureReason.BUDGET
    assert rig.record(task).statistics.steps == 2
    await rig.rest()


@virtual
async def test_a_defect_is_logged_and_its_text_does_not_leak(caplog):
    rig = Rig()
    prepare(rig)
    task = rig.submit("defect")
    messages = await rig.ended(task)
    told = [message.text for message in messages] + [rig.record(task).ending.message]
    assert not any("secret text" in text or "ZeroDivision" in text for text in told)
    assert told[-1] == "internal: a defect of the service; its log has the details"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "secret text" in caplog.text
    await rig.rest()


@virtual
async def test_sandboxes_that_fail_are_counted_and_never_kept():
    rig = Rig()
    prepare(rig)
    tasks = [rig.submit(instruction) for instruction in ("not created", "not opened", "gone")]
    for task in tasks:
        await rig.ended(task)
    await settle()
    sandboxes = rig.state.snapshot().sandboxes
    assert sandboxes.created["Simulated"] == 1
    assert sandboxes.failures["Simulated"] == 2
    assert rig.ended_by() == {"crashed": 1}
    assert rig.open_now() == 0
    assert [sandbox.closed for sandbox in rig.sandboxes] == [[True], [True]]
    await rig.rest()


# Cancel, and the deadline, at every point of a task's life. Each of these is "at work" for a long time.

AT_WORK = {
    "open": ({"opens": AGES}, {}),
    "observe": ({"observes": AGES}, {}),
    "model call": ({}, {"seconds": AGES}),
    "act": ({"acts": AGES}, {}),
}


def long_task(rig: Rig, where: str, *, stubborn: bool = False) -> None:
    sandbox, model = AT_WORK[where]
    # A stubborn one goes on for an hour, whatever it is told.
    sandbox = {name: 3600 if stubborn else seconds for name, seconds in sandbox.items()}
    model = {name: 3600 if stubborn else seconds for name, seconds in model.items()}
    rig.sandbox("long", **sandbox, stubborn="open observe act" if stubborn else "")
    rig.model("long", CLICK, **model, stubborn=stubborn)


@pytest.mark.parametrize("where", AT_WORK)
@virtual
async def test_cancel_frees_the_slot_at_once(where):
    rig = Rig(slots=1)
    long_task(rig, where)
    first, second = rig.submit("long"), rig.submit("quick")
    await asyncio.sleep(7)

    assert rig.runner.cancel(first) is True

    assert rig.status(first) is TaskStatus.CANCELLED
    assert rig.status(second) is TaskStatus.RUNNING
    messages = await rig.ended(first)
    assert (messages[-1].stage, messages[-1].text) == (Stage.CANCELLED, "cancelled on request")
    await rig.ended(second)
    assert now() == 7
    assert rig.record(first).execution_seconds == 7
    await rig.rest()


@pytest.mark.parametrize("where", AT_WORK)
@virtual
async def test_the_deadline_frees_the_slot_at_once(where):
    rig = Rig(slots=1)
    long_task(rig, where)
    first, second = rig.submit("long", timeout_seconds=5.0), rig.submit("quick")

    messages = await rig.ended(first)
    await rig.ended(second)

    assert now() == 5
    assert rig.reason(first) is FailureReason.TIMEOUT
    assert messages[-1].text == "timeout: not done after 5 seconds, which is the limit"
    assert rig.status(second) is TaskStatus.COMPLETED
    await rig.rest()


@pytest.mark.parametrize("how", ["cancel", "deadline"])
@pytest.mark.parametrize("where", AT_WORK)
@virtual
async def test_what_swallows_the_cancel_costs_no_slot_and_does_not_go_on(where, how, caplog):
    rig = Rig(slots=1, keep=0)
    long_task(rig, where, stubborn=True)
    first, second = rig.submit("long", timeout_seconds=5.0), rig.submit("quick")
    await asyncio.sleep(2)
    if how == "cancel":
        rig.runner.cancel(first)

    await rig.ended(second)

    assert now() == (2 if how == "cancel" else 5)
    assert rig.status(first) is (TaskStatus.CANCELLED if how == "cancel" else TaskStatus.FAILED)
    await asyncio.sleep(7)
    assert rig.sandboxes[0].closed == [True]
    assert f"task {first} does not let go of its sandbox" in caplog.text
    assert rig.open_now() == 0
    # The one action in flight is all that may still land.
    await asyncio.sleep(AGES)
    assert rig.sandboxes[0].acted == ([CLICK] if where == "act" else [])
    assert len(rig.models["long"].requests if "long" in rig.models else []) == (where in ("model call", "act"))
    assert rig.record(first).statistics.steps == (where == "act")
    await rig.rest()


@virtual
async def test_cancel_right_after_the_start_loses_no_place():
    rig = Rig(slots=1, keep=1)
    for _ in range(3 * rig.keeper.places):
        task = rig.submit("quick")
        assert rig.status(task) is TaskStatus.RUNNING
        assert rig.runner.cancel(task) is True
        assert rig.status(task) is TaskStatus.CANCELLED
        await settle()
    last = rig.submit("quick")
    await rig.ended(last)
    assert rig.status(last) is TaskStatus.COMPLETED
    assert len(rig.sandboxes) == 1
    await rig.rest()


@virtual
async def test_cancel_of_a_pending_task_ends_it_without_a_run():
    rig = Rig(slots=1)
    rig.model("long", seconds=10)
    rig.submit("long")
    waiting = rig.submit("quick")
    await asyncio.sleep(4)
    assert rig.runner.cancel(waiting) is True
    assert rig.status(waiting) is TaskStatus.CANCELLED
    assert rig.record(waiting).execution_seconds == 0
    assert rig.state.snapshot().tasks.queue_wait.sum == 4
    await rig.rest(drain_seconds=100)


@virtual
async def test_cancel_says_whether_the_task_is_cancelled_now():
    rig = Rig()
    rig.model("long", seconds=10)
    running, finished = rig.submit("long"), rig.submit("quick")
    await rig.ended(finished)
    assert rig.runner.cancel(finished) is False
    assert [rig.runner.cancel(running) for _ in range(3)] == [True, True, True]
    assert rig.state.snapshot().tasks.created["cancelled"] == 1
    with pytest.raises(NotFoundError, match="no task 'nobody' is known"):
        rig.runner.cancel("nobody")
    await rig.rest()


@virtual
async def test_what_happens_after_the_end_changes_no_books():
    rig = Rig()
    rig.model("long", CLICK, seconds=10, stubborn=True)
    task = rig.submit("long")
    await asyncio.sleep(5)
    rig.runner.cancel(task)
    before = rig.record(task)
    await asyncio.sleep(50)
    assert rig.record(task) == before
    assert rig.state.snapshot().models.tokens["openai"].input == 100
    assert [message.stage for message in await rig.ended(task)] == [Stage.STARTING, Stage.CANCELLED]
    await rig.rest()


@virtual
async def test_a_task_may_be_forgotten_as_soon_as_it_ends():
    rig = Rig(retention=0)
    rig.model("long", seconds=10)
    done, cancelled = rig.submit("quick"), rig.submit("long")
    messages = await rig.ended(done)
    assert messages[-1].stage is Stage.FINISHED
    assert rig.runner.cancel(cancelled) is True
    await settle()
    assert (rig.status(done), rig.status(cancelled)) == (None, None)
    with pytest.raises(NotFoundError):
        rig.runner.cancel(done)
    await rig.rest()


# Models.


@virtual
async def test_a_model_that_closes_slowly_delays_nothing():
    async def slowly() -> None:
        await asyncio.sleep(30)

    rig = Rig(slots=1)
    rig.model("work", close=slowly)
    first = rig.submit("work")
    await rig.ended(first)
    second = rig.submit("quick", previous_task_id=first)
    await rig.ended(second)
    assert now() == 0
    await asyncio.sleep(31)
    await rig.rest()


@virtual
async def test_a_model_that_cannot_be_closed_changes_no_verdict(caplog):
    async def badly() -> None:
        raise OSError("connection reset")

    rig = Rig()
    rig.model("work", close=badly)
    task = rig.submit("work")
    await rig.ended(task)
    await settle()
    assert rig.status(task) is TaskStatus.COMPLETED
    assert f"the model of task {task} could not be closed" in caplog.text
    await rig.rest()


@virtual
async def test_what_is_no_defect_is_no_warning(caplog):
    caplog.set_level(logging.WARNING, logger="gui_agents")
    rig = Rig(slots=1)
    prepare(rig)
    for instruction in ENDS_BY_ITSELF:
        if ENDS_BY_ITSELF[instruction][1] is not FailureReason.INTERNAL:
            await rig.ended(rig.submit(instruction))
    rig.model("long", seconds=100)
    running, waiting = rig.submit("long", timeout_seconds=3.0), rig.submit("quick")
    rig.runner.cancel(waiting)
    await rig.ended(running)
    await rig.rest()
    assert [record for record in caplog.records if record.name.startswith("gui_agents")] == []
