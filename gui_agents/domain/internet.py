"""What an IP address is: public, loopback or none of both; and how hosts spell addresses.

Public is what anybody on the internet can reach. Private, link-local, shared, reserved and multicast addresses are not,
nor are the metadata services of clouds, nor what only wraps such an address.
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
PUBLIC_IPV6: Final = IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are handed out; https://www.iana.org/assignments/ipv6-unicast-address-assignments."""
WRAPPING: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052), and IPv4-compatible addresses (RFC 4291)."""
NOT_PUBLIC: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
"""What `ipaddress` takes for public, in some versions: protocol assignments (RFC 6890) with Oracle's metadata service,
and Azure's metadata service. Those of other clouds are link-local, private or shared."""


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


def is_loopback(host: str) -> bool:
    """Tell whether a host, as it is written, is this machine alone: nobody else reaches what listens there."""
    address = literal_address(host.lower().strip("[]").rstrip("."))
    return address is not None and unwrapped(address).is_loopback


def is_public(address: Address) -> bool:
    """Tell whether anybody on the internet can reach an address, which was unwrapped."""
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv6Address):
        return address in PUBLIC_IPV6
    return not any(address in network for network in NOT_PUBLIC)


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address to which packets for an IPv6 one go in the end, if it only wraps one."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return address
    if any(address in network for network in WRAPPING):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (address if teredo is None else teredo[1])


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks among the texts, an address being a network of one; others are names."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            continue
    return tuple(found)
