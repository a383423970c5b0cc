"""Sandboxes that are given up are closed once, counted with their reason, and remembered for a while."""

import asyncio

import pytest

from gui_agents.domain.sandbox import DEATHS, SandboxEnd, SandboxInfo, SandboxType
from gui_agents.tasks.departure import Departure
from gui_agents.tasks.reaper import CLOSE_SECONDS, MAX_WHY, REMEMBERED, Reaper
from tests.fakes import ScriptedSandbox, new_state
from tests.gui_agents.tasks.rig import AGES, TimedSandbox
from tests.virtual_time import LoopClock, settle, virtual

INFO = SandboxInfo("s1", SandboxType.SIMULATED)
CLOSED = Departure(SandboxEnd.CLOSED, "it was closed after its task")


class Yard:
    """A reaper, its books, and how often it said that a sandbox is closed."""

    def __init__(self) -> None:
        self.state = new_state(LoopClock())
        self.reaper = Reaper(self.state)
        self.closed = 0

    def count(self) -> None:
        self.closed += 1

    def close(self, sandbox, departure=CLOSED, info=INFO) -> None:
        if info is not None:
            self.state.sandbox_created(info.sandbox_type)
        self.reaper.close(sandbox, info, departure, self.count)

    def ended(self) -> dict[str, int]:
        """Return why sandboxes have ended, by reason."""
        ended = self.state.snapshot().sandboxes.ended
        return {reason: number for (_, reason), number in ended.items() if number}


@pytest.mark.parametrize("reason", [end for end in SandboxEnd if end is not SandboxEnd.SWEPT])
@virtual
async def test_a_sandbox_counts_as_ended_with_its_reason_once_it_is_closed(reason):
    yard, sandbox = Yard(), TimedSandbox(closes=3)
    sandbox.alive = set()
    yard.close(sandbox, Departure(reason, "why"))
    await asyncio.sleep(2)
    assert (yard.ended(), yard.state.snapshot().sandboxes.open["Simulated"], yard.closed) == ({}, 1, 0)
    await asyncio.sleep(2)
    assert (yard.ended(), yard.state.snapshot().sandboxes.open["Simulated"], yard.closed) == ({reason: 1}, 0, 1)
    assert sandbox.closed == [True]
    assert yard.state.snapshot().sandboxes.failures["Simulated"] == (reason in DEATHS)


@virtual
async def test_one_that_was_never_open_is_closed_and_counts_as_none():
    yard, sandbox = Yard(), ScriptedSandbox()
    yard.close(sandbox, info=None)
    await settle()
    assert (sandbox.closed, yard.ended(), yard.closed) == ([True], {}, 1)


@virtual
async def test_one_that_hangs_is_abandoned_and_ends_for_the_reason_that_it_had(caplog):
    yard, sandbox = Yard(), TimedSandbox(closes=AGES)
    yard.close(sandbox, Departure(SandboxEnd.EXPIRED, "nobody used it"))
    await asyncio.sleep(CLOSE_SECONDS + 1)
    assert (yard.ended(), yard.closed) == ({"expired": 1}, 1)
    assert yard.state.snapshot().sandboxes.failures["Simulated"] == 1
    assert "sandbox s1 could not be closed and is abandoned" in caplog.text


@virtual
async def test_why_a_sandbox_is_gone_is_known_from_the_moment_that_it_is_given_up():
    yard = Yard()
    assert yard.reaper.why_gone("s1") is None
    yard.close(ScriptedSandbox(), Departure(SandboxEnd.CRASHED, "its program ended"))
    assert yard.reaper.why_gone("s1") == "its program ended"
    await yard.reaper.finish(1)
    assert yard.reaper.why_gone("s1") == "its program ended"


@virtual
async def test_what_is_closed_as_it_should_be_needs_no_explanation():
    yard = Yard()
    yard.close(ScriptedSandbox())
    assert yard.reaper.why_gone("s1") is None
    await yard.reaper.finish(1)


@virtual
async def test_what_is_remembered_is_bounded():
    yard = Yard()
    for number in range(REMEMBERED + 1):
        info = SandboxInfo(f"s{number}", SandboxType.SIMULATED)
        yard.close(ScriptedSandbox(), Departure(SandboxEnd.KILLED, "x" * 10_000), info)
    assert yard.reaper.why_gone("s0") is None
    assert yard.reaper.why_gone("s1") == "x" * MAX_WHY
    await yard.reaper.finish(1)


@virtual
async def test_finish_waits_for_what_is_closing_and_gives_up_in_time():
    yard = Yard()
    quick, slow = TimedSandbox(closes=1), TimedSandbox(closes=5)
    quick.alive = slow.alive = set()
    yard.close(quick)
    yard.close(slow)
    await yard.reaper.finish(3)
    assert asyncio.get_running_loop().time() == 3
    assert (yard.closed, yard.ended()) == (2, {"closed": 2})
    await yard.reaper.finish(0)
    assert yard.closed == 2
