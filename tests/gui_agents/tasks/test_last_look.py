"""A failed task without pictures gets one of its screen at the end, which delays nobody."""

import asyncio
from collections import defaultdict

import attrs
import pytest

from gui_agents.domain.actions import Click, Fail
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.recording import Recorded
from gui_agents.domain.sandbox import SandboxEnd, SandboxGoneError, TransientSandboxError
from gui_agents.domain.screen import Picture
from gui_agents.pictures.recording import Recording
from gui_agents.tasks.last_look import LAST_LOOK_SECONDS
from tests.fakes import a_screen
from tests.gui_agents.tasks.rig import Rig, pause
from tests.virtual_time import settle, virtual

SHOT = Picture(b"pixels", 1, 1, None)
PICTURED = attrs.evolve(a_screen("Notes"), screenshot=SHOT)


class Album(defaultdict):
    """Names by task."""

    def __init__(self):
        super().__init__(list)

    def put(self, task_id, name, picture):
        assert picture is SHOT
        self[task_id].append(name)


class Studio(Rig):
    """A rig with pictures, where sandboxes show one."""

    def __init__(self, recorded=Recorded.FAILED, **more):
        self.album = Album()
        self.looks = 0.0
        """Seconds that a picture takes."""
        self.stubborn = False
        """Whether a picture that is given up is made all the same."""
        super().__init__(recorder=lambda task_id: Recording(task_id, self.album, recorded), **more)

    def create(self, spec):
        sandbox = super().create(spec)
        observed = sandbox.observe

        async def observe(*, screenshot):
            if screenshot:
                await pause(self.looks, stubborn=self.stubborn)
            seen = await observed(screenshot=screenshot)
            return seen if screenshot else attrs.evolve(seen, screenshot=None)

        sandbox.observe = observe
        return sandbox

    def failing(self, name="fails", *steps, **sandbox):
        """Submit a task that gives up after these steps; its model takes no pictures."""
        self.model(name, *steps, Fail("no"))
        self.sandbox(name, **{"screens": [PICTURED], **sandbox})
        return self.submit(name)


@virtual
async def test_the_screen_at_the_end_is_recorded_after_it_and_the_sandbox_kept():
    rig = Studio()
    task = rig.failing("fails", Click(1, 1))
    await rig.ended(task)
    await settle()
    assert rig.album == {task: ["3.jpg"]}
    assert rig.sandboxes[0].asked_for_screenshots[-1]
    assert rig.keeper.claim("s1") is not None
    await rig.rest()


@virtual
async def test_none_looks_at_nothing():
    rig = Studio(Recorded.NONE)
    task = rig.failing()
    await rig.ended(task)
    await settle()
    assert rig.album == {}
    assert not any(rig.sandboxes[0].asked_for_screenshots)
    await rig.rest()


@virtual
async def test_all_records_every_step_though_the_model_sees_none():
    rig = Studio(Recorded.ALL)
    task = rig.failing("fails", Click(1, 1), Click(2, 2))
    await rig.ended(task)
    await settle()
    assert rig.album == {task: ["1.jpg", "2.jpg", "3.jpg"]}
    assert {request.observation.screenshot for request in rig.models["fails"].requests} == {None}
    await rig.rest()


@virtual
async def test_other_ends_need_no_picture():
    rig = Studio()
    rig.sandbox("quick", screens=[PICTURED])
    await rig.ended(rig.submit("quick"))
    rig.sandbox("slow", screens=[PICTURED])
    rig.model("slow", seconds=100)
    cancelled = rig.submit("slow")
    await settle()
    rig.runner.cancel(cancelled)
    await settle()
    assert rig.album == {}
    await rig.rest()


@virtual
async def test_a_task_that_runs_out_of_time_has_a_picture():
    rig = Studio()
    rig.sandbox("slow", screens=[PICTURED])
    rig.model("slow", seconds=100)
    task = rig.submit("slow", timeout_seconds=10.0)
    await rig.ended(task)
    await settle()
    assert (rig.reason(task), rig.album) == (FailureReason.TIMEOUT, {task: ["1.jpg"]})
    await rig.rest()


