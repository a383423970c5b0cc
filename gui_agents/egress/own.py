"""Whether an address is one of this machine's own."""

import socket
from ipaddress import IPv6Address
from typing import Final

from gui_agents.domain.internet import Address

ANY_PORT: Final = 9
"""Nothing is sent there."""


def is_own(address: Address) -> bool:
    """Tell whether a connection to an address stays on this machine: the kernel would come from that very address.

    A firewall sees no such connection, so a service that only this machine should reach would be open to pages.
    """
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as route:
            route.connect((str(address), ANY_PORT))
            return bool(route.getsockname()[0] == str(address))
    except OSError:  # no way leads there
        return False
