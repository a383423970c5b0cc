"""From a host to its addresses, as this machine resolves names."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Final

from gui_agents.domain.egress_list import LOOPBACK, is_local_name
from gui_agents.domain.internet import Address, literal_address
from gui_agents.egress.errors import EgressError, Problem
from gui_agents.threads import Threads

LOOKUP_SECONDS: Final = 10.0
"""After which a lookup is given up. Its thread stays until the system's resolver gives up too."""
MAX_LOOKUPS: Final = 8
"""At once, of one browser. Names whose servers never answer hold up no other browser, and no more threads than this."""

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
"""Returns the addresses of a name, best first; raises an OSError."""


class Resolver:
    """Asks the system's resolver, in threads of its own. One instance serves one browser."""

    def __init__(self) -> None:
        self._threads = Threads("egress-lookup", MAX_LOOKUPS)

    async def __call__(self, name: str) -> Sequence[Address]:
        """Return the addresses of a name, best first.

        Raises:
            OSError: it has none, or not in time.
        """
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await self._threads.run(lambda: socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
        return [ip_address(str(place[0]).partition("%")[0]) for _, _, _, _, place in found]


def own_addresses(host: str) -> Sequence[Address]:
    """Return the addresses that a host has by itself, without a lookup; none for other names."""
    if is_local_name(host):
        return [ip_address(address) for address in LOOPBACK]
    literal = literal_address(host)
    return [] if literal is None else [literal]


async def looked_up(name: str, resolve: Resolve) -> Sequence[Address]:
    """Return the addresses of a name.

    Raises:
        EgressError: it has none.
    """
    try:
        found = await resolve(name)
    except (OSError, UnicodeError):  # a TimeoutError is an OSError
        found = ()
    if not found:
        raise EgressError(Problem.NOT_FOUND, f"{name} has no address; check the name")
    return list(dict.fromkeys(found))
