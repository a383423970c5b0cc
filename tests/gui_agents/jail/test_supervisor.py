"""What is written down is found again, and nothing else."""

import asyncio
import errno
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gui_agents.domain.sandbox import SandboxError, SandboxType
from gui_agents.jail.supervisor import Supervisor
from gui_agents.jail.user_ids import take_user_id
from gui_agents.jail.written import public
from tests.gui_agents.jail.jails import ENVIRONMENT, LIMITS, left, line, marked, without_bwrap
from tests.serving import until
from tests.system_tools import require_program

WALLS = ["jailed", "unjailed"]


@asynccontextmanager
async def other_service(directory: Path, walls: str, path: str | None = None) -> AsyncIterator[tuple[int, list[str]]]:
    """Run a service of its own process; give its number, and the ids of its jails. It is killed at the end."""
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.gui_agents.jail.killed_service", str(directory), walls),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PATH": path or os.environ["PATH"]},
    )
    try:
        yield service.pid, (await line(service)).split()
    finally:
        service.kill()
        await service.wait()


@pytest.fixture(autouse=True)
async def _swept(tmp_path) -> AsyncIterator[None]:
    """Leave nothing behind if a test fails."""
    yield
    await Supervisor(tmp_path / "jails", LIMITS).sweep()


def programs(jail_ids: list[str]) -> list[str]:
    """Return which of these jails have processes."""
    return [jail_id for jail_id in jail_ids if any("/sys/fs" not in what for what in marked(jail_id))]


@pytest.mark.system_tools
async def test_the_jails_of_a_killed_service_end_with_it_and_are_swept(tmp_path):
    require_program("bwrap")
    jails = tmp_path / "jails"
    async with other_service(jails, "jailed") as (_pid, jail_ids):
        assert len(programs(jail_ids)) == 2
        assert len(left(jails)) > 6
    await until(lambda: programs(jail_ids) == [])
    supervisor = Supervisor(jails, LIMITS)
    assert await supervisor.sweep() == Counter({SandboxType.LINUX: 2, SandboxType.BROWSER: 1})
    assert [what for jail_id in jail_ids for what in marked(jail_id)] == []
    assert sorted(Path(place).name[:5] for place in left(jails)[1:]) == ["lock", "note-"]  # nobody can remove the note
    supervisor.sweepers["cloud"] = nothing_there
    assert await supervisor.sweep() == Counter()
    assert left(jails) == []


async def test_the_processes_of_a_killed_service_without_walls_are_ended(tmp_path):
    jails = tmp_path / "jails"
    async with other_service(jails, "unjailed", without_bwrap(tmp_path / "bin")) as (_pid, jail_ids):
        assert len(programs(jail_ids)) == 2
    assert len(programs(jail_ids)) == 2  # they outlive it
    supervisor = Supervisor(jails, LIMITS)
    supervisor.sweepers["cloud"] = nothing_there
    assert await supervisor.sweep() == Counter({SandboxType.LINUX: 2, SandboxType.BROWSER: 1})
    assert [what for jail_id in jail_ids for what in marked(jail_id)] == []
    assert [jail_id for jail_id in jail_ids if public(jail_id).exists()] == []
    assert left(jails) == []


async def test_a_living_service_s_things_are_not_touched(tmp_path):
    jails = tmp_path / "jails"
    async with other_service(jails, "unjailed", without_bwrap(tmp_path / "bin")) as (_pid, jail_ids):
        before = left(jails)
        supervisor = Supervisor(jails, LIMITS)
        supervisor.sweepers["cloud"] = nothing_there
        mine = supervisor.note("cloud", {"name": "mine"})
        assert await supervisor.sweep() == Counter()
        mine.close()
        supervisor.close()
        assert (left(jails), len(programs(jail_ids))) == (before, 2)
    supervisor = Supervisor(jails, LIMITS)
    supervisor.sweepers["cloud"] = nothing_there
    await supervisor.sweep()


