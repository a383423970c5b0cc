"""Sandboxes that are kept, taken over and closed behind the tasks, and never more of them than there are places."""

import asyncio

import pytest

from gui_agents.domain.actions import Type
from gui_agents.domain.errors import NotFoundError, PreconditionError
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from tests.fakes import ScriptedSandbox
from tests.gui_agents.tasks.rig import AGES, CLICK, Rig
from tests.virtual_time import settle, virtual


@virtual
async def test_a_task_continues_the_conversation_and_the_sandbox_of_another():
    rig = Rig()
    rig.model("first", CLICK, Type("hello"))
    first = rig.submit("first")
    await rig.ended(first)

    second = rig.submit("second", previous_task_id=first)
    await rig.ended(second)

    assert len(rig.sandboxes) == 1
    assert rig.record(second).sandbox == rig.record(first).sandbox
    history = rig.models["second"].requests[0].history
    assert [(turn.instruction, turn.action) for turn in history][:2] == [("first", CLICK), ("first", Type("hello"))]
    assert rig.state.snapshot().sandboxes.created["Simulated"] == 1

    third = rig.submit("third", previous_task_id=second)
    await rig.ended(third)
    assert [turn.instruction for turn in rig.models["third"].requests[0].history] == ["first"] * 3 + ["second"]
    await rig.rest()


@virtual
async def test_a_task_in_a_named_sandbox_begins_a_conversation_of_its_own():
    rig = Rig()
    first = rig.submit("first")
    await rig.ended(first)

    second = rig.submit("second", sandbox_id=rig.record(first).sandbox.sandbox_id)
    await rig.ended(second)

    assert len(rig.sandboxes) == 1
    assert rig.models["second"].requests[0].history == ()
    await rig.rest()


@virtual
async def test_an_unknown_task_or_sandbox_cannot_be_continued():
    rig = Rig()
    with pytest.raises(NotFoundError, match="no task 'nobody' is known"):
        rig.submit(previous_task_id="nobody")
    with pytest.raises(PreconditionError, match=r"^sandbox\.id: the sandbox 'nothing' is not kept here"):
        rig.submit(sandbox_id="nothing")
    assert rig.live() == (0, 0)
    await rig.rest()


@virtual
async def test_a_sandbox_is_taken_over_by_one_task_only():
    rig = Rig()
    rig.model("long", seconds=10)
    first = rig.submit("long")
    with pytest.raises(PreconditionError, match=r"^previousTaskId: task t1 is running; wait for its end"):
        rig.submit(previous_task_id=first)
    await rig.ended(first)

    second = rig.submit("long", previous_task_id=first)
    for changes, words in (
        ({"previous_task_id": first}, "^previousTaskId: the sandbox of task t1 is in use"),
        ({"sandbox_id": "s1"}, "^sandbox.id: the sandbox 's1' is in use"),
        ({"sandbox_id": "s1", "previous_task_id": first}, "^sandbox.id: the sandbox 's1' is in use"),
    ):
        with pytest.raises(PreconditionError, match=words):
            rig.submit(**changes)
    await rig.ended(second)
    await rig.ended(rig.submit(previous_task_id=first))
    assert len(rig.sandboxes) == 1
    await rig.rest()


@virtual
async def test_a_conversation_goes_on_as_often_as_somebody_wants():
    rig = Rig()
    rig.model("first", CLICK)
    first = rig.submit("first")
    await rig.ended(first)
    for number in range(3):
        again = rig.submit(f"again {number}", previous_task_id=first)
        (accepted, *_) = await rig.ended(again)
        history = rig.models[f"again {number}"].requests[0].history
        assert [turn.instruction for turn in history] == ["first", "first"]
        assert rig.record(again).sandbox == rig.record(first).sandbox
        assert accepted.text == "accepted"
    await rig.rest()


@virtual
async def test_a_conversation_goes_on_without_its_sandbox_and_the_first_message_says_so():
    rig = Rig(keep_seconds=5)
    rig.model("first", CLICK)
    first = rig.submit("first")
    await rig.ended(first)
    await asyncio.sleep(6)
    second = rig.submit("second", previous_task_id=first)
    (accepted, *_) = await rig.ended(second)
    assert accepted.text == (
        "accepted; the sandbox of task t1 is gone, so a new one is made (nobody used it for 5 seconds)"
    )
    assert [turn.instruction for turn in rig.models["second"].requests[0].history] == ["first", "first"]
    assert rig.record(second).sandbox.sandbox_id == "s2"
    await rig.rest()


