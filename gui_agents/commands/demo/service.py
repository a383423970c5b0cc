"""The service that the demo runs: a process of its own, with metrics on and nothing left behind."""

import asyncio
import json
import signal
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import attrs

from gui_agents import config
from gui_agents.client import AgentClient
from gui_agents.commands import environment
from gui_agents.commands.doctor import port_is_free
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.errors import CallError

CHOSEN: Final = ("GRPC_HOST", "GRPC_PORT", "PROMETHEUS_HOST", "PROMETHEUS_PORT", "TASK_MAX_TASKS")
"""The variables that the demo leaves to the user."""
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.05


def demo_environment(known: Mapping[str, str], runtime_dir: Path) -> dict[str, str]:
    """Return the environment of the demo's service; a default port that is taken gives way to a free one.

    Raises:
        ConfigError: one of the user's own variables is wrong.
    """
    ours = {name: known[name] for name in CHOSEN if known.get(name)}
    effective = config.load(ours)
    if "GRPC_PORT" not in ours and not port_is_free(effective.grpc_host, effective.grpc_port):
        ours["GRPC_PORT"] = "0"
    if "PROMETHEUS_PORT" not in ours and not port_is_free(effective.prometheus_host, effective.prometheus_port):
        ours["PROMETHEUS_PORT"] = "0"
    settings = {setting.variable for setting in config.settings()}
    rest = {name: value for name, value in known.items() if name not in settings}
    return {**rest, **ours, "ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": str(runtime_dir)}


@attrs.define
class DemoService:
    """The running process, and where it listens."""

    address: str
    """HOST:PORT of gRPC."""
    page_url: str
    """The landing page; /metrics is below it."""
    _process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, directory: Path) -> Self:
        """Start the service with its files below `directory`, and wait until it serves.

        Raises:
            CommandError: it ended at once, with its own words; or it does not come up.
        """
        runtime_dir = directory / "runtime"
        environ = demo_environment(environment.variables(), runtime_dir)
        log = directory / "service.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gui_agents.grpc_app",
                env=environ,
                cwd=directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,  # a Ctrl-C reaches the demo alone, which then ends the service in order
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                ports = await _ports(process, runtime_dir / "ports.json", log)
                effective = config.load(environ)
                address = environment.endpoint(effective.grpc_host, ports["grpc"])
                await _serving(address)
        except TimeoutError:
            raise CommandError(
                ExitCode.FAILED, f"the service does not come up within {START_SECONDS:g} s:\n{_tail(log)}"
            ) from None
        finally:
            if sys.exc_info()[0] is not None and process.returncode is None:
                process.kill()
                await process.wait()
        host = environment.endpoint(effective.prometheus_host, ports["metrics"])
        return cls(address, f"http://{host}/", process)

    async def metrics(self) -> str:
        """Return /metrics as it stands now."""
        return await asyncio.to_thread(_get, f"{self.page_url}metrics")

    async def stop(self) -> int:
        """End the service as an operator would, and return its exit status."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()


async def _ports(process: asyncio.subprocess.Process, file: Path, log: Path) -> Mapping[str, int]:
    while True:
        if process.returncode is not None:
            raise CommandError(ExitCode.USAGE, _tail(log))
        ports = _written(file)
        if ports is not None:
            return ports
        await asyncio.sleep(POLL_SECONDS)


def _written(file: Path) -> Mapping[str, int] | None:
    try:
        ports: dict[str, int] = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return ports


async def _serving(address: str) -> None:
    async with AgentClient(address) as client:
        while True:
            try:
                if await client.serving():
                    return
            except CallError:
                pass
            await asyncio.sleep(POLL_SECONDS)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:]) or "the service ended without a word"


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - always http
        return str(reply.read().decode())
