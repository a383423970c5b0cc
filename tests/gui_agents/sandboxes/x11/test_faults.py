"""Programs that hang, crash, multiply and fill their disk: the desktop goes on, or says why it ended."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from gui_agents.config import load
from gui_agents.domain.actions import Click, Key, OpenApp, Type, Wait
from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError, TransientSandboxError
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.sandboxes.x11 import hands, wire
from gui_agents.sandboxes.x11 import session as sessions
from gui_agents.sandboxes.x11.tree import HUNG, MAYBE_HUNG
from tests.fakes import a_spec
from tests.gui_agents.sandboxes.x11.desks import a_desk, elements

pytestmark = pytest.mark.system_tools

BOUND_SECONDS = 10.0
"""Generous: each look takes some milliseconds, or 1.5 seconds at most the first time that a program does not answer."""


async def test_a_program_that_hangs_costs_its_own_part_of_the_tree(tmp_path, monkeypatch):
    monkeypatch.setattr(hands, "ANSWER_SECONDS", 0.5)
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), OpenApp("xterm"))
        await desk.run("pkill -STOP mousepad")
        before = time.monotonic()
        for _ in range(3):
            seen = await desk.see()
        assert time.monotonic() - before < BOUND_SECONDS
        (editor,) = [child for child in seen.tree.children if child.name == "Untitled 1 - Mousepad"]
        assert {child.name for child in editor.children} & {HUNG, MAYBE_HUNG}
        await desk.act(Click(*editor.bounds.center))
        with pytest.raises(TransientSandboxError, match="the window does not react"):
            await desk.act(Click(editor.bounds.x + 20, editor.bounds.y + 8), Type("lost"))
        await desk.act(OpenApp("galculator"))
        await desk.click("button", "7")
        await desk.until("textbox", value="7")


async def test_a_program_that_crashes_leaves_the_others_alone(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), OpenApp("xterm"))
        await desk.run("pkill -SEGV mousepad")
        async with asyncio.timeout(BOUND_SECONDS):
            while [child.name for child in (await desk.see()).tree.children] != ["xterm", "Apps"]:
                await asyncio.sleep(0.02)
        assert await desk.run("echo goes on") == "goes on\n"


async def test_a_program_that_takes_all_processes_stops_no_look_and_no_hand(tmp_path):
    async with a_desk(tmp_path, SANDBOX_PROCESSES="80") as desk:
        await desk.terminal()
        await desk.act(Type("exec 2>/dev/null; for i in $(seq 200); do sleep 1000 & done\n"), Wait(0.5))
        before = time.monotonic()
        with pytest.raises(TransientSandboxError, match="as many processes as it may"):
            await desk.act(OpenApp("galculator"))
        assert (await desk.see()).tree.children
        await desk.act(Key(("a",)))
        assert time.monotonic() - before < BOUND_SECONDS


async def test_a_full_disk_is_the_desktops_own(tmp_path):
    async with a_desk(tmp_path, SANDBOX_DISK="8388608") as desk:
        await desk.terminal()
        places = ("/home/user", "/tmp", "/run/shared")  # noqa: S108 - in the jail
        for place in places:
            size = f"stat -c %s {place}/full >/dev/shm/size; rm {place}/full; cat /dev/shm/size"
            assert 2**20 < int(await desk.run(f"head -c 20000000 /dev/zero >{place}/full 2>/dev/null; {size}")) <= 2**23
        assert "Read-only" in await desk.run("head -c 1 /dev/zero >/usr/full")
        await desk.act(OpenApp("mousepad"), Type("goes on"))
        await desk.until("textbox", value="goes on")


async def test_fifty_windows_are_seen_in_bounded_time(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.terminal()
        await desk.run("for i in $(seq 50); do xterm -T window$i -e sleep 1000 & done")
        async with asyncio.timeout(60):
            while len((await desk.see()).tree.children) < 52:
                await asyncio.sleep(0.05)
        before = time.monotonic()
        seen = await desk.sandbox.observe(screenshot=True)
        assert time.monotonic() - before < BOUND_SECONDS
        assert {f"window{number}" for number in range(1, 51)} < {element.name for element in elements(seen.tree)}


async def test_a_desktop_whose_display_is_killed_says_so(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.terminal()
        ended = asyncio.create_task(desk.sandbox.ended())
        with pytest.raises(SandboxGoneError) as gone:  # noqa: PT012 - which of the two notices it is a race
            await desk.act(Type("pkill -SEGV Xvfb\n"))
            while True:
                await desk.see()
                await asyncio.sleep(0.02)
        assert (str(gone.value), gone.value.reason) == (
            "the desktop was ended: its program crashed with SIGABRT",
            SandboxEnd.CRASHED,
        )
        assert str(await ended) == str(gone.value)
        with pytest.raises(SandboxGoneError, match="SIGABRT"):
            await desk.act(Wait(0.01))


async def test_a_display_that_does_not_answer_is_unreachable(tmp_path, monkeypatch):
    async with a_desk(tmp_path) as desk:
        await desk.terminal()
        monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.5)
        with pytest.raises(SandboxGoneError, match=r"does not answer within 0\.5 s") as gone:
            await desk.act(Type("pkill -STOP Xvfb\n"))
        assert gone.value.reason is SandboxEnd.UNREACHABLE


async def test_a_killed_window_manager_comes_back(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.terminal()
        await desk.run("pkill openbox; rm -f gone")
        await desk.act(Wait(1.5), OpenApp("galculator"))
        await desk.click("button", "5")


async def test_without_the_accessibility_bus_windows_are_still_seen_and_operated(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), OpenApp("xterm"))
        await desk.run("pkill -f accessibility.conf")
        before = time.monotonic()
        seen = await desk.see()
        assert time.monotonic() - before < BOUND_SECONDS
        assert [child.name for child in seen.tree.children] == ["xterm", "Untitled 1 - Mousepad", "Apps"]
        assert await desk.run("echo goes on") == "goes on\n"


async def test_a_desktop_that_was_closed_says_so(tmp_path):
    async with a_desk(tmp_path) as desk:
        waiting = asyncio.create_task(desk.sandbox.ended())
        await desk.see()
        await desk.sandbox.close(destroy=True)
        assert (await waiting).reason is SandboxEnd.CLOSED
        with pytest.raises(SandboxGoneError) as gone:
            await desk.see()
        assert gone.value.reason is SandboxEnd.CLOSED


async def test_a_desktop_that_cannot_become_ready_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(sessions, "READY_SECONDS", 0.0001)
    with pytest.raises(SandboxError, match=r"not ready within 0\.0001 s"):
        async with a_desk(tmp_path):
            pass


class CancelledAt:
    """Awaits a coroutine, and cancels it where it waits for the `turn`-th time."""

    def __init__(self, coroutine: Coroutine[object, object, object], turn: int) -> None:
        self._coroutine = coroutine
        self._turn = turn
        self.was_cancelled = False

    def __await__(self) -> Iterator[object]:
        steps = self._coroutine.__await__()
        resume = partial(next, steps)
        for turn in count(1):
            try:
                waited = resume()
            except StopIteration:
                return
            if turn == self._turn:
                self.was_cancelled = True
                if waited is not None:
                    waited._asyncio_future_blocking = False
                    waited.cancel()
                resume = partial(steps.throw, asyncio.CancelledError())
                continue
            try:
                yield waited
            except asyncio.CancelledError as error:
                resume = partial(steps.throw, error)
            else:
                resume = partial(next, steps)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


DOES = {
    "open": (1, lambda sandbox: sandbox.open()),
    "observe": (1, lambda sandbox: sandbox.observe(screenshot=True)),
    "act": (4, lambda sandbox: sandbox.act(Type("ä"))),
    "start an app": (5, lambda sandbox: sandbox.act(OpenApp("xterm"))),
    "close": (1, lambda sandbox: sandbox.close(destroy=True)),
}
"""What is cancelled, and at every how many awaits: a desktop for each of them takes time."""


@pytest.mark.parametrize("method", DOES)
async def test_what_is_cancelled_at_an_await_leaves_nothing(tmp_path, method):
    async with a_desk(tmp_path):  # what is made once and kept, such as threads, is there now
        pass
    factory = SandboxFactory(load({"X11_APPS": "xterm"}).sandboxes, tmp_path)
    stride, does = DOES[method]
    before = None
    for turn in count(1, stride):
        sandbox = factory.create(a_spec(backend="x11"))
        if method != "open":
            await sandbox.open()
        cancelled = CancelledAt(does(sandbox), turn)
        with contextlib.suppress(asyncio.CancelledError):
            await cancelled
        await sandbox.close(destroy=True)
        await sandbox.close(destroy=True)
        assert [place.name for place in tmp_path.rglob("*") if place.name in ("shared", "record.json")] == []
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
        before = before or descriptors()
        assert descriptors() == before
        if not cancelled.was_cancelled:
            break
    assert turn > 3


async def test_twelve_desktops_work_at_once(tmp_path):
    async def calculate(number: int) -> None:
        async with a_desk(tmp_path) as desk:
            assert await desk.act(OpenApp("galculator")) == "opened galculator"
            await desk.act(Type(f"{number}*3="))
            await desk.until("textbox", value=str(number * 3))

    # No digit comes twice: a button of GTK ignores a key that comes again within a quarter of a second.
    await asyncio.gather(*(calculate(number) for number in (12, 14, 15, 16, 17, 18, 19, 24, 25, 26, 27, 28)))