@virtual
async def test_a_task_that_never_had_a_sandbox_can_be_continued():
    rig = Rig(slots=1)
    rig.model("first", CLICK)
    first = rig.submit("first")
    await rig.ended(first)
    rig.model("long", seconds=10)
    busy = rig.submit("long")
    never = rig.submit("never", previous_task_id=first)
    rig.runner.cancel(never)
    again = rig.submit("again", previous_task_id=never)
    await rig.ended(again)
    assert [turn.instruction for turn in rig.models["again"].requests[0].history] == ["first", "first"]
    assert (await rig.ended(again))[0].text.endswith("the sandbox of task t3 is gone, so a new one is made")
    await rig.ended(busy)
    await rig.rest()


@virtual
async def test_a_conversation_is_forgotten_with_its_task():
    rig = Rig(retention=1)
    first, second = rig.submit(), rig.submit()
    await rig.ended(second)
    with pytest.raises(NotFoundError, match="no task 't1' is known"):
        rig.submit(previous_task_id=first)
    await rig.ended(rig.submit(previous_task_id=second))
    await rig.rest()


@virtual
async def test_the_conversations_of_ended_tasks_count_as_their_bytes():
    rig = Rig(retention_bytes=100_000)
    rig.model("first", Type("x" * 60_000))
    first = rig.submit("first")
    await rig.ended(first)
    await rig.ended(rig.submit("second", previous_task_id=first))
    with pytest.raises(NotFoundError):
        rig.submit(previous_task_id=first)
    await rig.runner.drain(0)


@virtual
async def test_two_tasks_may_go_on_from_one_conversation_at_once():
    rig = Rig(keep=0)
    rig.model("first", CLICK)
    first = rig.submit("first")
    await rig.ended(first)
    rig.model("left", CLICK, seconds=1)
    rig.model("right", CLICK, seconds=1)
    both = [rig.submit("left", previous_task_id=first), rig.submit("right", previous_task_id=first)]
    for task in both:
        await rig.ended(task)
    for name in ("left", "right"):
        assert [turn.instruction for turn in rig.models[name].requests[-1].history] == ["first", "first", name]
    await rig.rest()


@virtual
async def test_a_sandbox_and_a_task_that_do_not_belong_together_are_refused():
    rig = Rig()
    first, second = rig.submit(), rig.submit()
    await rig.ended(second)
    with pytest.raises(PreconditionError, match=r"^sandbox\.id: 's2' is not the sandbox of task t1"):
        rig.submit(previous_task_id=first, sandbox_id="s2")
    await rig.ended(rig.submit(previous_task_id=first, sandbox_id="s1", destroy_sandbox=True))
    assert rig.sandboxes[0].closed == []
    await rig.rest()


@virtual
async def test_destroy_spares_a_sandbox_that_a_client_has_named_and_those_who_continue_there():
    rig = Rig()
    first = rig.submit()
    await rig.ended(first)
    named = rig.submit(sandbox_id="s1", destroy_sandbox=True)
    await rig.ended(named)
    await rig.ended(rig.submit(previous_task_id=named, destroy_sandbox=True))
    await settle()
    assert rig.sandboxes[0].closed == []
    await rig.rest()


@virtual
async def test_destroy_closes_the_sandbox_of_the_conversation():
    rig = Rig()
    first = rig.submit()
    await rig.ended(first)
    await rig.ended(rig.submit(previous_task_id=first, destroy_sandbox=True))
    await settle()
    assert rig.sandboxes[0].closed == [True]
    await rig.rest()


@pytest.mark.parametrize("how", ["previous_task_id", "sandbox_id"])
@virtual
async def test_a_pending_task_that_is_cancelled_gives_the_sandbox_back(how):
    rig = Rig(slots=1)
    rig.model("first", CLICK)
    first = rig.submit("first")
    await rig.ended(first)
    rig.model("long", seconds=10)
    busy = rig.submit("long")
    waiting = rig.submit("second", **{how: first if how == "previous_task_id" else "s1"})
    with pytest.raises(PreconditionError):
        rig.submit("third", previous_task_id=first)

    rig.runner.cancel(waiting)

    third = rig.submit("third", previous_task_id=first)
    await rig.ended(busy)
    await rig.ended(third)
    assert [turn.instruction for turn in rig.models["third"].requests[0].history] == ["first", "first"]
    assert rig.record(third).sandbox.sandbox_id == "s1"
    await rig.rest()


