"""What EGRESS_ALLOW lists: the places that a sandboxed browser may reach.

An entry is a host name, `*.domain`, an address, a network (CIDR) or `public`, and may end in a port. A name alone
covers its public addresses only, because whoever controls its DNS could turn it to an address inside. An entry that is
an address or a network covers all names that lead there, and `NAME=NETWORK` one name inside of one network.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

import attrs

from gui_agents.domain.address import HIGHEST_PORT, LONGEST_HOST
from gui_agents.domain.internet import LOCAL_NAMES, Address, Network, literal_address, unwrapped

PUBLIC: Final = "public"
"""The entry for public addresses over `WEB_PORTS`."""
WEB_PORTS: Final = frozenset({80, 443})
"""The ports of http and https. With any port, a page could speak to mail servers and others that trust anybody."""
LOOPBACK: Final = ("127.0.0.1", "::1")
"""What names of this machine lead to."""

_HOST: Final = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-fXx.:/]+")
_READ_IN_TWO_WAYS: Final = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")
"""Letters that IDNA 2003 replaces and browsers keep: the entry would name another host."""
_WITH_PORT: Final = re.compile(r"(?P<place>([^:=]*=)?(\[[^\[\]]*\]|[^:\[\]=]*)):(?P<port>\*|[0-9]{1,5})")
"""An IPv6 address with a port stands in brackets."""


def ascii_host(text: str) -> str:
    """Return a host name as it is looked up: in ASCII (IDNA), small letters, without the dot that may end it.

    Raises:
        ValueError: it is none; the text says why.
    """
    if _READ_IN_TWO_WAYS.search(text):
        raise ValueError("has a letter that IDNA reads in two ways: write the name in its form with xn--")
    try:
        name = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except ValueError:
        name = ""
    # What ends in a number is an address to browsers, or nothing: https://url.spec.whatwg.org/#ends-in-a-number-checker.
    if len(name) > LONGEST_HOST or not _HOST.fullmatch(name) or _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise ValueError("is no host name")
    return name


def is_local_name(host: str) -> bool:
    """Tell whether a name is one of this machine itself, whatever a resolver says (RFC 6761)."""
    return host in LOCAL_NAMES or host.endswith(".localhost")


@attrs.frozen(kw_only=True)
class EgressEntry:
    """One place of EGRESS_ALLOW."""

    name: str | None = None
    """A host name in ASCII, or `*.domain` for all names below a domain; None for any name."""
    network: Network | None = None
    """What the name may lead to; None for public addresses."""
    ports: frozenset[int] | None = None
    """None for any port."""

    def __str__(self) -> str:
        public = self.name is None and self.network is None
        place = self.name or (PUBLIC if self.network is None else "")
        if self.network is not None:
            network = f"[{self.network}]" if self.ports and self.network.version == 6 else str(self.network)  # noqa: PLR2004
            place = f"{place}={network}" if place else network
        if self.ports is None:
            return f"{place}:*" if public else place
        return place if public and self.ports == WEB_PORTS else f"{place}:{next(iter(self.ports))}"

    def may_cover(self, host: str, port: int) -> bool:
        """Tell whether this entry covers a host if its addresses are right."""
        return (self.ports is None or port in self.ports) and (
            self.name is None
            or host == self.name
            or (self.name.startswith("*.") and host.endswith(self.name.removeprefix("*")))
        )

    def covers(self, host: str, port: int, address: Address, *, public: bool) -> bool:
        """Tell whether this entry covers a connection to one address of a host, which is public or not."""
        inside = public if self.network is None else unwrapped(address) in self.network
        return inside and self.may_cover(host, port)


def egress_entries(text: str) -> Iterator[EgressEntry]:
    """Yield the entries that one item of EGRESS_ALLOW stands for: a name of this machine is two addresses.

    Raises:
        ValueError: it is none; the text says why.
    """
    place, ports = _split_port(text)
    name, pinned, network = place.partition("=")
    if pinned:
        yield EgressEntry(name=_name(name), network=_network(network), ports=ports)
    elif place.lower() == PUBLIC:
        yield EgressEntry(ports=WEB_PORTS if place == text else ports)
    elif is_local_name(place.lower().removesuffix(".")):
        local = _name(place)
        for address in LOOPBACK:
            yield EgressEntry(name=None if local in LOCAL_NAMES else local, network=ip_network(address), ports=ports)
    elif any(sign in place for sign in ":/[]") or _NUMBER.fullmatch(place.lower().rpartition(".")[2]):
        yield EgressEntry(network=_network(place), ports=ports)
    else:
        yield EgressEntry(name=_name(place), ports=ports)


def _split_port(text: str) -> tuple[str, frozenset[int] | None]:
    """Return an item without its port, and the port; None is any."""
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        return text, None
    if found["port"] == "*":
        return found["place"], None
    if not 0 < int(found["port"]) <= HIGHEST_PORT:
        raise ValueError(f"has no port from 1 to {HIGHEST_PORT}")
    return found["place"], frozenset({int(found["port"])})


def _network(text: str) -> Network:
    plain = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    wrong = ValueError("is no address and no network")
    if not _ADDRESS.fullmatch(plain):  # no letters that look like digits, and no zones as in fe80::1%eth0
        raise wrong
    literal = literal_address(plain)
    try:
        network = ip_network(plain if literal is None else literal, strict=False)
    except ValueError:
        raise wrong from None
    if network.prefixlen == 0:
        raise ValueError(f"takes in loopback and private addresses, too: write {PUBLIC}, or smaller networks")
    if unwrapped(network.network_address) != network.network_address:
        raise ValueError("wraps IPv4 addresses: write those; an IPv6 address with a port stands in brackets")
    return network


def _name(text: str) -> str:
    domain = text.removeprefix("*.")
    if domain == "*":
        raise ValueError(f"names no place: write {PUBLIC}, or a domain behind it as in *.example.com")
    return text[: len(text) - len(domain)] + ascii_host(domain)
