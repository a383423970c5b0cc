"""What `gui-agents doctor` finds at the gRPC port: its certificate, and the service that runs there."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Final

from gui_agents import config
from gui_agents.client import CallError
from gui_agents.commands import environment
from gui_agents.commands.exits import NO_ANSWER
from gui_agents.commands.findings import Finding, Verdict
from gui_agents.commands.handshake import handshake_problem
from gui_agents.commands.presence import hangs
from gui_agents.commands.service_access import Service
from gui_agents.credentials import Credentials, CredentialsError
from gui_agents.domain.address import split_address
from gui_agents.domain.errors import ConfigError
from gui_agents.rpc.tls import TlsFiles

PROBE_SECONDS: Final = 2.0


def tls_findings(effective: config.Config) -> Iterator[Finding]:
    """Yield whether the gRPC port's certificate can be used, and how long."""
    files = TlsFiles.of(effective.rpc)
    if files is None:
        return
    try:
        for expiry in files.expiries():
            yield Finding("TLS", Verdict.NOTE if expiry.soon else Verdict.OK, str(expiry))
    except ConfigError as error:
        for mistake in error.mistakes:
            yield Finding("TLS", Verdict.PROBLEM, mistake)


def service_findings(effective: config.Config, credentials: Credentials) -> Iterator[Finding]:
    """Yield whether the gRPC port is free, or what answers there."""
    if effective.rpc.port == 0:
        yield Finding("gRPC port", Verdict.OK, "GRPC_PORT=0: a free one is taken")
        return
    address = environment.endpoint(effective.rpc.host, effective.rpc.port)
    if port_is_free(effective.rpc.host, effective.rpc.port):
        yield Finding("gRPC port", Verdict.OK, f"{address} is free")
        yield Finding("service", Verdict.NOTE, f"no service runs at {address}; start one with: gui-agents serve")
        return
    service = Service(address, credentials)
    try:
        serving = asyncio.run(_serving(service))
        version = asyncio.run(_version(service))
    except CredentialsError as error:
        yield Finding("service", Verdict.PROBLEM, str(error))
        return
    except CallError as error:
        yield _unanswered(error)
        return
    words = "is healthy" if serving else "answers that it is not serving"
    if version is None:
        words += "; it asks for a token, so its version is not known: name one with GUI_AGENTS_TOKEN_FILE"
    text = f"gui-agents{'' if version is None else f' {version}'} at {address} {words}"
    yield Finding("service", Verdict.OK if serving else Verdict.PROBLEM, text)


def _unanswered(error: CallError) -> Finding:
    """Return what is found where somebody listens and the service does not answer."""
    if error.code in NO_ANSWER:
        return Finding("service", Verdict.PROBLEM, f"{error.address} {hangs(PROBE_SECONDS)}")
    problem = handshake_problem(*split_address(error.address), error.credentials)
    if problem is not None:
        return Finding("service", Verdict.PROBLEM, f"{error.address} {problem}")
    text = f"{error.address} is taken by another program than gui-agents ({error.code}); set GRPC_PORT"
    return Finding("gRPC port", Verdict.PROBLEM, text)


async def _serving(service: Service) -> bool:
    async with service.client() as client:
        return await client.serving(PROBE_SECONDS)


async def _version(service: Service) -> str | None:
    """Return the version of the service, or None if it tells it only to those with another token."""
    async with service.client() as client:
        try:
            return await client.version()
        except CallError as error:
            if error.code not in {"UNAUTHENTICATED", "PERMISSION_DENIED"}:
                raise
    return None


def port_is_free(host: str, port: int) -> bool:
    """Return whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError:
            return False
    return True
