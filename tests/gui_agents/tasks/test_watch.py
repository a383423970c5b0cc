"""Sandboxes that nobody uses are watched."""

import asyncio

import pytest

from gui_agents.domain.sandbox import SandboxEnd, SandboxGoneError
from gui_agents.tasks.departure import Departure
from gui_agents.tasks.watch import Watch
from tests.fakes import ScriptedSandbox
from tests.virtual_time import settle, virtual

OUT_OF_MEMORY = SandboxGoneError("it used too much", SandboxEnd.OUT_OF_MEMORY)


@virtual
async def test_a_death_is_reported_once_with_its_reason(caplog):
    said: list[Departure] = []
    sandbox = ScriptedSandbox()
    Watch(sandbox, "s1", said.append)
    await settle()
    assert said == []
    sandbox.die(OUT_OF_MEMORY)
    await settle()
    assert said == [Departure(SandboxEnd.OUT_OF_MEMORY, "it used too much")]
    assert [record.getMessage() for record in caplog.records] == [
        "sandbox s1 is gone (out_of_memory): it used too much"
    ]


@virtual
async def test_one_that_was_dead_before_is_reported_too():
    said: list[Departure] = []
    sandbox = ScriptedSandbox()
    sandbox.die(OUT_OF_MEMORY)
    Watch(sandbox, "s1", said.append)
    await settle()
    assert len(said) == 1


@virtual
async def test_nothing_is_reported_after_the_watch_has_ended():
    said: list[Departure] = []
    sandboxes = [ScriptedSandbox() for _ in range(2)]
    watches = [Watch(sandbox, "s", said.append) for sandbox in sandboxes]
    # The first ends before its first line, the second while it waits.
    watches[0].end()
    await settle()
    sandboxes[1].die(OUT_OF_MEMORY)
    watches[1].end()
    watches[1].end()
    await settle()
    assert said == []


@virtual
async def test_a_sandbox_that_swallows_the_cancel_is_not_watched_any_more():
    class Stubborn(ScriptedSandbox):
        async def ended(self):
            try:
                return await super().ended()
            except asyncio.CancelledError:
                return OUT_OF_MEMORY

    said: list[Departure] = []
    watch = Watch(Stubborn(), "s1", said.append)
    await settle()
    watch.end()
    await settle()
    assert said == []


@pytest.mark.parametrize(
    "error", [OSError("no such pipe"), asyncio.CancelledError(), SystemExit(3), BaseException("odd")], ids=repr
)
@virtual
async def test_one_that_cannot_be_watched_counts_as_gone(error, caplog):
    class Broken(ScriptedSandbox):
        async def ended(self):
            raise error

    said: list[Departure] = []
    Watch(Broken(), "s1", said.append)
    await settle()
    assert said == [Departure(SandboxEnd.UNREACHABLE, str(error) or type(error).__name__)]
    assert "sandbox s1 cannot be watched and counts as gone" in caplog.text