@virtual
async def test_the_slot_is_free_at_once():
    rig = Studio(slots=1)
    rig.looks = 0.5
    task = rig.failing()
    later = rig.submit("next")
    began = rig.clock.monotonic()
    await rig.ended(task)
    await rig.ended(later)
    assert rig.clock.monotonic() == began
    await asyncio.sleep(0.5)
    await settle()
    assert rig.album == {task: ["2.jpg"]}
    await rig.rest()


@virtual
async def test_a_sandbox_that_does_not_answer_is_let_go_after_a_moment():
    rig = Studio()
    rig.looks = 100
    task = rig.failing()
    await rig.ended(task)
    await asyncio.sleep(LAST_LOOK_SECONDS)
    await settle()
    assert rig.album == {}
    assert rig.keeper.claim("s1") is not None
    await rig.rest()


@virtual
async def test_a_sandbox_that_does_not_let_go_is_closed():
    rig = Studio()
    rig.looks, rig.stubborn = 10, True
    task = rig.failing()
    await rig.ended(task)
    await asyncio.sleep(2 * LAST_LOOK_SECONDS)
    await settle()
    assert (rig.album, rig.keeper.claim("s1"), len(rig.sandboxes[0].closed)) == ({}, None, 1)
    await asyncio.sleep(10)
    await rig.rest()


@virtual
async def test_who_asks_for_the_sandbox_gets_it_at_once():
    rig = Studio()
    rig.looks = 0.5
    task = rig.failing()
    await rig.ended(task)
    later = rig.submit("quick", previous_task_id=task)
    await rig.ended(later)
    await settle()
    assert (rig.status(later), len(rig.sandboxes), rig.album) == (TaskStatus.COMPLETED, 1, {})
    await rig.rest()


@pytest.mark.parametrize("error", [TransientSandboxError("no picture"), SandboxGoneError("gone", SandboxEnd.CRASHED)])
@virtual
async def test_a_sandbox_that_cannot_show_its_screen_costs_the_picture_alone(error):
    rig = Studio()
    task = rig.failing("fails", screens=[PICTURED, error])
    await rig.ended(task)
    await settle()
    assert (rig.reason(task), rig.album) == (FailureReason.AGENT_GAVE_UP, {})
    gone = isinstance(error, SandboxGoneError)
    assert (rig.keeper.claim("s1") is None) == gone
    assert rig.ended_by() == ({"crashed": 1} if gone else {})
    await rig.rest()


@virtual
async def test_a_task_without_a_sandbox_has_no_picture():
    rig = Studio()
    rig.sandbox("broken", opening=[TransientSandboxError("no")])
    await rig.ended(rig.submit("broken"))
    rig.sandbox("dies", screens=[PICTURED, SandboxGoneError("gone")])
    rig.model("dies", Click(1, 1), Click(1, 1))
    await rig.ended(rig.submit("dies"))
    await settle()
    assert rig.album == {}
    await rig.rest()


@virtual
async def test_a_sandbox_without_pictures_has_none():
    rig = Studio()
    task = rig.failing("fails", screens=[a_screen("Notes")])
    await rig.ended(task)
    await settle()
    assert rig.album == {}
    await rig.rest()


@virtual
async def test_a_task_that_is_forgotten_at_once_has_no_picture():
    rig = Studio(retention=0)
    rig.failing()
    await settle()
    assert rig.album == {}
    await rig.rest()


@virtual
async def test_a_service_that_stops_looks_at_nothing():
    rig = Studio()
    rig.sandbox("slow", screens=[PICTURED])
    rig.model("slow", seconds=100)
    rig.submit("slow")
    await settle()
    await rig.rest()
    assert rig.album == {}
