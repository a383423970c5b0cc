"""The real service with faults on demand: each line of its standard input is one fault, as JSON.

python -m tests.e2e.instance     {"sandbox": "fail"}  {"section": "slow"}  {"block": 0.5}  {"leak": 3} …
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import attrs

from collectors import catalogue
from collectors.definitions import Section, gauge
from gui_agents import config as configuration
from gui_agents.clock import SystemClock
from gui_agents.errors import SandboxError
from gui_agents.grpc_app import App
from gui_agents.models.factory import ModelFactory
from gui_agents.sandboxes.factory import SandboxFactory
from gui_agents.sandboxes.simulated import SimulatedSandbox
from gui_agents.service import Parts

SLOW_SECONDS = 0.3
"""Above what ScrapeSlow allows in the chain, below the timeout of its scrapes."""


@attrs.define
class Faults:
    """Which faults are on now."""

    sandbox: str = "ok"
    section: str = "ok"
    model: str = "ok"

    def read_section(self, _snapshot: object) -> int:
        """Be a section that fails or takes long."""
        if self.section == "fail":
            raise RuntimeError("a section that fails on purpose")
        if self.section == "slow":
            time.sleep(SLOW_SECONDS)
        return 1


class BrokenSandbox(SimulatedSandbox):
    """Cannot be opened."""

    async def open(self) -> None:
        raise SandboxError("a sandbox that fails on purpose")


class FaultySandboxes(SandboxFactory):
    """Makes sandboxes that cannot be opened, while that fault is on."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    def create(self, spec: Any) -> Any:
        return BrokenSandbox() if self._faults.sandbox == "fail" else super().create(spec)


class FaultyModels(ModelFactory):
    """Has a defect, while that fault is on."""

    def __init__(self, faults: Faults, config: configuration.Config) -> None:
        super().__init__(config, SystemClock())
        self._faults = faults

    def choose(self, *arguments: Any, **more: Any) -> Any:
        if self._faults.model == "fail":
            raise RuntimeError("a defect on purpose")
        if self._faults.model == "slow":
            time.sleep(SLOW_SECONDS)
        return super().choose(*arguments, **more)


def _with_fault(faults: Faults) -> Callable[..., tuple[Section, ...]]:
    plain = catalogue.sections
    metric = gauge("agent_fault", "1, where nothing is wrong.", faults.read_section, example="agent_fault")
    return lambda *disabled: (*plain(*disabled), Section(name="fault", metrics=(metric,)))


def _listen(app: App, faults: Faults, loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    leaked = 0
    for line in sys.stdin:
        for name, value in json.loads(line).items():
            if name == "block":
                loop.call_soon_threadsafe(time.sleep, value)
            elif name == "leak":
                streams = app.service.state._streams
                for number in range(leaked, leaked + value):
                    loop.call_soon_threadsafe(streams.open, f"leak-{number}")
                leaked += value
            elif name == "mend":
                for number in range(leaked):
                    loop.call_soon_threadsafe(app.service.state._streams.drop, f"leak-{number}")
                leaked = 0
            else:
                setattr(faults, name, value)
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stopped.set)


async def main() -> None:
    """Serve until the standard input ends."""
    faults = Faults()
    catalogue.sections = _with_fault(faults)
    config = configuration.load(os.environ)
    app = App(config, Parts(sandboxes=FaultySandboxes(faults), models=FaultyModels(faults, config)))
    stopped = asyncio.Event()
    await app.start()
    arguments = (app, faults, asyncio.get_running_loop(), stopped)
    threading.Thread(target=_listen, args=arguments, daemon=True).start()
    await stopped.wait()
    await app.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(main())
