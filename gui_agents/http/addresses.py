"""Which addresses a client may name as an endpoint: it must not become a way into the operator's network.

Public addresses are allowed. Loopback is allowed while gRPC itself listens on loopback alone, because then only users
of this machine can ask. All others (private, link-local, metadata services) need a line in the variable of the
endpoint's kind, such as MODEL_ENDPOINT_ALLOW. What the operator has configured is always allowed.

`check_url` answers a request at once, as far as the URL itself says what it is. What counts is `check`: the network
asks it for each connection, with the addresses that it is about to connect to.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

import attrs

from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.internet import Address, Network, is_public, literal_address, networks, unwrapped

OF_MODELS: Final = "MODEL_ENDPOINT_ALLOW"


class AddressRefusedError(Exception):
    """A client named an endpoint at an address that it may not name; the text says which, and what allows it."""


@attrs.frozen(slots=False)
class EndpointPolicy:
    """Decides on the endpoints that requests and the global configuration name."""

    loopback: bool
    """Whether loopback addresses are allowed."""
    allowed: tuple[str, ...] = ()
    """Host names, addresses and networks (CIDR) that are allowed besides the public ones."""
    variable: str = OF_MODELS
    """The variable that lists them."""

    def check_url(self, url: str, field: str) -> None:
        """Check the host of a URL as far as it says by itself what it is.

        Raises:
            PreconditionError: it is an address that is not allowed; `field` of the request named it.
        """
        host = host_of(url)
        literal = literal_address(host)
        if literal is not None and not self._allows(host, literal):
            raise PreconditionError(f"{field}: {self._refusal(host, literal)}")

    def check(self, host: str, addresses: Iterable[Address]) -> None:
        """Check every address that a host has.

        Raises:
            AddressRefusedError: one of them is not allowed.
        """
        for address in addresses:
            if not self._allows(host.lower().rstrip("."), address):
                raise AddressRefusedError(self._refusal(host, address))

    def names(self, host: str) -> bool:
        """Tell whether the operator allows this host by its name, whatever its addresses are."""
        return host in self.allowed

    def _allows(self, host: str, address: Address) -> bool:
        plain = unwrapped(address)
        if is_public(plain) or (plain.is_loopback and self.loopback) or self.names(host):
            return True
        return any(plain in network or address in network for network in self._networks)

    def _refusal(self, host: str, address: Address) -> str:
        kind = "a loopback" if unwrapped(address).is_loopback else "no public"
        return f"{host} is {kind} address; the operator can allow it with {self.variable}={host}"

    @cached_property
    def _networks(self) -> Sequence[Network]:
        return networks(self.allowed)


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, without the dot that may end a full name."""
    return (urlsplit(url).hostname or "").rstrip(".")
