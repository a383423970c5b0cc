"""The names by which the endpoint may be asked: a web page of somebody else cannot read it by DNS rebinding.

A page of `evil.example` may make that name point to this endpoint, and then its scripts may read what the endpoint
answers: for a browser both are one origin. What gives it away is the Host header, which names `evil.example`. So names
that a stranger could own are refused, unless they are ours. A stranger cannot own an address, a name without a dot (a
service of Docker or Kubernetes), or one below a domain that is reserved for private use.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from collectors.http.messages import Request, Response, plain

_log = logging.getLogger(__name__)

VARIABLE: Final = "PROMETHEUS_ALLOWED_HOSTS"
ANY: Final = "*"
PRIVATE: Final = ("localhost", "local", "internal", "svc", "test", "home.arpa")
"""Domains that nobody can register: RFC 6761, 6762 and 8375, ICANN's `internal`, and those of Kubernetes' services."""
MAX_CHARACTERS: Final = 255
"""Of a name (RFC 1035), its port aside."""
MAX_REMEMBERED: Final = 64
"""Headers that were allowed."""

REFUSAL: Final = plain(
    HTTPStatus.MISDIRECTED_REQUEST,
    f"The Host header names another host. If it is a name of this endpoint, add it to {VARIABLE} "
    f"(names, *.domain, or {ANY} behind a proxy that checks it)",
)


def own_names() -> set[str]:
    """Return what this machine calls itself; may take long."""
    return {socket.gethostname(), socket.getfqdn()}


class Hosts:
    """Tells names of this endpoint from others; `allowed` are the operator's own."""

    def __init__(self, allowed: Collection[str] = (), own: Callable[[], Collection[str]] = own_names) -> None:
        self._any = ANY in allowed
        self._names = {_name(name) for name in allowed}
        self._remembered: set[str] = set()
        self._told = False
        if not self._any:
            # The name server may take long to say what this machine is called, and nothing waits for that.
            threading.Thread(target=self._learn, args=(own,), name="host names", daemon=True).start()

    def guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return `answer` for requests to this endpoint."""

        async def guard(request: Request) -> Response:
            return self.refusal(request) or await answer(request)

        return guard

    def refusal(self, request: Request) -> Response | None:
        """Return the answer to a request for another host; None if it is for this one."""
        # Without the header it is HTTP/1.0, and no browser.
        host = request.header("host")
        if self._any or not host or host in self._remembered:
            return None
        if self._read(host):
            if len(self._remembered) < MAX_REMEMBERED:
                self._remembered.add(host)
            return None
        if not self._told:
            self._told = True
            _log.warning(
                "a request for the host %.100s was refused; if that is a name of this endpoint, add it to %s",
                host,
                VARIABLE,
            )
        return REFUSAL

    def _learn(self, own: Callable[[], Collection[str]]) -> None:
        # A machine without a usable name has none that must be allowed.
        with contextlib.suppress(OSError, UnicodeError):
            self._names = self._names | {_name(name) for name in own()}

    def _read(self, host: str) -> bool:
        name = _name(host[: 2 * MAX_CHARACTERS])
        if not name or len(name) > MAX_CHARACTERS:
            return False
        if "." not in name or _is_address(name) or name in self._names:
            return True
        # The name itself is no domain that it is below of.
        parents = [name.split(".", dots)[-1] for dots in range(1, name.count(".") + 1)]
        return any(parent in PRIVATE or f"*.{parent}" in self._names for parent in parents)


def _name(host: str) -> str:
    """Return the name or address of `host:port` as all are compared."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
