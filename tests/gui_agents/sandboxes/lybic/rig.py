"""A cloud on loopback and what makes sandboxes in it, with short pauses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from gui_agents.config import load
from gui_agents.domain.cloud import CloudWish, SandboxKind
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.jail.jail import Limits
from gui_agents.jail.supervisor import Supervisor
from gui_agents.sandboxes.lybic.api import Patience
from gui_agents.sandboxes.lybic.cloud import Cloud
from gui_agents.sandboxes.lybic.orders import order
from gui_agents.sandboxes.lybic.sandbox import LybicSandbox
from tests.endpoints.lybic import KEY, ORGANIZATION, LybicCloud
from tests.scripted_model import ScriptedModelServer

OPEN = EndpointPolicy(loopback=True, variable="LYBIC_ENDPOINT_ALLOW")
CLOSED = EndpointPolicy(loopback=False, variable="LYBIC_ENDPOINT_ALLOW")
QUICK = Patience(timeout_seconds=5.0, max_attempts=3, first_pause_seconds=0.001, max_pause_seconds=0.05)


@attrs.define
class Rig:
    """What a test works with."""

    books: LybicCloud
    server: ScriptedModelServer
    cloud: Cloud
    directory: Path

    def sandbox(
        self, backend: str = "lybic", *, given: str | None = None, used: float = 600.0, **kind: Any
    ) -> LybicSandbox:
        """Return a sandbox that is not open yet."""
        wish = CloudWish(kind=SandboxKind(**kind), sandbox_id=given or "")
        wanted = order(backend, wish, self.cloud.config, OPEN)
        return LybicSandbox(self.cloud, wanted, used_seconds=used, given=given)

    @asynccontextmanager
    async def opened(self, backend: str = "lybic", **options: Any) -> AsyncIterator[LybicSandbox]:
        """Open a sandbox, and close it."""
        sandbox = self.sandbox(backend, **options)
        try:
            await sandbox.open()
            yield sandbox
        finally:
            await sandbox.close(destroy=True)

    @property
    def notes(self) -> list[Path]:
        """What is written down of sandboxes."""
        return sorted(self.directory.rglob("note-*.json"))


@asynccontextmanager
async def lybic(
    directory: Path, *, policy: EndpointPolicy = OPEN, patience: Patience = QUICK, **environment: str
) -> AsyncIterator[Rig]:
    """Run a cloud whose account is the operator's."""
    books = LybicCloud()
    async with ScriptedModelServer(books) as server:
        usual = {"LYBIC_ORG_ID": ORGANIZATION, "LYBIC_API_KEY": KEY, "LYBIC_API_ENDPOINT": server.root}
        config = load({**usual, **environment}).sandboxes
        supervisor = Supervisor(directory, Limits(memory_bytes=2**30, disk_bytes=2**20, processes=16))
        yield Rig(books, server, Cloud(config, policy, supervisor, patience), directory)
