"""The listening socket: bound by the caller's thread, read by the endpoint's loop, a few connections at a time.

asyncio's own servers take as many connections in one turn of their loop as the queue may hold, and with TLS they tell
of one only when it has shaken hands. Both would let clients hold more files than any limit allows.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

from collectors.errors import ListenError

_log = logging.getLogger(__name__)

BACKLOG: Final = 1024
"""Connections that the system lets wait."""
ACCEPTED_AT_ONCE: Final = 16
"""Connections taken in one turn of the loop; between two turns it closes those that had to make place."""


class Listener:
    """Listens on one port, from its construction to `close`.

    Raises:
        ListenError: the address is taken, or not of this machine.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = _listening_socket(host, port)
        self._taken: Callable[[socket.socket], None] | None = None
        self._problem: int | None = None

    @property
    def port(self) -> int:
        """The port; a free one if it was asked for port 0."""
        return int(self._socket.getsockname()[1])

    def accept(self, taken: Callable[[socket.socket], None]) -> None:
        """Hand each connection to `taken`, from now on and on the running loop."""
        self._taken = taken
        self.resume()

    def resume(self) -> None:
        """Go on after the system would not give another connection; without effect if it did."""
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        assert self._taken is not None  # noqa: S101 - for the type checker
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, _ = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            self._problem = None
            self._taken(accepted)

    def _pause(self, error: OSError) -> None:
        """Wait for `resume`: the socket stays readable, and would keep the loop from everything else."""
        asyncio.get_running_loop().remove_reader(self._socket)
        if self._problem != error.errno:
            self._problem = error.errno
            _log.error("no connection can be taken: %s", _reason(error))


def _listening_socket(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(host, port, _reason(error)) from error
    try:
        # Lets a restarted service listen at once. SO_REUSEPORT would let two services share the port unnoticed.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ListenError(host, port, _reason(error)) from error
    return listening


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
