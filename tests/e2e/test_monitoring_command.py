"""`gui-agents monitoring`: what init writes runs as it is, and check tells a sound Prometheus from a broken one."""

import asyncio
import subprocess
import sys

import pytest

from gui_agents.commands.exits import ExitCode
from tests.e2e.programs import Instance, alertmanager, prometheus, query, until

pytestmark = pytest.mark.system_tools


async def monitoring(*arguments):
    """Run the command and return its exit code and what it printed."""
    command = [sys.executable, "-m", "gui_agents.cli", "monitoring", *map(str, arguments)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


async def test_what_init_writes_is_what_check_wants_to_see(tmp_path):
    instance = Instance(tmp_path, "instance")
    await instance.start()
    folder = tmp_path / "monitoring"
    options = ("--job", "agents", "--target", instance.target, "--interval", "1s")
    try:
        code, told = await monitoring("init", folder, *options)
        assert code == ExitCode.DONE, told
        async with alertmanager(tmp_path, folder / "alertmanager.yml") as alerts:
            code, told = await monitoring("init", folder, *options, "--alertmanager", f"127.0.0.1:{alerts}", "--force")
            assert code == ExitCode.DONE, told
            async with prometheus(tmp_path, folder / "prometheus.yml") as port:
                url = f"http://127.0.0.1:{port}"
                await until(lambda: query(port, 'agent_service_info{job="agents"}'), "a scrape")
                code, told = await monitoring("check", url, "--job", "agents")
                assert code == ExitCode.DONE, told
                code, told = await monitoring("check", url)
                assert code == ExitCode.FAILED
                assert "no target has job='gui_agents'" in told
                assert "the rules select job=agents, not gui_agents" in told
                await instance.kill()
                await until(lambda: query(port, 'up{job="agents"} == 0'), "the target is down")
                code, told = await monitoring("check", url, "--job", "agents")
                assert code == ExitCode.FAILED
                assert f"target {instance.target} is down: " in told
    finally:
        await instance.kill()
