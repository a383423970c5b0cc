"""What the service sees of a jail never leads out of it."""

import os
import socket

import pytest

from gui_agents.jail import pidfds
from gui_agents.jail.view import View
from tests.gui_agents.jail.jails import content, descriptors


def test_a_view_follows_no_link_and_stays_in_its_directory(tmp_path):
    (tmp_path / "secret").write_text("secret")
    shared = tmp_path / "shared"
    (shared / "deep").mkdir(parents=True)
    (shared / "deep" / "file").write_text("file")
    (shared / "link").symlink_to(tmp_path / "secret")
    (shared / "up").symlink_to(tmp_path)
    before = descriptors()
    view = View.of_directory(shared)
    for _ in range(3):
        assert content(view.reach("deep/file")) == "file"
    for name in ("link", "up/secret", "../secret", str(tmp_path / "secret"), "none", "deep/file/more"):
        with pytest.raises(OSError, match=r"link|leaves|No such file|Not a directory"):
            view.reach(name)
    view.close()
    assert descriptors() == before


def test_a_socket_with_a_long_path_is_connected_by_a_short_one(tmp_path, monkeypatch):
    directory = tmp_path / ("long" * 40)
    directory.mkdir()
    monkeypatch.chdir(directory)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("socket")
        server.listen()
        view = View.of_directory(directory)
        client.connect(view.reach("socket"))
        view.close()


def test_what_has_ended_has_no_view(sleeper):
    process = sleeper("one")
    descriptor = os.pidfd_open(process.pid)
    process.kill()
    pidfds.has_ended(descriptor, 20)
    with pytest.raises(OSError, match=f"/proc/{process.pid}/root"):
        View.of_jail(process.pid, descriptor, {})
    with pytest.raises(ProcessLookupError):
        View.of_jail(os.getpid(), descriptor, {})  # the number is another process's now
    os.close(descriptor)
