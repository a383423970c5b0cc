"""Tasks that are stored before anybody hears of them."""

import asyncio

import pytest

from gui_agents.domain.errors import DrainingError, NotStoredError, PreconditionError, QueueFullError, StorageDownError
from gui_agents.domain.journal import TaskEnded
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.model import History, Turn
from gui_agents.domain.storage import StoredTask
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskRecord, TaskStatistics
from gui_agents.tasks.continuing import Past
from gui_agents.tasks.runner import NOT_STORED
from tests.fakes import a_spec
from tests.gui_agents.tasks.rig import AGES, CLICK, Rig
from tests.gui_agents.tasks.scripted_journal import ScriptedJournal
from tests.virtual_time import settle, virtual

MODEL = a_spec().model


def stored_task(task_id: str = "old", **changes) -> StoredTask:
    record = TaskRecord(
        task_id=task_id,
        spec=a_spec(**changes),
        status=TaskStatus.PENDING,
        created_at=5.0,
        execution_seconds=0.0,
        statistics=TaskStatistics(),
        sandbox=None,
        ending=None,
    )
    return StoredTask(record=record, attempt=3, keys_forgotten=False, started_at=None, ended_at=None)


def restore(rig: Rig, stored: StoredTask, past: Past | None = None, messages=()) -> None:
    rig.runner.restore(stored, stored.record.spec, past, messages)


@virtual
async def test_a_task_starts_once_it_is_stored_and_its_client_hears_of_it_then():
    journal = ScriptedJournal()
    rig = Rig(journal=journal)
    task = rig.submit()
    told = asyncio.create_task(rig.runner.stored(task))
    await settle()
    assert (rig.status(task), told.done()) == (TaskStatus.PENDING, False)
    journal.store()
    await settle()
    assert (rig.status(task), told.done()) == (TaskStatus.COMPLETED, True)
    await told
    await rig.runner.stored(task)
    await rig.rest()


@virtual
async def test_a_task_that_is_not_stored_yet_keeps_no_other_from_its_slot():
    journal = ScriptedJournal()
    rig = Rig(slots=1, journal=journal)
    tasks = [rig.submit() for _ in range(3)]
    rig.runner.cancel(tasks[0])
    journal.store(2)
    await settle()
    assert [rig.status(task) for task in tasks] == ["cancelled", "completed", "pending"]
    journal.store()
    await rig.ended(tasks[2])
    await rig.rest()


@virtual
@pytest.mark.parametrize("error", [StorageDownError("disk full"), OSError("disk full")])
async def test_a_task_that_cannot_be_stored_is_cancelled_before_it_begins(error):
    journal = ScriptedJournal()
    rig = Rig(slots=1, queue=0, journal=journal)
    task = rig.submit()
    told = asyncio.create_task(rig.runner.stored(task))
    await settle()
    journal.fail(error)
    with pytest.raises(NotStoredError) as refusal:
        await told
    assert refusal.value.problem == "disk full"
    ending = rig.record(task).ending
    assert ending is not None
    assert (rig.status(task), ending.message) == (TaskStatus.CANCELLED, NOT_STORED)
    assert rig.sandboxes == []
    journal.store()
    await rig.ended(rig.submit())
    await rig.rest()


@virtual
async def test_a_task_that_was_cancelled_before_it_could_not_be_stored_stays_as_it_is():
    journal = ScriptedJournal()
    rig = Rig(journal=journal)
    task = rig.submit()
    rig.runner.cancel(task, "no more")
    journal.fail()
    await settle()
    ending = rig.record(task).ending
    assert ending is not None
    assert ending.message == "no more"
    assert len([entry for entry in journal.entries if isinstance(entry, TaskEnded)]) == 1
    await rig.rest()


@virtual
async def test_nothing_is_accepted_while_nothing_can_be_stored_and_running_tasks_go_on():
    journal = ScriptedJournal(holding=False)
    rig = Rig(journal=journal)
    rig.model("long", CLICK, seconds=10)
    task = rig.submit("long")
    await settle()
    journal.problem = "disk full"
    with pytest.raises(StorageDownError) as refusal:
        rig.submit()
    assert refusal.value.problem == "disk full"
    await rig.ended(task)
    assert rig.status(task) is TaskStatus.COMPLETED
    journal.problem = None
    await rig.ended(rig.submit())
    await rig.rest()