@virtual
async def test_a_cancelled_task_keeps_its_sandbox_for_the_next_one():
    rig = Rig()
    rig.model("long", CLICK, seconds=10)
    first = rig.submit("long")
    await asyncio.sleep(15)
    rig.runner.cancel(first)
    await settle()
    second = rig.submit("second", previous_task_id=first)
    await rig.ended(second)
    assert [turn.action for turn in rig.models["second"].requests[0].history] == [CLICK]
    await rig.rest()


@virtual
async def test_cancel_right_after_a_takeover_keeps_the_sandbox():
    rig = Rig()
    first = rig.submit()
    await rig.ended(first)
    second = rig.submit(previous_task_id=first)
    rig.runner.cancel(second)
    await settle()
    third = rig.submit(previous_task_id=second)
    await rig.ended(third)
    assert rig.record(third).sandbox.sandbox_id == "s1"
    await rig.rest()


@virtual
async def test_destroy_sandbox_closes_it_behind_the_task():
    rig = Rig()
    rig.sandbox("once", closes=3)
    task = rig.submit("once", destroy_sandbox=True)
    await rig.ended(task)
    assert asyncio.get_running_loop().time() == 0
    assert rig.open_now() == 1
    with pytest.raises(PreconditionError, match="is not kept here"):
        rig.submit(sandbox_id="s1")
    await asyncio.sleep(4)
    assert rig.open_now() == 0
    assert rig.sandboxes[0].closed == [True]
    await rig.rest()


@virtual
async def test_a_sandbox_is_kept_for_so_many_seconds():
    rig = Rig(keep_seconds=600)
    first, second = rig.submit(), rig.submit()
    await rig.ended(first)
    await rig.ended(second)
    await asyncio.sleep(599)
    again = rig.submit(previous_task_id=first)
    await rig.ended(again)
    await asyncio.sleep(2)
    assert [sandbox.closed for sandbox in rig.sandboxes] == [[], [True]]
    await asyncio.sleep(599)
    assert rig.open_now() == 0
    await rig.rest()


@virtual
async def test_the_least_recently_used_sandbox_is_closed_first():
    rig = Rig(slots=1, keep=2)
    first, second = rig.submit(), rig.submit()
    await rig.ended(second)
    first = rig.submit(previous_task_id=first)
    await rig.ended(first)
    third = rig.submit()
    await rig.ended(third)
    await settle()
    assert [sandbox.closed for sandbox in rig.sandboxes] == [[], [True], []]
    await rig.rest()


@virtual
async def test_nothing_is_kept_where_keeping_is_off():
    rig = Rig(keep=0)
    task = rig.submit()
    await rig.ended(task)
    await settle()
    assert rig.open_now() == 0
    with pytest.raises(PreconditionError, match="is not kept here"):
        rig.submit(sandbox_id="s1")
    await rig.rest()


@pytest.mark.parametrize("closing", [{"closes": AGES}, {"closes": AGES, "stubborn": "close"}])
@virtual
async def test_a_sandbox_that_hangs_in_close_is_abandoned(closing, caplog):
    rig = Rig(slots=1)
    rig.sandbox("hangs", **closing)
    first = rig.submit("hangs", destroy_sandbox=True)
    second = rig.submit()
    await rig.ended(first)
    await rig.ended(second)
    assert asyncio.get_running_loop().time() == 0
    await asyncio.sleep(9)
    assert rig.open_now() == 2
    await asyncio.sleep(2)
    assert rig.open_now() == 1
    assert rig.state.snapshot().sandboxes.failures["Simulated"] == 1
    assert "sandbox s1 could not be closed and is abandoned" in caplog.text
    await asyncio.sleep(2 * AGES)
    rig.alive.discard("s1")
    await rig.rest()


@virtual
async def test_a_sandbox_that_cannot_be_closed_gives_its_place_back(caplog):
    rig = Rig(slots=1, keep=0)
    rig.sandbox("quick", close_error=OSError("device busy"))
    for _ in range(2 * rig.keeper.places):
        task = rig.submit()
        await rig.ended(task)
        await settle()
    assert rig.state.snapshot().sandboxes.failures["Simulated"] == 2 * rig.keeper.places
    assert "device busy" in caplog.text
    rig.alive.clear()
    await rig.rest()


@virtual
async def test_what_an_abandoned_sandbox_says_at_last_is_logged(caplog):
    rig = Rig(slots=1, keep=0)
    rig.sandbox("hangs", closes=60, stubborn="close", close_error=OSError("too late"))
    await rig.ended(rig.submit("hangs"))
    await asyncio.sleep(100)
    assert "an abandoned sandbox failed to close at last" in caplog.text
    rig.alive.clear()
    await rig.rest()


