"""Jails for tests, and what is left of them on this machine."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gui_agents.jail import own_cgroups
from gui_agents.jail.cgroups import PREFIX
from gui_agents.jail.jail import Jail
from gui_agents.jail.limits import Limits
from gui_agents.jail.processes import MARKER
from gui_agents.jail.supervisor import Supervisor
from gui_agents.jail.written import public

LIMITS = Limits(memory_bytes=2**27, disk_bytes=2**21, processes=64)
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
SECONDS = 20.0


@asynccontextmanager
async def supervised(directory: Path, limits: Limits = LIMITS) -> AsyncIterator[Supervisor]:
    """Give a supervisor, which must have nothing left at the end."""
    supervisor = Supervisor(directory, limits)
    yield supervisor
    supervisor.close()
    assert left(directory) == []


@asynccontextmanager
async def jailed(directory: Path, limits: Limits = LIMITS, *, unjailed: bool = False) -> AsyncIterator[Jail]:
    """Give a desktop's jail that has not been started, and close it at the end, whereupon nothing is left."""
    before = descriptors()
    async with supervised(directory, limits) as supervisor:
        jail = supervisor.prepare("x11", unjailed=unjailed)
        try:
            yield jail
        finally:
            await jail.close()
        assert marked(jail.jail_id) == []
        assert not public(jail.jail_id).exists()
    assert descriptors() == before


async def said(jail: Jail, script: str) -> str:
    """Run a script as the jail's program, and return what it says until it ends."""
    process = await jail.start(["sh", "-c", script], {**ENVIRONMENT, "HOME": jail.home, "SHARED": jail.shared})
    async with asyncio.timeout(SECONDS):
        return (await process.stdout.read()).decode(errors="replace")


async def line(process: asyncio.subprocess.Process) -> str:
    """Return the next line that a program says."""
    async with asyncio.timeout(SECONDS):
        return (await process.stdout.readline()).decode().rstrip("\n")


def without_bwrap(directory: Path) -> str:
    """Return a PATH that has the programs that these tests need, and no bwrap."""
    directory.mkdir()
    for name in ("cat", "head", "id", "prlimit", "setpriv", "setsid", "sh", "sleep", "stat"):
        (directory / name).symlink_to(shutil.which(name))
    return str(directory)


def content(place: str) -> str:
    """Return what is in a file."""
    return Path(place).read_text()


def descriptors() -> list[str]:
    """Return what this process has open."""
    found = []
    for place in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one by which the directory was read
            found.append(str(place.readlink()))
    return sorted(found)


def left(directory: Path) -> list[str]:
    """Return all files and mounts below a directory."""
    mounts = [mount for mount in Path("/proc/self/mounts").read_text().splitlines() if str(directory) in mount]
    return mounts + [str(place) for place in directory.rglob("*")]


def marked(jail_id: str) -> list[str]:
    """Return the command lines of a jail's processes, and its cgroups."""
    marker = f"{MARKER}={jail_id}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_text())
        except OSError:
            continue
    cgroups = [parent / (PREFIX + jail_id) for parent in own_cgroups.parents()]
    return found + [str(cgroup) for cgroup in cgroups if cgroup.exists()]


def has_cgroups() -> bool:
    """Return whether this machine bounds jails by cgroups."""
    for parent in own_cgroups.parents():
        try:
            (parent / "probe").mkdir()
            (parent / "probe").rmdir()
        except OSError:
            return False
    return bool(own_cgroups.parents())
