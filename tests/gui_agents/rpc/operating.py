"""A running service with ended tasks in its store, and clients of its Operator service."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs

from gui_agents.client import AgentClient
from gui_agents.domain.storage import StoredTask
from gui_agents.proto import operator_pb2_grpc as pb_grpc
from gui_agents.storage.memory import MemoryStore
from tests.gui_agents.rpc.naive_tasks import filled
from tests.serving import Served, serving


@attrs.frozen
class Operated:
    """A running service, its Operator service, a client of ours, and what is in its store."""

    served: Served
    operator: pb_grpc.OperatorStub
    client: AgentClient
    store: MemoryStore
    ended: list[StoredTask]
    """The ended tasks, in the order of their creation."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.served.service.port}"


@asynccontextmanager
async def operating(environment: Mapping[str, str] | None = None, *, tasks: int = 0) -> AsyncIterator[Operated]:
    """Serve with so many ended tasks."""
    store = MemoryStore()
    ended = filled(store, tasks, random.Random(1))
    async with serving(environment, store=store) as served, AgentClient(f"127.0.0.1:{served.service.port}") as client:
        yield Operated(served, pb_grpc.OperatorStub(served.channel), client, store, ended)
