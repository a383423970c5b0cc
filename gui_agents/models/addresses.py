"""Which addresses a client may name as a model's endpoint: it must not become a way into the operator's network.

Public addresses are allowed. Loopback is allowed while gRPC itself listens on loopback alone, because then only users
of this machine can ask. All others (private, link-local, metadata services) need a line in MODEL_ENDPOINT_ALLOW. What
the operator has configured is always allowed. A host name is resolved before each task's first call, and each of its
addresses is checked.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import attrs

from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.model import ModelError

Address = IPv4Address | IPv6Address
LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
VARIABLE: Final = "MODEL_ENDPOINT_ALLOW"


@attrs.frozen
class EndpointPolicy:
    """Decides on the endpoints that requests and the global configuration name."""

    loopback: bool
    """Whether loopback addresses are allowed."""
    allowed: tuple[str, ...] = ()
    """Host names, addresses and networks (CIDR) that are allowed besides the public ones."""

    def check_url(self, url: str, field: str) -> None:
        """Check the host of a URL as far as it says by itself what it is.

        Raises:
            PreconditionError: it is an address that is not allowed; `field` of the request named it.
        """
        host = _host(url)
        literal = ip_address("127.0.0.1") if host in LOCAL_NAMES else _literal(host)
        if literal is not None and not self._allows(host, literal):
            raise PreconditionError(f"{field}: {self._refusal(host, literal)}")

    async def check(self, url: str) -> None:
        """Resolve the host of a URL, and check every address that it has.

        Raises:
            ModelError: one of them is not allowed. A host that cannot be resolved is left to the call, which says so.
        """
        host = _host(url)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return
        for *_, place in found:
            address = ip_address(str(place[0]).partition("%")[0])
            if not self._allows(host, address):
                raise ModelError(self._refusal(host, address))

    def _allows(self, host: str, address: Address) -> bool:
        plain = _plain(address)
        if plain.is_global or (plain.is_loopback and self.loopback) or host in self.allowed:
            return True
        return any(plain in network for network in _networks(self.allowed) if network.version == plain.version)

    def _refusal(self, host: str, address: Address) -> str:
        kind = "a loopback" if _plain(address).is_loopback else "no public"
        return f"{host} is {kind} address; the operator can allow it with {VARIABLE}={host}"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


def _literal(host: str) -> Address | None:
    """Return the address that a host spells, also as the system's resolver reads it: 127.1, 0x7f000001, 2130706433."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _plain(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one that only wraps it."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _networks(allowed: Sequence[str]) -> list[IPv4Network | IPv6Network]:
    networks = []
    for text in allowed:
        try:
            networks.append(ip_network(text, strict=False))
        except ValueError:
            continue
    return networks
