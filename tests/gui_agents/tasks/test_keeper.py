"""The keeper by itself: places, and sandboxes that wait for their next task."""

import asyncio

import pytest

from gui_agents.domain.sandbox import SandboxEnd, SandboxGoneError, SandboxInfo
from gui_agents.tasks.keeper import UNWANTED, Kept, SandboxKeeper
from gui_agents.tasks.reaper import Reaper
from tests.fakes import ScriptedSandbox, new_state
from tests.gui_agents.tasks.rig import TimedSandbox
from tests.virtual_time import LoopClock, settle, virtual


class Shelf:
    """A keeper, its books, and a count of the places that it said to be free."""

    def __init__(self, *, slots: int = 1, capacity: int = 1, keep_seconds: float = 60.0) -> None:
        self.state = new_state(LoopClock())
        self.keeper = SandboxKeeper(Reaper(self.state), slots=slots, capacity=capacity, keep_seconds=keep_seconds)
        self.told = 0
        self.keeper.on_free = self._tell

    def _tell(self) -> None:
        self.told += 1

    def ended(self) -> dict[str, int]:
        """Return why sandboxes have ended, by reason."""
        ended = self.state.snapshot().sandboxes.ended
        return {reason: number for (_, reason), number in ended.items() if number}

    def made(self, task: str) -> Kept:
        """Return a sandbox that has a place, and that a task has used."""
        assert self.keeper.reserve()
        sandbox = ScriptedSandbox(sandbox_id=f"sandbox of {task}")
        self.state.sandbox_created(sandbox.sandbox_type)
        return Kept(sandbox, SandboxInfo(sandbox.sandbox_id, sandbox.sandbox_type))


@virtual
async def test_places_are_the_slots_twice_and_what_is_kept():
    keeper = SandboxKeeper(Reaper(new_state(LoopClock())), slots=3, capacity=4, keep_seconds=1)
    assert keeper.places == 10
    assert [keeper.reserve() for _ in range(11)] == [True] * 10 + [False]
    keeper.release()
    assert keeper.reserve() is True


@virtual
async def test_who_finds_no_place_makes_room_behind_the_scenes():
    shelf = Shelf()
    kept = shelf.made("first")
    shelf.keeper.keep(kept)
    assert [shelf.keeper.reserve() for _ in range(2)] == [True, True]
    assert shelf.keeper.reserve() is False
    assert shelf.keeper.reserve() is False
    told = shelf.told
    await settle()
    assert kept.sandbox.closed == [True]
    assert shelf.told == told + 1
    assert shelf.keeper.reserve() is True


@virtual
async def test_a_kept_sandbox_is_handed_over_once():
    shelf = Shelf()
    kept = shelf.made("first")
    shelf.keeper.keep(kept)
    assert shelf.keeper.claim("sandbox of first") is kept
    assert (shelf.keeper.claim("sandbox of first"), shelf.keeper.is_claimed("sandbox of first")) == (None, True)
    assert shelf.keeper.take(kept)
    assert (shelf.keeper.claim("sandbox of first"), shelf.keeper.is_claimed("sandbox of first")) == (None, False)
    assert not shelf.keeper.take(kept)
    await asyncio.sleep(1000)
    assert kept.sandbox.closed == []


@virtual
async def test_a_sandbox_whose_id_is_kept_already_is_closed():
    shelf = Shelf(slots=2, capacity=2)
    first, second = shelf.made("task"), shelf.made("task")
    shelf.keeper.keep(first)
    shelf.keeper.keep(second)
    await settle()
    assert (first.sandbox.closed, second.sandbox.closed) == ([], [True])
    await shelf.keeper.close_all(60)
    assert [shelf.keeper.reserve() for _ in range(shelf.keeper.places)] == [True] * shelf.keeper.places


@virtual
async def test_close_all_waits_for_everything_and_keeps_nothing_more():
    shelf = Shelf(slots=2, capacity=2)
    kept = [shelf.made(task) for task in ("first", "second", "third")]
    shelf.keeper.keep(kept[0])
    shelf.keeper.keep(kept[1])
    await shelf.keeper.close_all(60)
    assert [one.sandbox.closed for one in kept] == [[True], [True], []]
    shelf.keeper.keep(kept[2])
    await settle()
    assert kept[2].sandbox.closed == [True]


@virtual
async def test_a_promise_of_a_sandbox_that_had_to_go_is_taken_back_for_nothing():
    shelf = Shelf(slots=1, capacity=1)
    kept = shelf.made("first")
    shelf.keeper.keep(kept)
    assert shelf.keeper.claim("sandbox of first") is kept
    await shelf.keeper.close_all(60)
    shelf.keeper.unclaim(kept)
    await asyncio.sleep(1000)
    assert kept.sandbox.closed == [True]


@virtual
async def test_a_sandbox_that_was_never_open_counts_as_none_that_was_closed():
    shelf = Shelf()
    kept = shelf.made("first")
    shelf.keeper.close(kept.sandbox, None, UNWANTED)
    await settle()
    assert (kept.sandbox.closed, shelf.ended()) == ([True], {})


@virtual
async def test_what_cannot_be_closed_and_was_never_open_is_only_logged(caplog):
    async def fail(*, destroy):
        raise OSError("device busy")

    shelf = Shelf()
    kept = shelf.made("first")
    kept.sandbox.close = fail
    shelf.keeper.close(kept.sandbox, None, UNWANTED)
    await settle()
    assert "sandbox that was not open yet could not be closed" in caplog.text
    assert shelf.state.snapshot().sandboxes.failures["Simulated"] == 0


