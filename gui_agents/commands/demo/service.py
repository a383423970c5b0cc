"""The service that the demo runs: the real one, with metrics on, and with sandboxes that the demo can inspect."""

import asyncio
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gui_agents import config
from gui_agents.commands import environment
from gui_agents.commands.demo.stage import Stage
from gui_agents.commands.service_findings import port_is_free
from gui_agents.config import Config
from gui_agents.domain.errors import ConfigError
from gui_agents.grpc_app import App
from gui_agents.service import Parts

CHOSEN: Final = ("ALLOW_INSECURE", "GRPC_HOST", "GRPC_PORT", "PROMETHEUS_HOST", "PROMETHEUS_PORT", "TASK_MAX_TASKS")
"""The variables that the demo leaves to the user."""


def demo_config(known: Mapping[str, str], runtime_dir: Path, stage: Stage) -> Config:
    """Return the configuration of the demo's service. A default port that is taken is replaced by a free one.

    Raises:
        ConfigError: one of the user's own variables is wrong, or names a port that is taken.
    """
    own = {name: known[name] for name in (*CHOSEN, *stage.chosen) if known.get(name)}
    ours = {**stage.variables, **own}
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


class DemoService:
    """The running service, and where it listens."""

    def __init__(self, effective: Config, stage: Stage) -> None:
        self._config = effective
        self._app = App(effective, Parts(sandboxes=stage.sandboxes(effective.sandboxes, effective.process.runtime_dir)))

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
