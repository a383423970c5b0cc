"""What counts what is left finds one of each kind: a count that cannot fail proves nothing."""

import asyncio
import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import uuid
from pathlib import Path

import pytest

from gui_agents.jail.cgroups import PREFIX
from tests.faults import counting
from tests.faults.counting import Books


@pytest.fixture
def planted(tmp_path):
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(
    "kind", ["process", "temporary file", "descriptor", "named socket", "port", "thread", "task", "reader", "file"]
)
async def test_what_is_left_is_found(tmp_path, planted, monkeypatch, kind):
    monkeypatch.setattr(counting, "SECONDS", 0.0)
    books = Books(tmp_path)
    _plant(kind, planted, tmp_path)
    await asyncio.sleep(0)
    assert [line for line in await books.left() if line.startswith(f"{kind}:")] != []


async def test_what_was_there_before_is_not_left(tmp_path, planted):
    for kind in ("process", "temporary file", "descriptor", "port", "thread", "task", "reader"):
        _plant(kind, planted, tmp_path)
    books = Books(tmp_path)
    assert await books.left() == []


def _plant(kind: str, planted: contextlib.ExitStack, directory: Path) -> None:
    loop = asyncio.get_running_loop()
    match kind:
        case "process":
            process = subprocess.Popen(["sleep", "100"])
            planted.callback(process.wait)
            planted.callback(process.kill)
        case "temporary file":
            directory = Path(tempfile.gettempdir(), PREFIX + uuid.uuid4().hex)
            directory.mkdir()
            planted.callback(directory.rmdir)
        case "descriptor":
            planted.callback(os.close, os.open("/", os.O_RDONLY))
        case "named socket":
            named = planted.enter_context(socket.socket(socket.AF_UNIX))
            named.bind(f"\0{PREFIX}planted-{os.getpid()}")
        case "port":
            planted.enter_context(socket.create_server(("127.0.0.1", 0)))
        case "thread":
            gate = threading.Event()
            thread = threading.Thread(target=gate.wait, name="planted")
            thread.start()
            planted.callback(thread.join)
            planted.callback(gate.set)
        case "task":
            planted.callback(loop.create_task(asyncio.Event().wait()).cancel)
        case "reader":
            here, there = socket.socketpair()
            planted.enter_context(there)
            planted.enter_context(here)
            loop.add_reader(here, lambda: None)
            planted.callback(loop.remove_reader, here)
        case "file":
            (directory / "sandboxes" / "owner" / "jail").mkdir(parents=True)