@virtual
async def test_sandboxes_never_exceed_their_places_however_slowly_they_close():
    rig = Rig(slots=2, keep=1)
    rig.sandbox("short", closes=8)
    rig.model("short", seconds=1)
    tasks = [rig.submit("short", destroy_sandbox=number % 2 == 0) for number in range(30)]
    most = 0
    while rig.live() != (0, 0):
        await asyncio.sleep(0.25)
        most = max(most, len(rig.alive))
        running, _ = rig.live()
        assert running <= 2
        assert rig.open_now() <= rig.keeper.places
    assert most == rig.keeper.places == 5
    assert {rig.status(task) for task in tasks} == {TaskStatus.COMPLETED}
    await rig.rest()


@virtual
async def test_a_task_that_waits_for_a_place_is_pending():
    rig = Rig(slots=1, keep=0)
    rig.sandbox("slow", closes=5)
    for _ in range(2):
        await rig.ended(rig.submit("slow"))
    waiting = rig.submit("slow")
    assert rig.status(waiting) is TaskStatus.PENDING
    assert rig.live() == (0, 1)
    await rig.ended(waiting)
    assert asyncio.get_running_loop().time() == 5
    await rig.rest()


@virtual
async def test_a_kept_sandbox_makes_room_for_a_task_that_finds_no_place():
    """All places are taken by sandboxes that wait for their next task, whose place in the queue is behind."""
    rig = Rig(slots=1, keep=2)
    rig.model("long", seconds=10)
    kept = [rig.submit(), rig.submit()]
    await rig.ended(kept[1])
    busy = rig.submit("long")
    fresh = [rig.submit("long"), rig.submit("long")]
    behind = [rig.submit(previous_task_id=task) for task in kept]
    await rig.ended(busy)
    # Its sandbox has the last place, and the second of the fresh ones needs it.
    behind.append(rig.submit(previous_task_id=busy))
    await rig.ended(behind[-1])
    assert asyncio.get_running_loop().time() == 30
    assert {rig.status(task) for task in fresh + behind} == {TaskStatus.COMPLETED}
    assert len(rig.alive) <= rig.keeper.places
    await rig.rest()


@virtual
async def test_tasks_that_do_not_unwind_give_their_places_back():
    rig = Rig(slots=1, keep=1)
    rig.sandbox("hangs", acts=AGES, stubborn="act")
    rig.model("hangs", CLICK)
    for _ in range(rig.keeper.places):
        task = rig.submit("hangs")
        await settle()
        rig.runner.cancel(task)
    waiting = rig.submit()
    assert rig.status(waiting) is TaskStatus.PENDING
    await rig.ended(waiting)
    assert asyncio.get_running_loop().time() == 5
    await asyncio.sleep(2 * AGES)
    await rig.rest()


@virtual
async def test_a_sandbox_that_opens_after_it_was_abandoned_is_not_counted():
    rig = Rig(slots=1)
    rig.sandbox("late", opens=60, stubborn="open")
    task = rig.submit("late")
    await settle()
    rig.runner.cancel(task)
    await asyncio.sleep(100)
    sandboxes = rig.state.snapshot().sandboxes
    assert (sandboxes.created["Simulated"], sandboxes.open["Simulated"]) == (0, 0)
    assert rig.sandboxes[0].closed == [True]
    await rig.rest()


@virtual
async def test_a_sandbox_that_opens_in_spite_of_a_cancel_is_kept_like_any_other():
    rig = Rig(slots=1)
    rig.sandbox("late", opens=3, stubborn="open")
    task = rig.submit("late")
    await settle()
    rig.runner.cancel(task)
    await asyncio.sleep(4)
    assert rig.open_now() == 1
    assert rig.sandboxes[0].asked_for_screenshots == []
    await rig.ended(rig.submit(previous_task_id=task))
    await rig.rest()


@virtual
async def test_tasks_that_wait_for_their_sandbox_hold_no_place():
    """Whoever waits to go on in a kept sandbox leaves the slots to those that can run."""
    rig = Rig(slots=2, keep=2)
    rig.model("long", seconds=10)
    kept = [rig.submit(), rig.submit()]
    for task in kept:
        await rig.ended(task)
    running = [rig.submit("long"), rig.submit("long")]
    behind = [rig.submit("long") for _ in range(4)]
    continued = [rig.submit(previous_task_id=task) for task in kept]
    for task in running + behind + continued:
        await rig.ended(task)
    # Six long tasks on two slots: nothing waited for a place that a waiting task held.
    assert asyncio.get_running_loop().time() == 30
    assert {rig.status(task) for task in running + behind + continued} == {TaskStatus.COMPLETED}
    assert len(rig.alive) <= rig.keeper.places
    await rig.rest()


