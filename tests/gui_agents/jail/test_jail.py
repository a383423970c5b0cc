"""Real jails: what goes on inside, how they end, and that nothing is left of them."""

import asyncio
import os
import socket
from collections import Counter
from pathlib import Path

import attrs
import pytest

from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError, SandboxType
from gui_agents.jail.processes import MARKER
from gui_agents.jail.supervisor import Supervisor
from gui_agents.jail.syscalls import MACHINES
from tests.gui_agents.jail.jails import (
    ENVIRONMENT,
    LIMITS,
    SECONDS,
    content,
    has_cgroups,
    jailed,
    left,
    line,
    said,
    supervised,
    without_bwrap,
)
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools


@pytest.fixture(autouse=True)
def _bubblewrap() -> None:
    require_program("bwrap")


async def test_its_program_talks_over_its_pipes_and_has_the_given_environment_only(tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED", "secret")
    async with jailed(tmp_path) as jail:
        process = await jail.start(["cat"], ENVIRONMENT)
        process.stdin.write(b"good morning\n")
        assert await line(process) == "good morning"
        assert jail.gone() is None
    async with jailed(tmp_path) as jail:
        process = await jail.start(["/usr/bin/env"], {"ONE": "1", "PATH": "/usr/bin"})
        words = sorted((await process.stdout.read()).decode().split())
        assert words == sorted([f"{MARKER}={jail.jail_id}", "ONE=1", "PATH=/usr/bin", "PWD=/home/user"])


async def test_its_programs_have_no_rights(tmp_path):
    async with jailed(tmp_path) as jail:
        status = dict(
            entry.split(":", 1) for entry in (await said(jail, "cat /proc/self/status; ulimit -c")).splitlines()[:-1]
        )
    rights = {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    assert rights == dict.fromkeys(rights, 0)
    assert status["NoNewPrivs"].strip() == "1"
    assert set(status["Uid"].split()) == {status["Uid"].split()[0]}
    assert status["Uid"].split()[0] != "0"


async def test_the_keys_of_the_service_s_session_are_out_of_reach(tmp_path):
    require_program("python3")
    known = MACHINES.get(os.uname().machine)
    if known is None:
        pytest.skip("no filter for this machine")
    async with jailed(tmp_path) as jail:
        call = f"import ctypes; print(ctypes.CDLL(None).syscall({known.keyctl}, 0, -3, 0))"  # its session's keyring
        assert await said(jail, f"/usr/bin/python3 -I -c '{call}'") == "-1\n"


async def test_only_its_home_its_temporary_files_and_the_shared_directory_can_be_written(tmp_path):
    async with jailed(tmp_path) as jail:
        tried = await said(
            jail,
            "for place in / /etc /usr /usr/bin /dev /home /run /var /proc /proc/sys $HOME /tmp /dev/shm $SHARED; do "
            "touch $place/written 2>/dev/null && echo $place; done",
        )
    assert tried.split() == ["/home/user", "/tmp", "/dev/shm", "/run/shared"]  # noqa: S108 - inside


async def test_a_secret_of_the_service_is_found_nowhere_inside(tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED", "sk-planted-in-the-environment")
    planted = tmp_path / "runtime" / "key"
    planted.parent.mkdir()
    planted.write_text("sk-planted-in-a-file")
    planted.chmod(0o600)
    async with jailed(tmp_path / "jails") as jail:
        found = await said(
            jail,
            f"cat {planted} /proc/*/root{planted} /proc/*/cwd/key 2>/dev/null; ls -l /proc/*/fd 2>/dev/null;"
            "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/mountinfo 2>/dev/null | tr '\\0' '\\n';"
            "find / \\( -path /usr -o -path /proc -o -path /dev \\) -prune -o -type f -exec cat {} + 2>/dev/null;"
            "echo the end",
        )
    assert found.endswith("the end\n")
    assert "sk-planted" not in found
    assert str(tmp_path / "jails") not in found


async def test_the_host_s_ports_and_names_are_out_of_reach(tmp_path):
    require_program("python3")
    with socket.create_server(("127.0.0.1", 0)) as host:
        port = host.getsockname()[1]
        async with jailed(tmp_path) as jail:
            tried = await said(
                jail,
                "cut -d: -f1 /proc/net/dev | tail -n +3; hostname; connect() { /usr/bin/python3 -I -c "
                "\"import socket; socket.create_connection(('$1', $2), 2)\" 2>&1 | tail -1; }; "
                f"connect 127.0.0.1 {port}; connect 1.1.1.1 53",
            )
    assert tried.split("\n")[:4] == [
        "    lo",
        "sandbox",
        "ConnectionRefusedError: [Errno 111] Connection refused",
        "OSError: [Errno 101] Network is unreachable",
    ]


async def test_a_server_outside_can_be_reached_on_the_jail_s_loopback_only(tmp_path):
    require_program("python3")

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello from outside\n")
        writer.close()
        await writer.wait_closed()

    async with jailed(tmp_path) as jail:
        process = await jail.start(
            [
                *("/usr/bin/python3", "-I", "-c"),
                (
                    "import socket; server = socket.create_connection(('127.0.0.1', int(input())))\n"
                    "print(server.recv(99).decode(), flush=True); input()"
                ),
            ],
            ENVIRONMENT,
        )
        listener = await jail.listen()
        port = listener.getsockname()[1]
        async with await asyncio.start_server(greet, sock=listener):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            process.stdin.write(f"{port}\n".encode())
            assert await line(process) == "hello from outside"
            with pytest.raises(SandboxError, match=f"port {port} inside cannot be opened: .*in use"):
                await jail.listen(port)
    with pytest.raises(SandboxGoneError, match="it was closed"):
        await jail.listen()


@pytest.mark.parametrize("turns", [0, 1, 20, 1000])
async def test_a_socket_that_nobody_waits_for_any_more_is_closed(tmp_path, turns):
    async with jailed(tmp_path) as jail:
        await jail.start(["cat"], ENVIRONMENT)
        opening = asyncio.create_task(jail.listen())
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        if not opening.cancelled():
            opening.result().close()


async def test_another_jail_s_files_and_processes_are_out_of_reach(tmp_path):
    async with supervised(tmp_path) as supervisor:
        first, second = supervisor.prepare("x11"), supervisor.prepare("chromium")
        process = await first.start(
            ["sh", "-c", "echo mine > $HOME/file; echo $$; exec sleep 100"], {"HOME": first.home}
        )
        await line(process)
        seen = await said(second, "ls -A $HOME $SHARED /tmp /dev/shm; cat /proc/[0-9]*/comm")
        assert (seen.count("file"), seen.count("sleep")) == (0, 0)
        await first.close()
        await second.close()


@pytest.mark.parametrize("place", ["$HOME", "/tmp", "$SHARED"])  # noqa: S108 - inside
async def test_a_full_disk_is_the_jail_s_own_problem(tmp_path, place):
    async with jailed(tmp_path) as jail:
        text = await said(jail, f"head -c 3M /dev/zero > {place}/big || echo failed; stat -c %s {place}/big; df -P /")
        words = text.split()
    assert words[0] == "failed"
    assert int(words[1]) <= LIMITS.disk_bytes


async def test_a_program_that_forks_without_end_is_bounded(tmp_path):
    require_program("python3")
    async with jailed(tmp_path) as jail:
        forked = await said(
            jail,
            """/usr/bin/python3 -I -c '
import os, signal
n = 0
try:
    while n < 1000:
        if os.fork() == 0:
            signal.pause()
        n += 1
except OSError as error:
    print(n, error.strerror)
'""",
        )
    count, reason = forked.rstrip().split(" ", 1)
    assert int(count) < LIMITS.processes
    assert reason == "Resource temporarily unavailable"


HOG = "/usr/bin/python3 -I -c 'x = bytearray(2**28); print(len(x))'"
"""Wants more memory than a jail of these tests has."""


async def test_a_program_that_takes_too_much_memory_is_the_reason_of_the_end(tmp_path):
    require_program("python3")
    async with jailed(tmp_path) as jail:
        assert await said(jail, f"exec {HOG}") == ""
        ended = await asyncio.wait_for(jail.ended(), SECONDS)
        if has_cgroups():
            assert ended.reason == SandboxEnd.OUT_OF_MEMORY
            assert str(jail.gone()) == "the desktop was ended: it used more than SANDBOX_MEMORY (0.1 GiB)"
        else:
            assert ended.reason == SandboxEnd.CRASHED


async def test_an_app_that_takes_too_much_memory_is_not_the_desktop_s_end(tmp_path):
    require_program("python3")
    async with jailed(tmp_path) as jail:
        process = await jail.start(["sh", "-c", f"{HOG}; echo it is gone; cat"], ENVIRONMENT)
        assert await line(process) == "it is gone"
        assert jail.gone() is None


async def test_files_in_memory_count_as_memory(tmp_path):
    if not has_cgroups():
        pytest.skip("files in memory are bounded by their own size only, without a cgroup")
    async with jailed(tmp_path, attrs.evolve(LIMITS, memory_bytes=2**25, disk_bytes=2**27)) as jail:
        await said(jail, "exec head -c 100M /dev/zero > $HOME/big")
        assert (await asyncio.wait_for(jail.ended(), SECONDS)).reason == SandboxEnd.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("script", "reason", "text"),
    [
        ("exit 3", SandboxEnd.CRASHED, "its program ended by itself, with status 3"),
        ("exit 0", SandboxEnd.CRASHED, "its program ended by itself, with status 0"),
        ("kill -SEGV $$", SandboxEnd.CRASHED, "its program crashed with SIGSEGV"),
        ("kill -KILL $$", SandboxEnd.KILLED, "something outside of the service sent it SIGKILL"),
    ],
)
async def test_the_reason_of_an_end_is_told(tmp_path, script, reason, text):
    async with jailed(tmp_path) as jail:
        await said(jail, script)
        ended = await asyncio.wait_for(jail.ended(), SECONDS)
        assert (ended.reason, ended.text) == (reason, text)
        assert (jail.gone().reason, str(jail.gone())) == (reason, f"the desktop was ended: {text}")
    assert jail.gone().reason == reason


async def test_an_end_is_noticed_though_nobody_reads_what_the_program_said(tmp_path):
    async with jailed(tmp_path) as jail:
        await jail.start(["sh", "-c", "head -c 150k /dev/zero; exit 4"], ENVIRONMENT)
        assert (await asyncio.wait_for(jail.ended(), SECONDS)).text == "its program ended by itself, with status 4"
    async with jailed(tmp_path) as jail:
        await jail.start(["cat", "/dev/zero"], ENVIRONMENT)


async def test_a_program_inherits_nothing_that_was_not_passed(tmp_path):
    async with jailed(tmp_path) as jail:
        process = await jail.start(["ls", "/proc/self/fd"], ENVIRONMENT)
        assert (await process.stdout.read()).split() == [b"0", b"1", b"2", b"3"]


async def test_a_jail_that_somebody_kills_was_killed(tmp_path):
    async with jailed(tmp_path) as jail:
        process = await jail.start(["cat"], ENVIRONMENT)
        os.kill(process.pid, 9)
        assert (await asyncio.wait_for(jail.ended(), SECONDS)).reason == SandboxEnd.KILLED


async def test_a_closed_jail_says_so_to_all_who_wait(tmp_path):
    async with jailed(tmp_path) as jail:
        await jail.start(["cat"], ENVIRONMENT)
        waiting = [asyncio.create_task(jail.ended()) for _ in range(2)]
        await asyncio.gather(jail.close(), jail.close())
        assert {(await waiter).reason for waiter in waiting} == {SandboxEnd.CLOSED}
        assert jail.gone().reason == SandboxEnd.CLOSED
        with pytest.raises(SandboxError, match="closed before"):
            await jail.start(["cat"], ENVIRONMENT)


async def test_what_ignores_signals_hides_and_stops_the_jail_ends_all_the_same(tmp_path):
    async with jailed(tmp_path) as jail:
        process = await jail.start(
            ["sh", "-c", "trap '' TERM INT HUP; setsid env -i sh -c 'sleep 100 & sleep 100' & echo on; cat"],
            ENVIRONMENT,
        )
        assert await line(process) == "on"
        os.kill(process.pid, 19)  # SIGSTOP


@pytest.mark.parametrize("turns", [0, 1, 2, 5, 20, 100, 300, 1000, 3000])
async def test_a_start_can_be_cancelled_at_any_moment(tmp_path, turns):
    async with jailed(tmp_path) as jail:
        starting = asyncio.create_task(jail.start(["cat"], ENVIRONMENT))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])


