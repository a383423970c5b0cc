"""Cancelled at any moment, a sandbox leaves nothing behind: no task, no connection, and nothing in the cloud that is
not written down."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from gui_agents.domain.actions import Click
from tests.endpoints.lybic import drawn, given
from tests.gui_agents.sandboxes.lybic.rig import Rig, lybic
from tests.scripted_model import ScriptedModelServer

TURNS = 70
"""Of the event loop: more than each of the works needs, but for its threads."""


async def cancelled(work: Coroutine[Any, Any, Any], turns: int) -> None:
    """Let some work go on for so many turns of the event loop, and cancel it.

    The cloud runs on the same loop: each turn is one step of the work, of the cloud, or of both.
    """
    task = asyncio.create_task(work, name="cancelled")
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.done()


def tasks() -> set[asyncio.Task[Any]]:
    served = ScriptedModelServer._connection.__qualname__
    return {task for task in asyncio.all_tasks() if task.get_coro().__qualname__ != served}


@asynccontextmanager
async def nothing_left(rig: Rig) -> AsyncIterator[None]:
    before = tasks()
    yield
    assert tasks() == before
    noted = "".join(note.read_text() for note in rig.notes)
    assert [each.name for each in rig.books.living if each.name not in noted] == []


@pytest.mark.parametrize("pending", [0, 2])
async def test_cancelled_while_it_opens(tmp_path, monkeypatch, pending):
    monkeypatch.setattr("gui_agents.sandboxes.lybic.lease.POLL_SECONDS", 0.001)
    async with lybic(tmp_path) as rig, rig.opened():  # what is loaded once is loaded
        rig.books.pending_polls = pending
        for turns in range(1, TURNS):
            async with nothing_left(rig):
                sandbox = rig.sandbox(shape="beijing-2c-4g-cpu")
                await cancelled(sandbox.open(), turns)
                await sandbox.close(destroy=True)
            assert len(rig.books.living) == len(rig.notes) == 1


@pytest.mark.parametrize("what", ["observe", "act"])
async def test_cancelled_while_it_works(tmp_path, what):
    async with lybic(tmp_path) as rig:
        rig.books.picture = lambda made: drawn(attrs.evolve(made, screen=(64, 36)))
        for turns in range(1, TURNS):
            async with nothing_left(rig):
                sandbox = rig.sandbox()
                await sandbox.open()
                await sandbox.observe(screenshot=True)
                asked = rig.books.calls.count("execute")
                work = sandbox.act(Click(1, 1)) if what == "act" else sandbox.observe(screenshot=True)
                await cancelled(work, turns)
                await sandbox.close(destroy=True)
                assert rig.books.calls.count("execute") - asked <= 1
            assert rig.books.living == []


async def test_cancelled_while_it_closes_it_is_in_the_cloud_only_if_it_is_written_down(tmp_path):
    async with lybic(tmp_path) as rig:
        rig.books.picture = lambda made: drawn(attrs.evolve(made, screen=(64, 36)))
        for turns in range(1, TURNS):
            async with nothing_left(rig):
                sandbox = rig.sandbox()
                await sandbox.open()
                await cancelled(sandbox.close(destroy=True), turns)


async def test_a_creation_whose_answer_does_not_come_is_given_up_and_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr("gui_agents.sandboxes.lybic.lease.ANSWER_SECONDS", 0.05)
    async with lybic(tmp_path) as rig:
        rig.books.fault("create", rig.books.held(), effect=True)
        async with nothing_left(rig):
            sandbox = rig.sandbox()
            opening = asyncio.create_task(sandbox.open())
            await rig.server.wait_for_requests(1)
            opening.cancel()
            await asyncio.wait({opening})
            await sandbox.close(destroy=True)
        assert rig.books.living == []
        assert rig.books.calls == ["create", "list", "delete"]


async def test_a_creation_goes_on_when_its_task_is_cancelled_because_its_answer_has_the_id(tmp_path):
    async with lybic(tmp_path) as rig:
        late = given({"id": "SBX-0001", "status": "RUNNING"}).after(0.1)
        rig.books.fault("create", late, effect=True)
        async with nothing_left(rig):
            sandbox = rig.sandbox()
            opening = asyncio.create_task(sandbox.open())
            await rig.server.wait_for_requests(1)
            opening.cancel()
            await asyncio.wait({opening})
            await sandbox.close(destroy=True)
        assert rig.books.living == []
        assert rig.books.calls == ["create", "delete"]
