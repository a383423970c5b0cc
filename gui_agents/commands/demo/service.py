"""The service that the demo runs: the real one, with metrics on, and with desktops that the demo can inspect."""

import asyncio
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gui_agents import config
from gui_agents.commands import environment
from gui_agents.commands.doctor import port_is_free
from gui_agents.config import Config, SandboxesConfig
from gui_agents.domain.actions import Action
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.spec import TaskSpec
from gui_agents.grpc_app import App
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.service import Parts
from gui_agents.simulated import SimulatedSandbox
from gui_agents.simulated.machine import DesktopState

CHOSEN: Final = ("GRPC_HOST", "GRPC_PORT", "PROMETHEUS_HOST", "PROMETHEUS_PORT", "TASK_MAX_TASKS")
"""The variables that the demo leaves to the user."""
ACTION_SECONDS: Final = 0.1
"""Seconds for each action. Without it all tasks would end within half a second, too fast to watch."""


def demo_config(known: Mapping[str, str], runtime_dir: Path) -> Config:
    """Return the configuration of the demo's service. A default port that is taken is replaced by a free one.

    Raises:
        ConfigError: one of the user's own variables is wrong, or names a port that is taken.
    """
    ours = {name: known[name] for name in CHOSEN if known.get(name)}
    asked = config.load({**ours, "ENABLE_PROMETHEUS": "true"})
    ports = {
        "GRPC_PORT": (asked.rpc.host, asked.rpc.port),
        "PROMETHEUS_PORT": (asked.monitoring.host, asked.monitoring.port),
    }
    taken = [variable for variable, (host, port) in ports.items() if not port_is_free(host, port)]
    mistakes = [
        f"{variable}={ours[variable]}: that port is taken; name another one, or none to get a free one"
        for variable in taken
        if variable in ours
    ]
    if mistakes:
        raise ConfigError(mistakes)
    ours.update(dict.fromkeys(taken, "0"))
    return config.load({**ours, "ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": str(runtime_dir)})


class WitnessedDesktop(SimulatedSandbox):
    """A simulated desktop that keeps its last state, and that acts slowly enough to watch."""

    def __init__(self) -> None:
        super().__init__()
        self._left: DesktopState | None = None

    def outcome(self) -> DesktopState:
        """Return its state now, or at its end."""
        return self._left or self.state()

    async def act(self, action: Action) -> str:
        """Carry out one action, slowly enough to watch."""
        await asyncio.sleep(ACTION_SECONDS)
        return await super().act(action)

    async def close(self, *, destroy: bool) -> None:
        """Keep the state, and close."""
        self._left = self.outcome()
        await super().close(destroy=destroy)


class WitnessedDesktops(SandboxFactory):
    """Makes desktops, and finds them again by their instruction."""

    def __init__(self, config: SandboxesConfig, runtime_dir: Path) -> None:
        super().__init__(config, runtime_dir)
        self._made: dict[str, WitnessedDesktop] = {}

    def create(self, spec: TaskSpec) -> WitnessedDesktop:
        """Return a new desktop for a task."""
        desktop = self._made[spec.instruction] = WitnessedDesktop()
        return desktop

    def outcome(self, instruction: str) -> DesktopState:
        """Return the last state of the desktop of this instruction."""
        return self._made[instruction].outcome()


class DemoService:
    """The running service, and where it listens."""

    def __init__(self, effective: Config) -> None:
        self.desktops = WitnessedDesktops(effective.sandboxes, effective.process.runtime_dir)
        self._config = effective
        self._app = App(effective, Parts(sandboxes=self.desktops))

    async def start(self) -> None:
        """Open the ports.

        Raises:
            ConfigError: a port that the user named is taken.
        """
        await self._app.start()

    async def stop(self) -> None:
        """End the service as a signal does."""
        await self._app.stop()

    @property
    def address(self) -> str:
        """HOST:PORT of gRPC."""
        return environment.endpoint(self._config.rpc.host, self._app.service.port)

    @property
    def page_url(self) -> str:
        """The status page; /metrics is below it."""
        return f"http://{environment.endpoint(self._config.monitoring.host, self._app.metrics_port or 0)}/"

    async def metrics(self) -> str:
        """Return /metrics as it stands now, read over HTTP."""
        return await asyncio.to_thread(_get, f"{self.page_url}metrics")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - always http
        return str(reply.read().decode())
