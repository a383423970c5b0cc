"""Which addresses a client may name as a model's endpoint: it must not become a way into the operator's network.

Public addresses are allowed. Loopback is allowed while gRPC itself listens on loopback alone, because then only users
of this machine can ask. All others (private, link-local, metadata services) need a line in MODEL_ENDPOINT_ALLOW. What
the operator has configured is always allowed.

`check_url` answers a request at once, as far as the URL itself says what it is. What counts is `check`: the network
asks it for each connection, with the addresses that it is about to connect to.
"""

import socket
from collections.abc import Iterable, Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import attrs

from gui_agents.domain.errors import PreconditionError

Address = IPv4Address | IPv6Address
LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
VARIABLE: Final = "MODEL_ENDPOINT_ALLOW"
PUBLIC_IPV6: Final = IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are handed out; https://www.iana.org/assignments/ipv6-unicast-address-assignments."""
WRAPPING: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052), and IPv4-compatible addresses (RFC 4291)."""
NOT_PUBLIC: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
"""What `ipaddress` takes for public, in some versions: protocol assignments (RFC 6890) with Oracle's metadata service,
and Azure's metadata service. Those of other clouds are link-local, private or shared."""


class AddressRefusedError(Exception):
    """A client named an endpoint at an address that it may not name; the text says which, and what allows it."""


@attrs.frozen(slots=False)
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
        host = host_of(url)
        literal = literal_address(host)
        if literal is not None and not self._allows(host, literal):
            raise PreconditionError(f"{field}: {_refusal(host, literal)}")

    def check(self, host: str, addresses: Iterable[Address]) -> None:
        """Check every address that a host has.

        Raises:
            AddressRefusedError: one of them is not allowed.
        """
        for address in addresses:
            if not self._allows(host.lower().rstrip("."), address):
                raise AddressRefusedError(_refusal(host, address))

    def names(self, host: str) -> bool:
        """Tell whether the operator allows this host by its name, whatever its addresses are."""
        return host in self.allowed

    def _allows(self, host: str, address: Address) -> bool:
        plain = _unwrapped(address)
        if _is_public(plain) or (plain.is_loopback and self.loopback) or self.names(host):
            return True
        return any(plain in network or address in network for network in self._networks)

    @cached_property
    def _networks(self) -> Sequence[IPv4Network | IPv6Network]:
        networks = []
        for text in self.allowed:
            try:
                networks.append(ip_network(text, strict=False))
            except ValueError:
                continue
        return networks


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, without the dot that may end a full name."""
    return (urlsplit(url).hostname or "").rstrip(".")


def literal_address(host: str) -> Address | None:
    """Return the address that a host spells, also as the system's resolver reads it: 127.1, 0x7f000001, 2130706433."""
    if host in LOCAL_NAMES:
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _refusal(host: str, address: Address) -> str:
    kind = "a loopback" if _unwrapped(address).is_loopback else "no public"
    return f"{host} is {kind} address; the operator can allow it with {VARIABLE}={host}"


def _is_public(address: Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv6Address):
        return address in PUBLIC_IPV6
    return not any(address in network for network in NOT_PUBLIC)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address to which packets for an IPv6 one go in the end, if it only wraps one."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return address
    if any(address in network for network in WRAPPING):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (address if teredo is None else teredo[1])