async def test_a_killed_service_s_note_goes_to_who_knows_its_kind_until_that_succeeds(tmp_path, caplog):
    dead = Supervisor(tmp_path, LIMITS)
    dead.note("cloud", {"name": "one"})
    dead.note("cloud", {"name": "gone"}).close()
    dead.note("unknown", {"name": "two"})
    dead.close()  # as if it had been killed: the notes stay
    asked = []
    answers = [SandboxError("the cloud is out of reach"), SandboxType.WINDOWS]

    async def sweeper(data):
        asked.append(data)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    supervisor = Supervisor(tmp_path, LIMITS)
    supervisor.sweepers["cloud"] = sweeper
    assert [await supervisor.sweep() for _ in range(3)] == [Counter(), Counter({SandboxType.WINDOWS: 1}), Counter()]
    assert asked == [{"name": "one"}] * 2
    assert "the cloud is out of reach; the next start tries again" in caplog.text
    assert "{'name': 'two'} is still there, but unknown is not set up now" in caplog.text
    supervisor.sweepers["unknown"] = nothing_there
    await supervisor.sweep()
    assert left(tmp_path) == []


async def nothing_there(_data):
    """Sweep what is gone already."""


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "[]",
        '{"kind": "x11"}',
        '{"sandbox_type": "Linux", "files": 3}',
        '{"sandbox_type": "Linux", "files": "FOREIGN"}',
        '{"sandbox_type": "Linux", "files": "FOREIGN", "cgroups": ["FOREIGN"]}',
        '{"sandbox_type": "none", "files": "FOREIGN"}',
        '{"sandbox_type": "Linux", "files": "FOREIGN", "user": 0}',
        '{"sandbox_type": "Linux", "files": "FOREIGN", "user": ["x"]}',
    ],
)
async def test_a_record_that_makes_no_sense_hurts_nobody(tmp_path, caplog, record):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    jails = tmp_path / "jails"
    jail = jails / ("a" * 32) / ("b" * 32)
    jail.mkdir(parents=True)
    (jail / "record.json").write_text(record.replace("FOREIGN", str(foreign)))
    with caplog.at_level(logging.WARNING):
        assert await Supervisor(jails, LIMITS).sweep() == Counter()
    assert foreign.exists()
    assert str(jail) in caplog.text or left(jails) == []


