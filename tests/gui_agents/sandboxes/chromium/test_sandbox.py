"""A browser opens in time, dies with a reason, and leaves nothing behind."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from gui_agents.domain.actions import Key, OpenApp
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.sandbox import (
    SandboxEnd,
    SandboxError,
    SandboxGoneError,
    SandboxType,
    UnsupportedActionError,
)
from gui_agents.egress.policy import EgressPolicy
from gui_agents.egress.proxy import EgressProxy
from gui_agents.jail.supervisor import Supervisor
from gui_agents.sandboxes.chromium.sandbox import ChromiumSandbox
from gui_agents.threads import Threads
from tests.gui_agents.sandboxes.chromium.browsers import LIMITS, SCREEN, browsing
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools


def processes(marker: str) -> list[int]:
    """Return the processes whose environment has a text."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def the_browser(marker: str) -> int:
    """Return the first process of a browser."""
    commands = {process: Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0") for process in processes(marker)}
    return next(
        process
        for process, words in commands.items()
        if b"--headless=new" in words and not words[0].endswith((b"bwrap", b"sh"))
    )


def a_sandbox(directory: Path) -> ChromiumSandbox:
    require_program("chromium")
    require_program("bwrap")
    prepare = partial(Supervisor(directory, LIMITS).prepare, "chromium")
    proxy = EgressProxy(EgressPolicy(()), lambda _verdict: None)
    return ChromiumSandbox(prepare, proxy=proxy, screen=SCREEN, pictures=Threads("pages"))


def left(directory: Path) -> list[Path]:
    return [place for place in directory.glob("*/*") if place.is_dir()]


async def test_a_closed_browser_has_left_nothing(tmp_path):
    async with browsing(tmp_path) as browser:
        sandbox = browser.sandbox
        marker = sandbox._jail.jail_id
        assert sandbox.sandbox_type is SandboxType.BROWSER
        assert processes(marker) != []
        before = descriptors()
        ended = asyncio.ensure_future(sandbox.ended())
        await asyncio.sleep(0)
        await sandbox.close(destroy=True)
        assert (await ended).reason is SandboxEnd.CLOSED
    assert processes(marker) == []
    assert left(tmp_path) == []
    assert descriptors() < before
    with pytest.raises(SandboxGoneError, match="was closed"):
        await sandbox.act(Key(("a",)))
    with pytest.raises(SandboxGoneError, match="was closed"):
        await sandbox.open()
    await sandbox.close(destroy=True)


async def test_a_browser_that_is_killed_says_who_did_it(tmp_path):
    async with browsing(tmp_path) as browser:
        ended = asyncio.ensure_future(browser.sandbox.ended())
        await asyncio.sleep(0)
        os.kill(the_browser(browser.sandbox._jail.jail_id), signal.SIGKILL)
        gone = await ended
        assert (gone.reason, "SIGKILL" in str(gone)) == (SandboxEnd.KILLED, True)
        with pytest.raises(SandboxGoneError, match="the browser was ended"):
            await browser.sandbox.observe(screenshot=True)


async def test_a_browser_at_rest_asks_for_nothing(tmp_path):
    async with browsing(tmp_path) as browser:
        await browser.go("http://127.0.0.1:65000/")
        await asyncio.sleep(3)  # what browsers call home for, they do at once and after two seconds
        assert browser.verdicts == [EgressVerdict.FAILED]


@pytest.mark.parametrize("turns", [0, 1, 2, 5, 20, 60, 200])
async def test_an_open_that_is_cancelled_leaves_nothing(tmp_path, turns):
    sandbox = a_sandbox(tmp_path)
    opening = asyncio.ensure_future(sandbox.open())
    for _ in range(turns):
        await asyncio.sleep(0.002)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    marker = sandbox._jail.jail_id if sandbox._jail else "no jail"
    await sandbox.close(destroy=True)
    assert processes(marker) == []
    assert left(tmp_path) == []


async def test_a_browser_that_is_not_open_is_gone(tmp_path):
    with pytest.raises(SandboxGoneError, match="the browser is not open"):
        await a_sandbox(tmp_path).observe(screenshot=False)


async def test_what_a_browser_cannot_do_is_unsupported(tmp_path):
    async with browsing(tmp_path) as browser:
        with pytest.raises(UnsupportedActionError, match="a browser cannot open_app"):
            await browser.sandbox.act(OpenApp("notes"))


async def test_without_a_browser_the_command_that_installs_one_is_told(tmp_path, monkeypatch):
    sandbox = a_sandbox(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"no browser is installed; .*chromium"):
        await sandbox.open()
