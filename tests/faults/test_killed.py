"""A service that is killed with SIGKILL: its sandboxes end with it, and the next start removes the rest, no more."""

import asyncio
import json
import os
import re
import signal
import sys
import urllib.request
from asyncio.subprocess import DEVNULL, Process
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gui_agents.client import AgentClient, TaskOrder
from gui_agents.jail.limits import Limits
from gui_agents.jail.supervisor import Supervisor
from tests.faults.backends import require
from tests.faults.counting import Books, adopt, below

pytestmark = pytest.mark.system_tools

BACKENDS = ("x11", "chromium")
LONGEST_SECONDS = 30.0
OF_SERVICES = ("process", "mount", "cgroup", "temporary file")
"""What a service leaves outside of this process."""
SWEPT = re.compile(r'^agent_sandboxes_ended_total\{reason="swept",sandbox_type="(\w+)"\} ([\d.]+)$', re.MULTILINE)


async def until(condition):
    async with asyncio.timeout(LONGEST_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def service(runtime_dir: Path):
    """Run a service; it is stopped in order, unless the test has killed it."""
    ports = runtime_dir / "ports.json"
    ports.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "ENABLE_PROMETHEUS": "true",
        "GRPC_PORT": "0",
        "PROMETHEUS_PORT": "0",
        "RUNTIME_DIR": str(runtime_dir),
        "DEFAULT_BACKEND": "x11",
        "SANDBOX_WARM": "1",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gui_agents.grpc_app"), env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        await until(ports.exists)
        yield process, json.loads(ports.read_text("utf-8"))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def killed(process: Process) -> None:
    process.send_signal(signal.SIGKILL)
    await process.wait()


def swept(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        return {kind: float(number) for kind, number in SWEPT.findall(page.read().decode())}


@asynccontextmanager
async def sandbox_of_another_service(runtime_dir: Path):
    """A jail whose owner lives on."""
    supervisor = Supervisor(runtime_dir / "sandboxes", Limits(memory_bytes=2**28, disk_bytes=2**20, processes=64))
    jail = supervisor.prepare("x11")
    await jail.start(["sleep", "1000"], {"PATH": os.defpath})
    await until(lambda: "sleep" in below().values())  # it is a shell at first
    try:
        yield jail
    finally:
        await jail.close()
        supervisor.close()


@pytest.mark.parametrize("seconds", [0.1, 3.0], ids=["while they open", "while they work"])
async def test_what_a_killed_service_leaves_is_swept_by_the_next_start(tmp_path, seconds):
    for backend in BACKENDS:
        require(backend)
    adopt()
    async with sandbox_of_another_service(tmp_path) as other:
        files = sorted((tmp_path / "sandboxes").rglob("*"))
        books = Books(tmp_path)
        async with service(tmp_path) as (process, ports):
            async with AgentClient(f"127.0.0.1:{ports['grpc']}") as client:
                for backend in BACKENDS * 2:
                    await client.start(TaskOrder(instruction="wait 60 seconds", backend=backend))
                await asyncio.sleep(seconds)
            await killed(process)
        made = len(list((tmp_path / "sandboxes").glob("*/*/record.json"))) - 1
        assert made > 0
        async with service(tmp_path) as (process, ports):
            assert sum(swept(ports["metrics"]).values()) == made
        assert other.gone() is None
        assert sorted((tmp_path / "sandboxes").rglob("*")) == files
        assert [line for line in await books.left() if line.startswith(OF_SERVICES)] == []