@pytest.fixture
def stranger():
    """Return what starts a process of another user, without a marker; it is ended afterwards."""
    if os.geteuid() != 0:
        pytest.skip("only root starts processes of other users")
    started = []

    def start(user):
        started.append(subprocess.Popen(["/bin/sleep", "100"], env={}, user=user, group=user, extra_groups=[]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def test_processes_of_a_dead_jail_s_user_are_ended_unless_somebody_has_taken_the_user(tmp_path, stranger):
    users = [take_user_id() for _ in range(3)]
    for index, user in enumerate(users):
        jail = tmp_path / "jails" / ("a" * 32) / (str(index) * 32)
        jail.mkdir(parents=True)
        record = {"sandbox_type": "Linux", "files": str(jail), "cgroups": [], "user": user.number}
        (jail / "record.json").write_text(json.dumps(record))
    sleepers = [stranger(user.number) for user in users]
    for user in users[:2]:
        user.free()
    assert await Supervisor(tmp_path / "jails", LIMITS).sweep() == Counter({SandboxType.LINUX: 3})
    assert [sleeper.wait() for sleeper in sleepers[:2]] == [-9, -9]
    assert sleepers[2].poll() is None
    users[2].free()


async def test_a_note_that_makes_no_sense_hurts_nobody(tmp_path, caplog):
    owner = tmp_path / ("a" * 32)
    owner.mkdir()
    (owner / "note-1.json").write_text('{"kind": 3}')
    (owner / "note-2.json").write_text("not JSON")
    (tmp_path / "a file").touch()
    assert await Supervisor(tmp_path, LIMITS).sweep() == Counter()
    assert str(owner) in caplog.text


async def test_a_directory_that_does_not_exist_has_nothing_to_sweep(tmp_path):
    assert await Supervisor(tmp_path / "none", LIMITS).sweep() == Counter()


async def test_a_jail_that_cannot_be_written_down_leaves_nothing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SandboxError, match=r"a sandbox cannot be prepared: .*Not a directory"):
        Supervisor(tmp_path / "file" / "jails", LIMITS).prepare("other", unjailed=True)
    with pytest.raises(SandboxError, match=r"cannot be written down: .*Not a directory"):
        Supervisor(tmp_path / "file" / "jails", LIMITS).note("cloud", {})


async def test_a_jail_whose_directories_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    supervisor = Supervisor(tmp_path, LIMITS)
    supervisor.prepare("other")  # so that the service has its directory
    before = left(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("gui_agents.jail.records.write", no_space)
        with pytest.raises(SandboxError, match=r"a browser cannot be prepared: .*No space left"):
            supervisor.prepare("chromium")
    assert left(tmp_path) == before


def no_space(*_):
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_without_bubblewrap_the_error_names_the_package_and_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", without_bwrap(tmp_path / "bin"))
    supervisor = Supervisor(tmp_path / "jails", LIMITS)
    with pytest.raises(SandboxError) as raised:
        supervisor.prepare("chromium")
    assert str(raised.value) == (
        "a browser needs a jail: bwrap is not installed (Debian: apt-get install bubblewrap); "
        "or set CHROMIUM_UNJAILED=true"
    )
    assert await supervisor.problem() == "bwrap is not installed (Debian: apt-get install bubblewrap)"
    jail = supervisor.prepare("chromium", unjailed=True)
    assert not jail.jailed
    await jail.close()
    supervisor.close()


async def test_where_bubblewrap_may_not_make_namespaces_the_error_says_so(tmp_path, monkeypatch):
    programs_of_it = Path(without_bwrap(tmp_path / "bin"))
    (programs_of_it / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n"
    )
    (programs_of_it / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs_of_it))
    supervisor = Supervisor(tmp_path / "jails", LIMITS)
    jail = supervisor.prepare("x11")
    with pytest.raises(SandboxError) as raised:
        await jail.start(["cat"], ENVIRONMENT)
    assert str(raised.value).startswith(
        "the desktop cannot be started: bwrap: No permissions to create new namespace; "
    )
    assert str(raised.value).endswith("; or set X11_UNJAILED=true")
    await jail.close()
    problem = await supervisor.problem()
    assert problem.startswith("bwrap does not work (bwrap: No permissions to create new namespace); ")
    jail = supervisor.prepare("x11", unjailed=True)
    assert not jail.jailed
    await jail.close()
    with pytest.raises(SandboxError, match="a desktop needs a jail: bwrap does not work"):
        supervisor.prepare("x11")
    supervisor.close()


@pytest.mark.system_tools
async def test_a_machine_with_bubblewrap_has_no_problem_and_uses_it(tmp_path):
    require_program("bwrap")
    supervisor = Supervisor(tmp_path, LIMITS)
    assert await supervisor.problem() is None
    jail = supervisor.prepare("x11", unjailed=True)
    assert jail.jailed
    await jail.close()
    supervisor.close()
    assert left(tmp_path) == []


async def test_a_record_says_what_is_made_before_it_is_made(tmp_path):
    supervisor = Supervisor(tmp_path, LIMITS)
    jail = supervisor.prepare("x11")
    record = json.loads(next(tmp_path.rglob("record.json")).read_text())
    assert (record["kind"], record["sandbox_type"]) == ("x11", "Linux")
    assert marked(jail.jail_id) == []
    assert all(place.endswith(jail.jail_id) for place in record["cgroups"])
    assert jail.shared_outside.is_dir()
    await jail.close()
    supervisor.close()
