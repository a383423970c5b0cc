"""Sandboxes without walls, which need no program but those of every system: order is kept all the same."""

import asyncio
import os
import subprocess

import pytest

from gui_agents.domain.sandbox import SandboxEnd, SandboxError
from tests.gui_agents.jail.jails import ENVIRONMENT, SECONDS, content, jailed, line, marked, said, without_bwrap
from tests.serving import until


@pytest.fixture(autouse=True)
def _no_bubblewrap(tmp_path_factory, monkeypatch) -> None:
    monkeypatch.setenv("PATH", without_bwrap(tmp_path_factory.mktemp("programs") / "bin"))


async def test_it_has_a_home_and_a_shared_directory_of_its_own(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        (jail.shared_outside / "given").write_text("from outside")
        process = await jail.start(
            ["sh", "-c", 'pwd; cat "$SHARED/given"; echo; echo inside > "$SHARED/file"; echo; cat'],
            {**ENVIRONMENT, "SHARED": jail.shared},
        )
        assert [await line(process), await line(process)] == [jail.home, "from outside"]
        assert await line(process) == ""
        assert content(jail.reach("file")) == "inside\n"
        assert jail.shared_outside.joinpath("file").read_text() == "inside\n"


async def test_others_cannot_look_into_it(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        assert (await said(jail, 'stat -c %a "$HOME" "$SHARED" "$HOME/.."')).split() == ["700"] * 3


async def test_root_gives_it_a_user_of_its_own(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        user = int(await said(jail, "id -u"))
    assert (user != os.geteuid()) == (os.geteuid() == 0)


async def test_daemons_that_left_the_group_end_with_it(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        process = await jail.start(["sh", "-c", "(setsid sh -c 'sleep 100 & sleep 100' &) ; echo on; cat"], ENVIRONMENT)
        assert await line(process) == "on"
        assert jail.gone() is None


async def test_daemons_end_when_the_program_does(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        process = await jail.start(["sh", "-c", "(setsid sleep 100 &); read end; exit 7"], ENVIRONMENT)
        await until(lambda: any("sleep" in what for what in marked(jail.jail_id)))
        process.stdin.write(b"\n")
        ended = await asyncio.wait_for(jail.ended(), SECONDS)
        assert (ended.reason, ended.text) == (SandboxEnd.CRASHED, "its program ended by itself, with status 7")
        assert [what for what in marked(jail.jail_id) if "/sys/fs" not in what] == []


async def test_what_hides_its_marker_ends_if_the_jail_has_a_user_of_its_own(tmp_path, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root gives users away")
    monkeypatch.setattr("gui_agents.jail.own_cgroups.parents", lambda: ())
    async with jailed(tmp_path, unjailed=True) as jail:
        process = await jail.start(["sh", "-c", "(setsid env -i sleep 100 &); id -u; cat"], ENVIRONMENT)
        user = await line(process)
        await until(lambda: programs_of(user) == ["cat", "sleep"])
    await until(lambda: programs_of(user) == [])  # the machine forgets ended processes a moment later


def programs_of(user):
    """Return the names of a user's programs."""
    listed = subprocess.run(["/bin/ps", "-u", user, "-o", "comm="], capture_output=True, text=True, check=False)
    return sorted(name for name in listed.stdout.split() if name != "sh")


async def test_a_file_is_no_larger_than_the_disk_may_be(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        assert "failed" in await said(jail, "head -c 3M /dev/zero > $HOME/big 2>/dev/null || echo failed")


async def test_its_loopback_is_the_machine_s(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        await jail.start(["cat"], ENVIRONMENT)
        with await jail.listen() as listener:
            port = listener.getsockname()[1]
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            with pytest.raises(SandboxError, match=f"port {port} of the loopback cannot be opened"):
                await jail.listen(port)


@pytest.mark.parametrize("turns", [0, 1, 5, 20, 100, 300, 1000])
async def test_a_start_can_be_cancelled_at_any_moment(tmp_path, turns):
    async with jailed(tmp_path, unjailed=True) as jail:
        starting = asyncio.create_task(jail.start(["cat"], ENVIRONMENT))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])


async def test_what_has_not_been_started_cannot_be_reached(tmp_path):
    async with jailed(tmp_path, unjailed=True) as jail:
        with pytest.raises(SandboxError, match="the desktop does not run"):
            jail.reach("file")
