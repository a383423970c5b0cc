"""Which connections a browser may make: those that EGRESS_ALLOW covers, and no others."""

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from gui_agents.domain.address import host_and_port
from gui_agents.domain.egress_list import EgressEntry, is_local_name
from gui_agents.domain.internet import Address, is_public, literal_address, unwrapped
from gui_agents.egress.errors import EgressError, Problem
from gui_agents.egress.own import is_own

VARIABLE: Final = "EGRESS_ALLOW"


@attrs.frozen
class EgressPolicy:
    """Decides on each connection of a browser."""

    entries: tuple[EgressEntry, ...]
    is_own: Callable[[Address], bool] = is_own
    """Whether an address is one of this machine: it counts as not public."""

    def check_name(self, host: str, port: int) -> None:
        """Check a host before it is looked up. Otherwise a page could send anything outside as a name to look up.

        Raises:
            EgressError: whatever its addresses are, it is not allowed.
        """
        if not any(entry.may_cover(host, port) for entry in self.entries):
            raise _not_listed(host, port)

    def allowed(self, host: str, port: int, addresses: Sequence[Address]) -> list[Address]:
        """Return those addresses of a host that a connection may be made to, in their order.

        One address inside refuses the whole host, because no honest name has one besides others. What names of this
        machine lead to is not up to a resolver: of those the allowed addresses are left.

        Raises:
            EgressError: no connection is allowed.
        """
        public = {address: self._is_public(address) for address in addresses}
        allowed = [
            address
            for address in addresses
            if any(entry.covers(host, port, address, public=public[address]) for entry in self.entries)
        ]
        inside = any(address not in allowed and not public[address] for address in addresses)
        if inside and not (allowed and is_local_name(host)):
            raise _private(host, port)
        if not allowed:
            raise _not_listed(host, port)
        return allowed

    def _is_public(self, address: Address) -> bool:
        plain = unwrapped(address)
        return is_public(plain) and not self.is_own(plain)


def _private(host: str, port: int) -> EgressError:
    # The address of a name is not repeated: a page could read it, and it tells of the network inside.
    literal = literal_address(host) is not None or is_local_name(host)
    what, entry = ("is", host) if literal else ("has", f"{host}=NETWORK")
    return EgressError(
        Problem.PRIVATE,
        f"{host} {what} an address that is not public; the operator can allow it by {host_and_port(entry, port)} "
        f"in {VARIABLE}",
    )


def _not_listed(host: str, port: int) -> EgressError:
    place = host_and_port(host, port)
    return EgressError(
        Problem.NOT_LISTED, f"{place} is not allowed; the operator can allow it by {place} in {VARIABLE}"
    )
