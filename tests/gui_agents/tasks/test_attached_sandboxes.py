"""A sandbox that runs in a cloud already is taken over by its id, by one task at a time, and outlives every task."""

import asyncio

import pytest

from gui_agents.domain.cloud import Account, CloudOrder, SandboxKind
from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.sandbox import SandboxError
from gui_agents.domain.secret import Secret
from tests.gui_agents.tasks.rig import AGES, Rig
from tests.virtual_time import settle, virtual

CLOUD = CloudOrder(
    account=Account(
        organization="org", api_key=Secret("k"), base_url="https://h", configured=True, of_operator=False, named_by="x"
    ),
    kind=SandboxKind(),
)


@virtual
async def test_a_task_attaches_itself_to_a_sandbox_that_is_not_kept_here_and_does_not_destroy_it():
    rig = Rig()
    await rig.ended(rig.submit(cloud=CLOUD, sandbox_id="theirs", destroy_sandbox=True))
    again = rig.submit(cloud=CLOUD, sandbox_id="theirs", destroy_sandbox=True)
    await rig.ended(again)
    assert [each.sandbox_id for each in rig.sandboxes] == ["theirs"]
    continued = rig.submit(cloud=CLOUD, previous_task_id=again, sandbox_id="theirs")
    await rig.ended(continued)
    assert rig.status(continued) is TaskStatus.COMPLETED
    assert len(rig.sandboxes) == 1
    await rig.rest()


@virtual
async def test_while_one_task_has_it_or_waits_for_it_no_other_gets_it():
    rig = Rig(slots=1)
    rig.sandbox("long", observes=AGES)
    running = rig.submit("long", cloud=CLOUD, sandbox_id="one")
    waiting = rig.submit(cloud=CLOUD, sandbox_id="two")
    for taken in ("one", "two"):
        with pytest.raises(PreconditionError, match=rf"^sandbox\.id: the sandbox '{taken}' is in use$"):
            rig.submit(cloud=CLOUD, sandbox_id=taken)
    rig.runner.cancel(waiting)
    rig.runner.cancel(running)
    await settle()
    for free in ("one", "two"):
        task = rig.submit(cloud=CLOUD, sandbox_id=free)
        await rig.ended(task)
        assert rig.status(task) is TaskStatus.COMPLETED
    await rig.rest()


@virtual
async def test_one_that_could_not_be_opened_is_free_again():
    rig = Rig()
    rig.sandbox("broken", opening=[SandboxError("there is none")])
    failed = rig.submit("broken", cloud=CLOUD, sandbox_id="theirs")
    await rig.ended(failed)
    assert rig.reason(failed) is FailureReason.SANDBOX_ERROR
    await rig.ended(rig.submit(cloud=CLOUD, sandbox_id="theirs"))
    await rig.rest()


@virtual
async def test_one_that_was_let_go_is_attached_again_by_a_task_that_continues():
    rig = Rig(keep_seconds=1)
    first = rig.submit(cloud=CLOUD, sandbox_id="theirs")
    await rig.ended(first)
    await asyncio.sleep(5)
    second = rig.submit(cloud=CLOUD, previous_task_id=first, sandbox_id="theirs")
    await rig.ended(second)
    assert [each.sandbox_id for each in rig.sandboxes] == ["theirs", "theirs"]
    await rig.rest()


@virtual
async def test_a_kept_sandbox_that_had_to_be_closed_is_not_looked_for_in_the_cloud():
    rig = Rig(slots=1, keep=1)
    rig.model("long", seconds=10)
    await rig.ended(rig.submit("first", cloud=CLOUD))
    rig.submit("long")
    claiming = rig.submit("second", cloud=CLOUD, sandbox_id="s1")
    # Others take the places that are left, and one more.
    reserved = 0
    while rig.keeper.reserve():
        reserved += 1
    await settle()
    for _ in range(reserved):
        rig.keeper.release()
    await rig.ended(claiming)
    assert [each.sandbox_id for each in rig.sandboxes] == ["s1", "s2", "s3"]
    await rig.rest()
