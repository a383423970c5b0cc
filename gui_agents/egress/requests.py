"""What a browser asks the proxy for: where to, and what of the request's head goes on.

Only heads are looked at here. h11 has parsed them, and frames the bodies anew on both sides. So nothing can be one
request to us and two to the target (request smuggling).
"""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address
from typing import Final

import attrs
import h11

from gui_agents.domain.address import HIGHEST_PORT
from gui_agents.domain.egress_list import ascii_host
from gui_agents.domain.internet import literal_address
from gui_agents.egress.errors import EgressError, Problem

HTTP_PORT: Final = 80
_AUTHORITY: Final = re.compile(r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(:(?P<port>[0-9]{0,5}))?")
_ABSOLUTE: Final = re.compile(r"http://(?P<authority>[^/?#]*)(?P<path>[^#]*)", re.IGNORECASE)
_OF_ONE_CONNECTION: Final = frozenset(
    {b"connection", b"expect", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Fields that are not forwarded (RFC 9110, 7.6.1), besides those of proxies and those that `Connection` names."""

_NEVER_DROPPED: Final = frozenset({b"content-length"})
"""Says where the body ends, whatever `Connection` says of it."""

Fields = Sequence[tuple[bytes, bytes]]
"""The header fields of a head, as they were spelled."""


@attrs.frozen(kw_only=True)
class Target:
    """Where a request goes."""

    host: str
    """In small letters: a name in ASCII, or an address without brackets."""
    port: int
    authority: str
    """As the request spells host and port."""
    path: str | None
    """With the query; None for a tunnel."""


def target_of(request: h11.Request) -> Target:
    """Return where a request to a proxy goes.

    Raises:
        EgressError: it is no request to a proxy, or names no place.
    """
    text = request.target.decode("ascii")
    if request.method == b"CONNECT":
        return _target(text, default_port=None, path=None)
    found = _ABSOLUTE.fullmatch(text)
    if found is None:
        raise EgressError(Problem.BAD_REQUEST, "this is a proxy for http:// and for tunnels (CONNECT), not a server")
    path = found["path"]
    return _target(found["authority"], default_port=HTTP_PORT, path=path if path.startswith("/") else f"/{path}")


def _target(authority: str, *, default_port: int | None, path: str | None) -> Target:
    wrong = EgressError(Problem.BAD_REQUEST, "the request names no host and port that can be connected to")
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise wrong
    port = int(found["port"]) if found["port"] else default_port
    try:
        host = str(IPv6Address(found["six"])) if found["six"] else _host(found["host"])
    except ValueError:
        raise wrong from None
    if port is None or not 0 < port <= HIGHEST_PORT:
        raise wrong
    return Target(host=host, port=port, authority=authority, path=path)


def _host(text: str) -> str:
    literal = literal_address(text.removesuffix("."))
    return ascii_host(text) if literal is None else str(literal)


def forwarded_request(request: h11.Request, target: Target) -> h11.Request:
    """Return a request as the target gets it: its own host, no header of proxies, and nothing of ours.

    Raises:
        EgressError: it says in two ways where its body ends.
    """
    fields = request.headers.raw_items()
    if {b"transfer-encoding", b"content-length"} <= {name.lower() for name, _ in fields}:
        raise EgressError(Problem.BAD_REQUEST, "the request says in two ways where its body ends")
    return h11.Request(
        method=request.method,
        target=target.path or "/",
        headers=[
            (b"Host", target.authority.encode("ascii")),
            *((name, value) for name, value in _kept(fields) if name.lower() != b"host"),
            *_framing(fields),
            (b"Connection", b"close"),
        ],
    )


def forwarded_response(response: h11.Response) -> h11.Response:
    """Return a response as the browser gets it.

    Raises:
        EgressError: it asks for a password in the name of the proxy.
    """
    if response.status_code == 407:  # noqa: PLR2004
        raise EgressError(Problem.NOT_HTTP, "the server asked for a password as only a proxy does")
    fields = response.headers.raw_items()
    chunked = list(_framing(fields))
    kept = [(name, value) for name, value in _kept(fields) if not (chunked and name.lower() == b"content-length")]
    return h11.Response(
        status_code=response.status_code,
        reason=response.reason,
        headers=[*kept, *chunked, (b"Connection", b"close")],
    )


def _kept(headers: Fields) -> Iterator[tuple[bytes, bytes]]:
    """Yield the fields that are forwarded, as they were spelled."""
    named = {
        word.strip().lower()
        for name, value in headers
        if name.lower() in {b"connection", b"proxy-connection"}
        for word in value.split(b",")
    }
    dropped = (_OF_ONE_CONNECTION | named) - _NEVER_DROPPED
    for name, value in headers:
        if name.lower() not in dropped and not name.lower().startswith(b"proxy-"):
            yield name, value


def _framing(headers: Fields) -> Iterator[tuple[bytes, bytes]]:
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        yield b"Transfer-Encoding", b"chunked"
