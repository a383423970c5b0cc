"""Of displays that were ended, nothing stays; of others, everything does."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gui_agents.jail import displays, processes

SERVER = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print(); input()"


@pytest.fixture
def sockets(monkeypatch) -> Iterator[Path]:
    """Let X servers listen in a directory of the test, with a path that is short enough for a socket."""
    directory = Path(tempfile.mkdtemp())
    monkeypatch.setattr(displays, "SOCKETS", directory)
    yield directory
    shutil.rmtree(directory)


def server(place, jail_id):
    """Start what listens as an X server does, and is killed with its jail."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, place],
        env={processes.MARKER: jail_id},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.read(1) == b"\n"
    return process


def test_the_socket_of_a_killed_display_is_removed_and_no_other(sockets):
    elsewhere = Path(tempfile.mkdtemp(dir=sockets)) / "X3"
    started = [server(sockets / "X1", "one"), server(sockets / "X2", "two"), server(elsewhere, "one")]
    try:
        assert processes.end_marked(["one"], [], 20)
        assert [process.wait() for process in (started[0], started[2])] == [-9, -9]
        assert sorted(place.name for place in sockets.rglob("X*")) == ["X2", "X3"]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_sockets_of_a_jail_s_user_are_removed_whenever_their_display_ended(sockets):
    if os.geteuid() != 0:
        pytest.skip("only root gives users away")
    for number, user in enumerate((61184, 61185)):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(sockets / f"X{number}"))
        os.chown(sockets / f"X{number}", user, user)
    assert processes.end_marked([], [61184], 20)
    assert [place.name for place in sockets.iterdir()] == ["X1"]


def test_a_machine_without_displays_has_nothing_to_remove(monkeypatch, tmp_path):
    monkeypatch.setattr(displays, "SOCKETS", tmp_path / "none")
    assert displays.sockets_of_users([61184]) == set()
    assert displays.sockets_of(2**22 + 1) == set()
