"""How the runner ends: it accepts nothing more, lets running tasks finish in time, and leaves nothing behind."""

import asyncio

import pytest

from gui_agents.domain.errors import DrainingError
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.stream import Stage
from tests.gui_agents.tasks.rig import AGES, CLICK, Rig
from tests.virtual_time import settle, virtual


def now() -> float:
    return asyncio.get_running_loop().time()


@virtual
async def test_an_idle_runner_drains_at_once():
    rig = Rig()
    await rig.ended(rig.submit())
    assert rig.open_now() == 1
    await rig.rest(drain_seconds=60)
    assert now() == 0


@virtual
async def test_running_tasks_finish_within_the_time():
    rig = Rig()
    rig.model("short", seconds=5)
    tasks = [rig.submit("short"), rig.submit("short")]
    await rig.rest(drain_seconds=10)
    assert now() == 5
    assert [rig.status(task) for task in tasks] == [TaskStatus.COMPLETED] * 2


@virtual
async def test_tasks_that_do_not_finish_are_interrupted_and_their_streams_end():
    rig = Rig()
    rig.model("long", seconds=AGES)
    task = rig.submit("long")
    stream = asyncio.create_task(rig.ended(task))
    await rig.rest(drain_seconds=10)
    messages = await stream
    assert now() == 10
    assert rig.reason(task) is FailureReason.INTERRUPTED
    assert (messages[-1].stage, messages[-1].text) == (Stage.ERROR, "interrupted: the service is shutting down")


@virtual
async def test_pending_tasks_are_interrupted_at_once_and_none_of_them_starts():
    rig = Rig(slots=1, keep=1)
    kept = rig.submit()
    await rig.ended(kept)
    rig.model("short", seconds=5)
    running = rig.submit("short")
    pending = [rig.submit(), rig.submit(previous_task_id=kept), rig.submit()]
    draining = asyncio.create_task(rig.runner.drain(10))
    await settle()
    assert [rig.reason(task) for task in pending] == [FailureReason.INTERRUPTED] * 3
    assert rig.status(running) is TaskStatus.RUNNING
    await draining
    assert rig.status(running) is TaskStatus.COMPLETED
    assert rig.state.snapshot().tasks.created["running"] == 2
    await rig.rest()


@virtual
async def test_a_free_slot_starts_nothing_while_draining():
    """The head waits for a place, and the task behind it has one."""
    rig = Rig(slots=2, keep=1)
    rig.sandbox("slow", closes=8)
    kept = rig.submit()
    await rig.ended(kept)
    for _ in range(rig.keeper.places - 1):
        await rig.ended(rig.submit("slow", destroy_sandbox=True))
    head, behind = rig.submit(), rig.submit(previous_task_id=kept)
    assert rig.live() == (0, 2)
    await rig.rest(drain_seconds=60)
    assert [rig.reason(task) for task in (head, behind)] == [FailureReason.INTERRUPTED] * 2


@virtual
async def test_nothing_is_accepted_while_draining():
    rig = Rig()
    rig.model("short", seconds=5)
    task = rig.submit("short")
    assert rig.runner.draining is False
    draining = asyncio.create_task(rig.runner.drain(10))
    await settle()
    assert rig.runner.draining is True
    with pytest.raises(DrainingError):
        rig.submit()
    assert rig.runner.cancel(task) is True
    await draining
    assert now() == 0
    await rig.rest()


@virtual
async def test_a_long_queue_is_interrupted_as_a_whole():
    rig = Rig(slots=1, queue=3_000)
    rig.model("long", seconds=AGES)
    for _ in range(3_000):
        rig.submit("long")
    await rig.rest()
    assert rig.state.snapshot().tasks.failures["interrupted"] == 3_000


@virtual
async def test_what_does_not_let_go_delays_the_end_for_a_bounded_time(caplog):
    rig = Rig()
    rig.sandbox("hangs", acts=AGES, closes=AGES, stubborn="act close")
    rig.model("hangs", CLICK)
    task = rig.submit("hangs")
    await settle()
    await rig.runner.drain(10)
    assert now() == 10 + 5 + 10
    assert rig.reason(task) is FailureReason.INTERRUPTED
    assert rig.open_now() == 0
    assert "does not let go of its sandbox" in caplog.text
    assert "could not be closed and is abandoned" in caplog.text
    await asyncio.sleep(2 * AGES)


@virtual
async def test_a_loop_that_ends_without_a_drain_interrupts_its_tasks():
    rig = Rig()
    rig.model("long", seconds=AGES)
    task = rig.submit("long")
    await settle()
    (running,) = (work for work in asyncio.all_tasks() if work.get_name() == f"task {task}")
    running.cancel()
    await rig.ended(task)
    assert rig.reason(task) is FailureReason.INTERRUPTED
    await rig.rest()
