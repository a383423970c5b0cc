"""From a host to the addresses that a connection may be made to."""

import asyncio
import socket
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from gui_agents.http.addresses import EndpointPolicy
from gui_agents.threads import Threads

LOOKUP_SECONDS: Final = 10.0
"""After which a lookup is given up. Its thread stays until the system's resolver gives up too."""
MAX_LOOKUPS: Final = 8
"""At once. A resolver that hangs holds no more threads than this."""
MAX_ADDRESSES: Final = 8
"""How many addresses of one host are tried."""

Place = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family and an address, as a socket connects to it."""


class Names:
    """Resolves the hosts of endpoints.

    What clients name, with a policy, and what the operator configured, without, have threads of their own: names whose
    servers never answer must not stand in the way of the operator's endpoint.
    """

    def __init__(self) -> None:
        self._named = Threads("lookup-named", MAX_LOOKUPS)
        self._configured = Threads("lookup-configured", MAX_LOOKUPS)

    async def places(self, host: str, port: int, policy: EndpointPolicy | None) -> list[Place]:
        """Return where to connect to, best first; `policy` has agreed to every address of the host.

        Raises:
            AddressRefusedError: `policy` refuses one of the addresses.
            OSError: the host cannot be resolved, or not in time.
        """
        literal = _literal(host, port)
        places = [literal] if literal is not None else await self._looked_up(host, port, policy)
        if policy is not None:
            policy.check(host, (ip_address(str(place[0]).partition("%")[0]) for _, place in places))
        return places[:MAX_ADDRESSES]

    async def _looked_up(self, host: str, port: int, policy: EndpointPolicy | None) -> list[Place]:
        threads = self._configured if policy is None else self._named
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await threads.run(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return [(family, place) for family, _, _, _, place in found]


def _literal(host: str, port: int) -> Place | None:
    """Return the place of a host that is an address itself, which takes no lookup; None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id else (socket.AF_INET6, (str(address), port, 0, 0))
    return socket.AF_INET, (str(address), port)