@virtual
async def test_a_claimed_sandbox_that_had_to_go_is_replaced_and_the_conversation_goes_on():
    rig = Rig(slots=1, keep=1)
    rig.model("long", seconds=10)
    first = rig.submit("first")
    await rig.ended(first)
    rig.submit("long")
    continued = rig.submit("second", previous_task_id=first)
    # Others take the places that are left, and one more.
    reserved = 0
    while rig.keeper.reserve():
        reserved += 1
    await settle()
    for _ in range(reserved):
        rig.keeper.release()
    said = [(message.stage, message.text) for message in await rig.ended(continued)]
    assert said[1] == (
        "starting",
        "the sandbox to go on in is gone, so a new one is made (it was closed because another one needed its place)",
    )
    assert rig.status(continued) is TaskStatus.COMPLETED
    assert rig.record(continued).sandbox != rig.record(first).sandbox
    assert [turn.instruction for turn in rig.models["second"].requests[0].history] == ["first"]
    await rig.rest()


@virtual
async def test_the_first_message_tells_what_waits_what_is_gone_and_what_is_not_used():
    rig = Rig(slots=1, keep=0)
    rig.model("long", seconds=10)
    first = rig.submit()
    await rig.ended(first)
    tasks = [rig.submit("long"), rig.submit("long")]
    last = rig.submit(previous_task_id=first, unused=("runningConfig.platform", "sandbox.name"))
    (accepted, *_) = await rig.ended(last)
    assert accepted.text == (
        "accepted; 1 tasks are ahead; the sandbox of task t1 is gone, so a new one is made; "
        "not used: runningConfig.platform, sandbox.name"
    )
    for task in tasks:
        await rig.ended(task)
    await rig.rest()


@virtual
async def test_a_claim_ends_with_its_task():
    rig = Rig(slots=1, keep=1)
    rig.model("long", seconds=10)
    first = rig.submit("first")
    await rig.ended(first)
    busy, continued = rig.submit("long"), rig.submit("second", previous_task_id=first)
    rig.runner.cancel(continued)
    again = rig.submit("third", previous_task_id=first)
    await rig.ended(again)
    assert rig.record(again).sandbox == rig.record(first).sandbox
    assert rig.status(busy) is TaskStatus.COMPLETED
    await rig.rest()


class Broken(ScriptedSandbox):
    """Does not say what it is."""

    def __init__(self, answer):
        self._answer = answer
        super().__init__()

    @property
    def sandbox_type(self):
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    @sandbox_type.setter
    def sandbox_type(self, value):
        pass


@pytest.mark.parametrize("answer", [RuntimeError("broken"), "Toaster", None])
@virtual
async def test_a_sandbox_that_does_not_say_what_it_is_gives_its_place_back(answer):
    rig = Rig(slots=1, keep=1)
    rig.create = lambda _: Broken(answer)
    rig.runner._sandboxes = rig
    for _ in range(2 * rig.keeper.places):
        task = rig.submit()
        await rig.ended(task)
        assert rig.reason(task) is FailureReason.SANDBOX_ERROR
    await settle()
    assert [rig.keeper.reserve() for _ in range(rig.keeper.places)] == [True] * rig.keeper.places
    await rig.rest()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), BaseException("odd")])
@pytest.mark.parametrize("method", ["open", "observe", "act", "close"])
@virtual
async def test_whatever_a_sandbox_raises_ends_its_task_alone(error, method, caplog):
    async def fail(*_, **__):
        raise error

    rig = Rig(slots=1, keep=0)
    rig.model("quick", CLICK)
    made = rig.create

    def create(spec):
        sandbox = made(spec)
        if spec.instruction == "quick":
            setattr(sandbox, method, fail)
        return sandbox

    rig.create = create
    task = rig.submit()
    await rig.ended(task)
    assert rig.reason(task) is (None if method == "close" else FailureReason.INTERNAL)
    other = rig.submit("other")
    await rig.ended(other)
    await settle()
    assert rig.status(other) is TaskStatus.COMPLETED
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]
    # What could not be closed cannot have gone.
    rig.alive.clear()
    await rig.rest()