@virtual
async def test_close_all_gives_up_what_is_not_closed_in_time(caplog):
    async def hang(*, destroy):
        await asyncio.Event().wait()

    shelf = Shelf()
    kept = shelf.made("first")
    kept.sandbox.close = hang
    shelf.keeper.keep(kept)
    await shelf.keeper.close_all(3)
    assert asyncio.get_running_loop().time() == 3
    assert "sandbox sandbox of first could not be closed and is abandoned" in caplog.text
    assert [shelf.keeper.reserve() for _ in range(shelf.keeper.places)] == [True] * shelf.keeper.places


@virtual
async def test_keeping_for_no_time_closes_at_once():
    shelf = Shelf(keep_seconds=0)
    kept = shelf.made("first")
    shelf.keeper.keep(kept)
    await settle()
    assert kept.sandbox.closed == [True]


@virtual
async def test_close_all_abandons_what_is_not_closed_in_time():
    shelf = Shelf()
    kept = shelf.made("first")
    hanging = TimedSandbox(sandbox_id="hangs", closes=1000)
    shelf.keeper.keep(Kept(hanging, SandboxInfo("hangs", kept.info.sandbox_type)))
    began = asyncio.get_running_loop().time()

    await shelf.keeper.close_all(1.5)

    assert asyncio.get_running_loop().time() - began == pytest.approx(1.5)
    assert [shelf.keeper.reserve() for _ in range(3)] == [True] * 3


OUT_OF_MEMORY = SandboxGoneError("it used too much", SandboxEnd.OUT_OF_MEMORY)


@pytest.mark.parametrize("claimed", [False, True])
@virtual
async def test_a_kept_sandbox_that_dies_is_closed_and_its_place_is_free(claimed):
    shelf = Shelf(slots=1, capacity=1)
    kept = shelf.made("first")
    shelf.keeper.keep(kept)
    assert [shelf.keeper.reserve() for _ in range(2)] == [True, True]
    if claimed:
        assert shelf.keeper.claim("sandbox of first") is kept
    kept.sandbox.die(OUT_OF_MEMORY)
    told = shelf.told
    await settle()
    assert (kept.sandbox.closed, shelf.told) == ([True], told + 1)
    assert (shelf.keeper.is_claimed("sandbox of first"), shelf.keeper.claim("sandbox of first")) == (False, None)
    assert not shelf.keeper.take(kept)
    shelf.keeper.unclaim(kept)
    assert shelf.ended() == {"out_of_memory": 1}
    assert shelf.keeper.why_gone("sandbox of first") == "it used too much"
    assert shelf.keeper.reserve()
    await asyncio.sleep(1000)
    assert kept.sandbox.closed == [True]


@virtual
async def test_a_sandbox_that_was_handed_over_is_watched_no_longer():
    shelf = Shelf()
    kept = shelf.made("first")
    shelf.keeper.keep(kept)
    assert shelf.keeper.claim("sandbox of first") is kept
    assert shelf.keeper.take(kept)
    kept.sandbox.die(OUT_OF_MEMORY)
    await settle()
    assert (kept.sandbox.closed, shelf.ended()) == ([], {})


@virtual
async def test_a_sandbox_that_is_dead_when_it_is_kept_is_closed_at_once():
    shelf = Shelf()
    kept = shelf.made("first")
    kept.sandbox.die(OUT_OF_MEMORY)
    shelf.keeper.keep(kept)
    await settle()
    assert (kept.sandbox.closed, shelf.ended()) == ([True], {"out_of_memory": 1})


@virtual
async def test_why_a_kept_sandbox_is_closed_is_counted_and_remembered():
    shelf = Shelf(slots=4, capacity=2, keep_seconds=60)
    for task in ("evicted", "expired", "left"):
        shelf.keeper.keep(shelf.made(task))
        await asyncio.sleep(1)
    assert shelf.keeper.claim("sandbox of left")
    await asyncio.sleep(60)
    await shelf.keeper.close_all(60)
    shelf.keeper.keep(shelf.made("late"))
    await settle()
    assert shelf.ended() == {"expired": 2, "closed": 2}
    assert {
        task: shelf.keeper.why_gone(f"sandbox of {task}") for task in ("evicted", "expired", "left", "late", "none")
    } == {
        "evicted": "it was closed because another one needed its place",
        "expired": "nobody used it for 60 seconds",
        "left": None,
        "late": None,
        "none": None,
    }


@virtual
async def test_a_place_is_made_free_even_while_the_task_that_gets_one_is_told():
    """Two wait for a place and one sandbox has just been closed: the second gets the place of a kept one."""
    shelf = Shelf(slots=1, capacity=1)
    closing, kept = shelf.made("closing"), shelf.made("kept")
    shelf.keeper.keep(kept)
    assert shelf.keeper.reserve()
    got: list[bool] = []
    shelf.keeper.on_free = lambda: got.extend(shelf.keeper.reserve() for _ in range(2))
    shelf.keeper.close(closing.sandbox, closing.info, UNWANTED)
    await settle()
    assert kept.sandbox.closed == [True]
    assert got == [True, False, True, False]