@pytest.mark.parametrize("turns", [0, 1, 2, 5, 20, 100, 300, 1000, 3000])
async def test_a_jail_can_be_closed_while_it_starts_by_a_caller_that_is_cancelled(tmp_path, turns):
    async with jailed(tmp_path) as jail:
        starting = asyncio.create_task(jail.start(["cat"], ENVIRONMENT))
        for _ in range(turns):
            await asyncio.sleep(0)
        closing = asyncio.create_task(jail.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing, starting])
        if not starting.cancelled() and starting.exception() is not None:
            assert str(starting.exception()) == "the desktop was closed"


async def test_the_service_sees_files_of_the_jail_but_follows_no_link(tmp_path):
    (tmp_path / "outside").write_text("outside")
    async with jailed(tmp_path / "jails") as jail:
        (jail.shared_outside / "given").mkdir()
        (jail.shared_outside / "given" / "file").write_text("from outside")
        process = await jail.start(
            [
                *("sh", "-c"),
                (
                    f"cat {jail.shared}/given/file > {jail.shared}/copy; cd {jail.shared}; mkdir deep; ln -s / root; "
                    f"echo below > deep/x; ln -s {tmp_path}/outside link; ln -s deep there; echo done; cat"
                ),
            ],
            ENVIRONMENT,
        )
        assert await line(process) == "done"
        assert content(jail.reach("copy")) == "from outside"
        assert content(jail.reach("deep/x")) == "below\n"
        assert sorted(place.name for place in jail.shared_outside.iterdir()) == [
            "copy",
            "deep",
            "given",
            "link",
            "root",
            "there",
        ]
        for name in ("link", f"root{tmp_path}/outside", "there/x", "../../etc/passwd", "/etc/passwd", "nothing"):
            with pytest.raises(SandboxError, match="of the desktop cannot be opened"):
                jail.reach(name)
    with pytest.raises(SandboxGoneError):
        jail.reach("copy")


