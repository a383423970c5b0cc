"""A desktop without a jail, where the operator allows it: it works, and nothing of it is left."""

import asyncio
import fcntl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gui_agents.domain.actions import OpenApp, Type
from gui_agents.domain.sandbox import SandboxError, SandboxType
from gui_agents.jail.supervisor import Supervisor
from gui_agents.sandboxes.registry import DIRECTORY
from tests.gui_agents.jail.jails import LIMITS, left, without_bwrap
from tests.gui_agents.sandboxes.x11 import desks
from tests.gui_agents.sandboxes.x11.desks import a_desk
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools


@pytest.fixture(autouse=True)
def _no_bubblewrap(tmp_path_factory, monkeypatch) -> None:
    """Let PATH have all programs but `bwrap`."""
    monkeypatch.setattr(desks, "PROGRAMS", tuple(program for program in desks.PROGRAMS if program != "bwrap"))
    directory = tmp_path_factory.mktemp("programs") / "bin"
    path = without_bwrap(directory)
    for program in desks.PROGRAMS:
        (directory / program).symlink_to(require_program(program))
    monkeypatch.setenv("PATH", path)


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Let no other test have a display on this machine meanwhile: they are compared."""
    with Path(tempfile.gettempdir(), "gui-agents-displays.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def processes_with(marker: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in place.read_bytes():
                found.append(place.parent.name)
        except OSError:
            continue
    return found


def displays() -> set[Path]:
    return {*Path("/tmp/.X11-unix").glob("X*"), *Path("/tmp").glob(".X*-lock")}  # noqa: S108


async def test_a_desktop_without_a_jail_works_and_leaves_nothing(tmp_path):
    before = displays()
    async with a_desk(tmp_path, X11_UNJAILED="true") as desk:
        await desk.act(OpenApp("mousepad"), Type("outside"))
        await desk.until("window", "*Untitled 1 - Mousepad")
        assert (await desk.until("textbox")).value == "outside"
        marker = f"GUI_AGENTS_JAIL={desk.sandbox._jail.jail_id}"
        assert len(processes_with(marker)) > 3
        assert displays() > before
    assert processes_with(marker) == []
    assert displays() == before


async def test_a_desktop_of_a_killed_service_is_swept_with_its_display(tmp_path):
    before = displays()
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.gui_agents.sandboxes.x11.killed_service", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert await service.stdout.readline() == b"open\n"
    finally:
        service.kill()
        await service.wait()
    assert displays() > before
    assert await Supervisor(tmp_path / DIRECTORY, LIMITS).sweep() == {SandboxType.LINUX: 1}
    assert displays() == before
    assert left(tmp_path / DIRECTORY) == []


async def test_it_is_refused_unless_it_is_allowed(tmp_path):
    with pytest.raises(SandboxError, match=r"a desktop needs a jail: .*X11_UNJAILED=true"):
        async with a_desk(tmp_path):
            pass
