"""The real service with faults on demand: {"sandbox": "fail"}, {"section": "slow"}, {"streams": "leak"} …"""

import asyncio
import contextlib
import itertools
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import attrs

from collectors.metrics.definitions import Section, gauge
from gui_agents import config as configuration
from gui_agents import log
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.journal import Entry
from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError
from gui_agents.domain.screen import Observation
from gui_agents.domain.storage import StorageError
from gui_agents.grpc_app import App
from gui_agents.models.registry import ModelFactory
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.service import Parts
from gui_agents.simulated import SimulatedSandbox
from gui_agents.state.service_state import ServiceState
from gui_agents.state.streams import StreamManager
from gui_agents.storage.sqlite.store import SqliteStore

SLOW_SECONDS = 0.3
"""Above what ScrapeSlow allows in the chain, below the timeout of its scrapes."""

BLOCKING_SECONDS = {"block": 1.5, "stall": 12.0}
"""For how long a sandbox blocks the event loop at a time: less, or more, than HeartbeatStalled allows in the chain."""
BREATH_SECONDS = 0.1
"""In which a blocked service answers."""
SEARCH_SECONDS = 0.5
"""Between two connections of a page that searches a network."""
OPENING_SECONDS = 1.5
"""Above what SandboxOpenSlow allows in the chain."""
WRITING_SECONDS = 0.5
"""Above what StorageSlow allows in the chain."""


@attrs.define
class Faults:
    """Which faults are on now."""

    sandbox: str = "ok"
    section: str = "ok"
    model: str = "ok"
    streams: str = "ok"
    egress: str = "ok"
    storage: str = "ok"

    def read_section(self, _snapshot: object) -> int:
        """Be a section that fails or takes long."""
        if self.section == "fail":
            raise RuntimeError("a section that fails on purpose")
        if self.section == "slow":
            time.sleep(SLOW_SECONDS)
        return 1


class FaultySandbox(SimulatedSandbox):
    """Cannot be opened, opens slowly, dies, or blocks the event loop as a driver that does not wait with `await`."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    async def open(self) -> None:
        if self._faults.sandbox == "fail":
            raise SandboxError("a sandbox that fails on purpose")
        if self._faults.sandbox == "slow":
            await asyncio.sleep(OPENING_SECONDS)
        while seconds := BLOCKING_SECONDS.get(self._faults.sandbox):
            time.sleep(seconds)  # noqa: ASYNC251 - the fault
            await asyncio.sleep(BREATH_SECONDS)
        await super().open()

    async def observe(self, *, screenshot: bool) -> Observation:
        if self._faults.sandbox == "die":
            raise SandboxGoneError("a sandbox that dies on purpose", SandboxEnd.OUT_OF_MEMORY)
        return await super().observe(screenshot=screenshot)


class FaultySandboxes(SandboxFactory):
    """Makes sandboxes that have those faults which are on."""

    def __init__(self, faults: Faults, config: configuration.Config) -> None:
        super().__init__(config.sandboxes)
        self._faults = faults

    def create(self, spec: Any) -> Any:
        return FaultySandbox(self._faults) if self._faults.sandbox != "ok" else super().create(spec)


class FaultyModels(ModelFactory):
    """Has a defect, while that fault is on."""

    def __init__(self, faults: Faults, config: configuration.Config) -> None:
        super().__init__(config.defaults, config.models, SystemClock())
        self._faults = faults

    def choose(self, *arguments: Any, **more: Any) -> Any:
        if self._faults.model == "fail":
            raise RuntimeError("a defect on purpose")
        if self._faults.model == "slow":
            time.sleep(SLOW_SECONDS)
        return super().choose(*arguments, **more)


class FaultyStreams(StreamManager):
    """Keeps the logs of tasks that are no longer retained, until that fault is over."""

    def __init__(self, faults: Faults, log_messages: int) -> None:
        super().__init__(log_messages)
        self._faults = faults
        self._due: list[str] = []

    def drop(self, task_id: str) -> None:
        self._due.append(task_id)
        if self._faults.streams == "ok":
            for due in self._due:
                super().drop(due)
            self._due.clear()


class FaultyStore(SqliteStore):
    """Cannot be written, every second time or never, or takes long."""

    def __init__(self, faults: Faults, runtime_dir: Path) -> None:
        super().__init__(runtime_dir)
        self._faults = faults
        self._turn = itertools.count()

    def write(self, entries: Sequence[Entry]) -> None:
        if self._faults.storage == "fail" or (self._faults.storage == "flaky" and next(self._turn) % 2):
            raise StorageError("a disk that is full on purpose")
        if self._faults.storage == "slow":
            time.sleep(WRITING_SECONDS)
        super().write(entries)


def _listen(orders: Connection, faults: Faults, loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    with contextlib.suppress(EOFError):
        while True:
            for name, value in orders.recv().items():
                setattr(faults, name, value)
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stopped.set)


async def _browse(faults: Faults, state: ServiceState) -> None:
    """Count, as the egress proxy does, what a page asks for that searches a private network, while that fault is on."""
    while True:
        if faults.egress == "search":
            state.egress_connection(EgressVerdict.DENIED_PRIVATE)
        await asyncio.sleep(SEARCH_SECONDS)


async def _run(orders: Connection) -> None:
    """Serve until nobody can send orders any more."""
    faults = Faults()
    config = configuration.load(os.environ)
    parts = Parts(
        sandboxes=FaultySandboxes(faults, config),
        models=FaultyModels(faults, config),
        streams=FaultyStreams(faults, config.streams.log_messages),
        store=FaultyStore(faults, config.process.runtime_dir),
    )
    metric = gauge("agent_fault", "1, where nothing is wrong.", faults.read_section, example="agent_fault")
    app = App(config, parts, sections=[Section(name="fault", metrics=(metric,))])
    stopped = asyncio.Event()
    await app.start()
    threading.Thread(target=_listen, args=(orders, faults, asyncio.get_running_loop(), stopped), daemon=True).start()
    browsing = asyncio.create_task(_browse(faults, app.service.state))
    await stopped.wait()
    browsing.cancel()
    await app.stop()


def serve(environment: Mapping[str, str], written: Path, orders: Connection) -> None:
    """Be the service in this process, which is of its own: faults are switched by `orders`."""
    os.setsid()  # no signal to the tests reaches it
    os.environ.clear()
    os.environ.update(environment)
    with written.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "ERROR"), format=log.TEXT)
    asyncio.run(_run(orders))
