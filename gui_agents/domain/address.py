"""Addresses as they are written in texts and in URLs."""

import re
from ipaddress import IPv6Address, ip_address
from typing import Final

LONGEST_HOST: Final = 253
HIGHEST_PORT: Final = 65_535
SITE_BITS: Final = 64
"""Of an IPv6 address that tell one customer from another."""

_HOST_AND_PORT: Final = re.compile(r"(?P<host>\[[^\[\]]+\]|[^:\[\]]+):(?P<port>[0-9]{1,5})")


def host_and_port(host: str, port: int | None) -> str:
    """Return HOST:PORT; an IPv6 address stands in brackets, or nobody could tell where the port begins."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def split_address(text: str) -> tuple[str, int]:
    """Return the host, without brackets, and the port of HOST:PORT.

    Raises:
        ValueError: the text is no HOST:PORT. An IPv6 address needs its brackets.
    """
    found = _HOST_AND_PORT.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= HIGHEST_PORT:
        raise ValueError(f"must be HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051, with a port up to {HIGHEST_PORT}")
    return checked_host(found["host"]), int(found["port"])


def checked_host(text: str) -> str:
    """Return a host name or an address; an IPv6 one may stand in brackets, which are taken off.

    Raises:
        ValueError: no host can be called so.
    """
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    wrong = not 0 < len(host) <= LONGEST_HOST or not host.isprintable() or any(sign in " /@\\[]" for sign in host)
    try:
        # As every lookup of a name begins, which raises what is no OSError.
        host.encode("idna")
        if ":" in host or host != text:
            IPv6Address(host)
    except ValueError:
        wrong = True
    if wrong:
        raise ValueError("must be a host name or an address, such as 127.0.0.1 or 0.0.0.0")
    return host


def site(client: str) -> str:
    """Return the part of an address that one client cannot choose freely."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if not isinstance(address, IPv6Address):
        return client
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else f"{int(address) >> SITE_BITS:x}"