async def test_a_socket_in_another_directory_inside_can_be_reached_by_a_short_path(tmp_path):
    require_program("python3")
    runtime = tmp_path / ("long" * 30)
    async with jailed(runtime) as jail:
        process = await jail.start(
            [
                *("/usr/bin/python3", "-I", "-c"),
                (
                    "import socket; server = socket.socket(socket.AF_UNIX); server.bind('/tmp/.X11-unix/X0')\n"
                    "server.listen(); print('on', flush=True); server.accept()[0].send(b'hello'); input()"
                ),
            ],
            ENVIRONMENT,
            binds={"/tmp/.X11-unix": "x11"},  # noqa: S108 - inside
        )
        assert await line(process) == "on"
        reader, writer = await asyncio.open_unix_connection(jail.reach("x11/X0"))
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        await writer.wait_closed()
        assert [place.name for place in (jail.shared_outside / "x11").iterdir()] == ["X0"]


async def test_every_jail_of_root_has_a_user_of_its_own(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can give users away")
    async with supervised(tmp_path) as supervisor:
        jails = [supervisor.prepare("x11") for _ in range(3)]
        users = [(await said(jail, "id -u; id -un")).split() for jail in jails]
        for jail in jails:
            await jail.close()
    assert len({number for number, _ in users}) == 3
    assert {name for _, name in users} == {"user"}


async def test_the_service_goes_before_its_jails(tmp_path):
    async with jailed(tmp_path) as jail:
        said_by_it = await said(jail, "nice; cat /proc/self/oom_score_adj")
    assert [int(word) for word in said_by_it.split()] == [os.nice(0) + 5, 300]


async def test_a_program_that_does_not_exist_ends_at_once(tmp_path):
    async with jailed(tmp_path) as jail:
        await jail.start(["/usr/bin/no-such-program"], ENVIRONMENT)
        assert (await asyncio.wait_for(jail.ended(), SECONDS)).text == "its program ended by itself, with status 127"


async def test_a_start_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    programs = Path(without_bwrap(tmp_path / "bin"))
    (programs / "bwrap").write_text("#!/bin/sh\nexec sleep 100\n")
    (programs / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr("gui_agents.jail.jail.START_SECONDS", 0.2)
    async with jailed(tmp_path / "jails") as jail:
        with pytest.raises(SandboxError, match="the desktop did not start in"):
            await jail.start(["cat"], {"PATH": str(programs)})


async def test_what_cannot_be_removed_is_left_to_the_next_start(tmp_path, monkeypatch, caplog):
    supervisor = Supervisor(tmp_path, LIMITS)
    jail = supervisor.prepare("x11")
    await jail.start(["cat"], ENVIRONMENT)
    with monkeypatch.context() as patch:
        patch.setattr("gui_agents.jail.records.remove_all", lambda *_: False)
        await jail.close()
    assert "is not wholly gone; the next start of the service tries again" in caplog.text
    supervisor.close()
    assert await Supervisor(tmp_path, LIMITS).sweep() == Counter({SandboxType.LINUX: 1})
    assert left(tmp_path) == []


async def test_descriptors_are_inherited_if_they_are_passed(tmp_path):
    require_program("python3")
    reading, writing = os.pipe()
    try:
        async with jailed(tmp_path) as jail:
            write = f"import os; os.write({writing}, b'passed')"
            await jail.start(["/usr/bin/python3", "-I", "-c", write], ENVIRONMENT, pass_fds=[writing])
            await asyncio.wait_for(jail.ended(), SECONDS)
            os.set_blocking(reading, False)
            assert os.read(reading, 99) == b"passed"
    finally:
        os.close(reading)
        os.close(writing)