@virtual
async def test_nothing_is_done_in_a_sandbox_before_the_start_of_the_task_is_stored():
    journal = ScriptedJournal(holding=False)
    rig = Rig(journal=journal)
    rig.model("click", CLICK, CLICK)
    journal.holding = True
    task = rig.submit("click")
    journal.store(1)
    await settle()
    assert (rig.status(task), rig.sandboxes[0].acted, journal.asked) == ("running", [], [task])
    journal.store()
    await rig.ended(task)
    assert rig.sandboxes[0].acted == [CLICK, CLICK]
    await rig.rest()


@virtual
async def test_a_task_that_cannot_store_its_start_goes_on():
    journal = ScriptedJournal()
    rig = Rig(journal=journal)
    rig.model("click", CLICK)
    task = rig.submit("click")
    journal.store(1)
    await settle()
    journal.holding = False
    journal.fail()
    await rig.ended(task)
    assert rig.status(task) is TaskStatus.COMPLETED
    await rig.rest()


@virtual
async def test_a_task_that_waits_to_act_can_be_cancelled():
    journal = ScriptedJournal()
    rig = Rig(journal=journal)
    rig.model("click", CLICK)
    task = rig.submit("click")
    journal.store(1)
    await settle()
    assert rig.runner.cancel(task)
    await settle()
    assert rig.sandboxes[0].acted == []
    journal.store()
    await rig.rest()


@virtual
async def test_tasks_that_wait_when_the_service_stops_are_left_to_the_next_start():
    journal = ScriptedJournal(holding=False)
    rig = Rig(slots=1, journal=journal)
    rig.model("long", seconds=AGES)
    running, waiting = rig.submit("long"), rig.submit()
    await settle()
    await rig.runner.drain(5.0)
    ended = [entry.task_id for entry in journal.entries if isinstance(entry, TaskEnded)]
    assert ended == [running]
    assert (rig.reason(running), rig.status(waiting)) == (FailureReason.INTERRUPTED, TaskStatus.PENDING)
    rig.runner.client_left(waiting)
    assert rig.status(waiting) is TaskStatus.PENDING
    with pytest.raises(DrainingError):
        rig.submit()


@virtual
async def test_the_client_of_a_task_that_runs_when_the_service_stops_may_leave_it():
    journal = ScriptedJournal(holding=False)
    rig = Rig(journal=journal)
    rig.model("long", seconds=AGES)
    task = rig.submit("long")
    await settle()
    draining = asyncio.create_task(rig.runner.drain(AGES))
    await settle()
    rig.runner.client_left(task)
    await draining
    assert rig.status(task) is TaskStatus.CANCELLED
    rig.runner.client_left("unknown")
    await rig.rest()


@virtual
async def test_a_task_of_an_earlier_service_waits_again_whatever_the_limit_of_the_queue():
    journal = ScriptedJournal(holding=False)
    rig = Rig(slots=1, queue=0, journal=journal)
    rig.model("rules", seconds=10)
    rig.model("long", seconds=10)
    rig.submit("long")
    earlier = [StreamMessage(Stage.STARTING, "accepted", 5.0)]
    for task_id in ("a", "b"):
        restore(rig, stored_task(task_id, instruction="quick"), messages=earlier)
    with pytest.raises(QueueFullError):
        rig.submit()
    assert [rig.status(task_id) for task_id in "ab"] == ["pending", "pending"]
    messages = await rig.ended("b")
    assert messages[:2] == [
        *earlier,
        StreamMessage(
            Stage.STARTING,
            "the service has started again, and the task waits again; 1 tasks are ahead",
            messages[1].published_at,
        ),
    ]
    assert rig.record("a").created_at == 5.0
    assert {entry.attempt for entry in journal.entries if getattr(entry, "task_id", "") == "a"} == {4}
    await rig.rest()


@virtual
async def test_a_restored_task_goes_on_with_the_conversation_of_the_one_before():
    rig = Rig()
    turns = (Turn("first", CLICK, "", "ok"),)
    past = Past("", TaskStatus.COMPLETED, History(turns, 10), None)
    restore(rig, stored_task(previous_task_id="before"), past)
    await rig.ended("old")
    assert rig.models["rules"].requests[0].history == turns
    await rig.rest()


@virtual
async def test_a_task_whose_sandbox_is_gone_is_not_restored():
    rig = Rig()
    with pytest.raises(PreconditionError, match="not kept here"):
        restore(rig, stored_task(sandbox_id="gone"))
    assert rig.live() == (0, 0)
    await rig.rest()
