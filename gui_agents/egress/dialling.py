"""Connections to what a browser asks for, made to the very addresses that were checked."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Final

import attrs

from gui_agents.domain.address import host_and_port
from gui_agents.domain.internet import Address
from gui_agents.egress.errors import EgressError, Problem
from gui_agents.egress.names import Resolve, looked_up, own_addresses
from gui_agents.egress.policy import EgressPolicy
from gui_agents.egress.streams import Stream, opened

MAX_ADDRESSES: Final = 6
"""How many addresses of one host are tried."""
FALLBACK_SECONDS: Final = 3.0
"""After which the next address of a host is tried."""
CONNECT_SECONDS: Final = 15.0
"""What all attempts together may take."""


@attrs.frozen
class Dialler:
    """Makes connections for browsers."""

    policy: EgressPolicy
    resolve: Resolve

    async def dial(self, host: str, port: int) -> Stream:
        """Return a connection to a host.

        The host is resolved once, and the connection made to one of the addresses that were checked: a name that
        changes its address in between (DNS rebinding) changes nothing.

        Raises:
            EgressError: it is not allowed, or there is none.
        """
        addresses = own_addresses(host)
        if not addresses:
            self.policy.check_name(host, port)
            addresses = await looked_up(host, self.resolve)
        allowed = self.policy.allowed(host, port, addresses)
        stream = await _first_to_answer(allowed[:MAX_ADDRESSES], port)
        if stream is None:
            raise EgressError(Problem.UNREACHABLE, f"{host_and_port(host, port)} cannot be connected to")
        return stream


async def _first_to_answer(addresses: Sequence[Address], port: int) -> Stream | None:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            for address in addresses:
                last = address == addresses[-1]
                try:
                    async with asyncio.timeout(None if last else FALLBACK_SECONDS):
                        return await _connected(address, port)
                except OSError:  # a TimeoutError is one
                    continue
    except TimeoutError:
        pass
    return None


async def _connected(address: Address, port: int) -> Stream:
    six = isinstance(address, IPv6Address)
    connection = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (str(address), port))
        return await opened(connection)
    except BaseException:
        connection.close()
        raise
