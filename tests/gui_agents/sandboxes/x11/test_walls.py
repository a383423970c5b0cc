"""What a program on a desktop can reach, tried from a terminal that the desktop itself operates."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

import pytest

from gui_agents.domain.actions import Type
from gui_agents.domain.sandbox import SandboxEnd, SandboxGoneError
from tests.gui_agents.sandboxes.x11.desks import a_desk

pytestmark = pytest.mark.system_tools

KEY = "sk-planted-0815-4711"


async def test_keys_of_the_service_are_found_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (tmp_path / "secret.txt").write_text(KEY)
    async with a_desk(tmp_path / "runtime") as desk:
        await desk.terminal()
        # Put together by the shell, so that the search does not find itself.
        search = f"k={KEY[:6]}; k=$k{KEY[6:]}; "
        assert KEY not in await desk.run("env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'")
        places = "/etc /home /opt /root /run /srv /tmp /var /dev/shm"
        assert await desk.run(f'{search} grep -rlaF -- "$k" {places} 2>/dev/null | grep -v /run/shared/out') == ""
        for place in (tmp_path, Path.cwd(), Path(f"/proc/1/root{tmp_path}"), Path(f"/proc/{os.getpid()}/environ")):
            assert await desk.run(f"ls '{place}' >/dev/null 2>&1 && echo reached") == ""


async def test_ports_and_processes_of_the_machine_are_out_of_reach(tmp_path):
    hits: list[object] = []
    server = await asyncio.start_server(lambda _reader, writer: (hits.append(writer), writer.close()), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, a_desk(tmp_path) as desk:
        await desk.terminal()
        for address in ("127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", socket.gethostname(), "example.com"):
            told = await desk.run(
                f'perl -MIO::Socket::IP -e \'print IO::Socket::IP->new(PeerAddr => "{address}", '
                f'PeerPort => {port}, Timeout => 2) ? "reached" : "no"\''
            )
            assert told == "no"
        interfaces = await desk.run("tail -n +3 /proc/net/dev | cut -d: -f1")
        assert interfaces.split() == ["lo"]
        processes = (await desk.run("ps -eo pid= | wc -l")).strip()
        assert int(processes) < 30
    assert hits == []


async def test_another_desktop_is_out_of_reach(tmp_path):
    async with a_desk(tmp_path) as mine, a_desk(tmp_path) as other:
        await mine.terminal()
        await other.terminal()
        assert await other.run("echo theirs >/home/user/secret; echo written") == "written\n"
        assert "secret" not in await mine.run("ls -R /home /run /tmp")
        assert await mine.run("ls /tmp/.X11-unix") == "X0\n"
        windows = await mine.run("xprop -root _NET_CLIENT_LIST | grep -o 0x | wc -l")
        assert windows.strip() in ("1", "0")
        with contextlib.suppress(SandboxGoneError):
            await mine.act(Type("kill -9 -1\n"))
        assert (await mine.sandbox.ended()).reason is SandboxEnd.KILLED
        assert await other.run("cat /home/user/secret") == "theirs\n"
