"""Several callers of one service: a file of tokens, and a client for each.

async with callers(tmp_path, ann="submit", eve="submit") as served:
    await served.by("ann").start("finish")
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import grpc.aio

from gui_agents.access import token_file
from gui_agents.access.tokens import TokenLine, digest, new_token, quotas_of, roles_of
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.serving import Served, serving


class _Unary(grpc.aio.UnaryUnaryClientInterceptor):
    """Sends a token with each call. One class cannot be both kinds: grpc takes it for the first alone."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return await continuation(_with(details, self._token), request)


class _Stream(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, token: str) -> None:
        self._token = token

    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return await continuation(_with(details, self._token), request)


def _with(details: Any, token: str) -> Any:
    given = () if details.metadata is None else details.metadata
    return details._replace(metadata=grpc.aio.Metadata(*given, ("authorization", f"Bearer {token}")))


def create(path: Path, name: str, roles: str, *quotas: str) -> str:
    """Add a token to a file, and return it."""
    token = new_token().reveal()
    token_file.added(path, TokenLine(name, digest(token), roles_of(roles), quotas_of(quotas)))
    return token


@attrs.define
class Callers:
    """A running service, its file of tokens, and a client by name."""

    served: Served
    path: Path
    tokens: dict[str, str]
    clients: dict[str, Served] = attrs.field(factory=dict)

    def by(self, name: str) -> Served:
        """Return a client that sends the token of `name`."""
        if name not in self.clients:
            token = self.tokens[name]
            channel = grpc.aio.insecure_channel(
                f"127.0.0.1:{self.served.service.port}", interceptors=[_Unary(token), _Stream(token)]
            )
            self.clients[name] = attrs.evolve(self.served, channel=channel, agent=pb_grpc.AgentStub(channel))
        return self.clients[name]

    def create(self, name: str, roles: str, *quotas: str) -> None:
        """Add a token to the file, and let the service read it."""
        self.tokens[name] = create(self.path, name, roles, *quotas)
        self.reload()

    def revoke(self, name: str) -> None:
        """Remove a token from the file, and let the service read it."""
        assert token_file.removed(self.path, name)
        self.reload()

    def reload(self) -> None:
        """Do at once what the service does within a second."""
        assert self.served.service.guard.reload()
        self.served.service._tokens_changed()


@asynccontextmanager
async def callers(
    directory: Path, environment: Mapping[str, str] | None = None, **lines: str
) -> AsyncIterator[Callers]:
    """Run a service with a token for each name; a line is the roles, then quotas, such as `submit running=1`."""
    path = directory / "tokens"
    path.touch(mode=0o600)
    tokens = {name: create(path, name, *line.split()) for name, line in lines.items()}
    settings = {"ACCESS_TOKENS_FILE": str(path), "RUNTIME_DIR": str(directory), **(environment or {})}
    async with serving(settings) as served:
        ours = Callers(served, path, tokens)
        try:
            yield ours
        finally:
            for client in ours.clients.values():
                await client.channel.close()
