"""Where the sandboxes of tasks come from, how long that takes, and what is said of those that die."""

import asyncio

import pytest

from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.lifecycle import FailureReason
from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError
from tests.gui_agents.tasks.rig import CLICK, Rig
from tests.virtual_time import settle, virtual

OUT_OF_MEMORY = SandboxGoneError("the browser was ended: it used more than 2 GiB", SandboxEnd.OUT_OF_MEMORY)


@virtual
async def test_a_task_waits_for_a_cold_sandbox_and_not_for_a_kept_one():
    rig = Rig()
    rig.sandbox("first", opens=2.5)
    first = rig.submit("first")
    await rig.ended(first)
    await rig.ended(rig.submit("second", previous_task_id=first))
    assert rig.starts() == {"cold": (1, 2.5), "kept": (1, 0)}
    await rig.rest()
    assert rig.ended_by() == {"closed": 1}


@virtual
async def test_a_task_takes_a_warm_sandbox_and_does_not_wait():
    rig = Rig(slots=1, warm=1)
    rig.sandbox("warm", opens=2.5)
    rig.pool.start()
    await asyncio.sleep(3)
    task = rig.submit("quick")
    await rig.ended(task)
    assert asyncio.get_running_loop().time() == 3
    assert rig.record(task).sandbox.sandbox_id == "s1"
    assert rig.starts() == {"warm": (1, 0)}
    # It is kept like any other, and no other task gets it from the pool.
    await asyncio.sleep(3)
    other = rig.submit("other")
    await rig.ended(other)
    assert rig.record(other).sandbox.sandbox_id == "s2"
    await rig.ended(rig.submit("again", previous_task_id=task))
    assert rig.starts() == {"warm": (2, 0), "kept": (1, 0)}
    await rig.rest()


@pytest.mark.parametrize("backend", ["another", "simulated"], ids=["of another kind", "none ready"])
@virtual
async def test_a_task_without_a_warm_sandbox_makes_its_own(backend):
    rig = Rig(warm=1)
    rig.sandbox("warm", opens=0 if backend == "another" else 60)
    rig.pool.start()
    await settle()
    task = rig.submit("quick", backend=backend)
    await rig.ended(task)
    assert rig.record(task).sandbox.sandbox_id == "s2"
    assert rig.starts() == {"cold": (1, 0)}
    await rig.rest()


@virtual
async def test_warm_sandboxes_take_no_place_from_tasks():
    rig = Rig(slots=2, keep=1, warm=3)
    rig.sandbox("slow", closes=5)
    rig.sandbox("warm", closes=5)
    rig.pool.start()
    await settle()
    tasks = [rig.submit("slow", destroy_sandbox=True) for _ in range(20)]
    most = 0
    while rig.live() != (0, 0):
        await asyncio.sleep(0.25)
        most = max(most, len(rig.alive))
    assert most == rig.keeper.places + 3
    assert all(rig.reason(task) is None for task in tasks)
    await rig.rest()


@virtual
async def test_the_pool_opens_nothing_for_a_service_that_drains():
    rig = Rig(slots=1, warm=2)
    rig.pool.start()
    rig.model("long", seconds=10)
    await settle()
    task = rig.submit("long")
    await settle()
    made = len(rig.sandboxes)
    await rig.rest(drain_seconds=60)
    assert len(rig.sandboxes) == made == 3
    assert rig.reason(task) is None
    assert rig.ended_by() == {"closed": 3}


@pytest.mark.parametrize("where", ["observe", "act"])
@virtual
async def test_the_message_of_a_task_says_why_its_sandbox_died_and_what_to_do(where):
    rig = Rig()
    rig.model("long", CLICK, seconds=10)
    rig.sandbox("long", **({"screens": [OUT_OF_MEMORY]} if where == "observe" else {"then": OUT_OF_MEMORY}))
    task = rig.submit("long")
    *_, last = await rig.ended(task)
    assert rig.reason(task) is FailureReason.SANDBOX_ERROR
    assert last.text == (
        "sandbox_error: the browser was ended: it used more than 2 GiB; "
        "let the task do less at once, or raise SANDBOX_MEMORY"
    )
    await settle()
    assert rig.ended_by() == {"out_of_memory": 1}
    assert rig.state.snapshot().sandboxes.failures["Simulated"] == 1
    await rig.rest()


@virtual
async def test_a_sandbox_that_dies_while_its_model_thinks_is_found_dead():
    rig = Rig()
    rig.model("long", CLICK, CLICK, seconds=10)
    task = rig.submit("long")
    await asyncio.sleep(5)
    rig.sandboxes[0].die(OUT_OF_MEMORY)
    await rig.ended(task)
    assert asyncio.get_running_loop().time() == 10
    assert rig.reason(task) is FailureReason.SANDBOX_ERROR
    await settle()
    assert rig.ended_by() == {"out_of_memory": 1}
    await rig.rest()


@pytest.mark.parametrize(
    ("error", "reason"), [(SandboxError("no answer"), "unreachable"), (ZeroDivisionError(), "closed")]
)
@virtual
async def test_a_sandbox_that_breaks_without_being_gone_is_not_used_again(error, reason):
    rig = Rig()
    rig.model("breaks", CLICK)
    rig.sandbox("breaks", then=error)
    task = rig.submit("breaks")
    *_, last = await rig.ended(task)
    await settle()
    assert (rig.ended_by(), rig.sandboxes[0].closed) == ({reason: 1}, [True])
    assert "; start the task again" not in last.text
    await rig.rest()


@virtual
async def test_a_task_that_ends_well_in_a_sandbox_that_just_died_leaves_none_behind():
    rig = Rig()
    rig.model("long", seconds=10)
    task = rig.submit("long")
    await asyncio.sleep(5)
    rig.sandboxes[0].die(OUT_OF_MEMORY)
    await rig.ended(task)
    await settle()
    assert rig.reason(task) is None
    assert (rig.ended_by(), rig.open_now()) == ({"out_of_memory": 1}, 0)
    await rig.rest()


@virtual
async def test_who_names_or_continues_a_sandbox_that_died_hears_why():
    rig = Rig()
    first = rig.submit()
    await rig.ended(first)
    rig.sandboxes[0].die(OUT_OF_MEMORY)
    await settle()
    with pytest.raises(PreconditionError) as refusal:
        rig.submit(sandbox_id="s1")
    assert str(refusal.value) == f"sandbox.id: the sandbox 's1' is not kept here: {OUT_OF_MEMORY}"
    (accepted, *_) = await rig.ended(rig.submit(previous_task_id=first))
    assert accepted.text == f"accepted; the sandbox of task t1 is gone, so a new one is made ({OUT_OF_MEMORY})"
    await rig.rest()


@virtual
async def test_a_sandbox_that_dies_while_its_next_task_waits_is_replaced():
    rig = Rig(slots=1, keep=1)
    rig.model("long", seconds=10)
    first = rig.submit()
    await rig.ended(first)
    rig.submit("long")
    waiting = rig.submit("second", previous_task_id=first)
    rig.sandboxes[0].die(OUT_OF_MEMORY)
    said = [message.text for message in await rig.ended(waiting)]
    assert said[1] == f"the sandbox to go on in is gone, so a new one is made ({OUT_OF_MEMORY})"
    assert rig.record(waiting).sandbox.sandbox_id == "s3"
    assert rig.starts() == {"cold": (3, 0)}
    await rig.rest()
