"""The listening socket: bound by the caller's thread, read by the endpoint's loop, a few connections at a time.

asyncio's own servers take as many connections in one turn of their loop as the queue may hold, and with TLS they tell
of one only when it has shaken hands. Both would let clients hold more files than any limit allows.

The listener holds some file descriptors in reserve. If the rest of the process has used up all others, it gives them
back one by one, so that scrapers still get in.
"""

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections.abc import Callable
from typing import Final

from collectors.errors import ListenError

_log = logging.getLogger(__name__)

BACKLOG: Final = 4096
"""Connections that the system lets wait."""
ACCEPTED_AT_ONCE: Final = 16
"""Connections taken in one turn of the loop; between two turns it closes those that had to make place."""
RESERVED: Final = 16
"""File descriptors that are kept for connections, if the process has no others left."""
RETRY_SECONDS: Final = 0.05
FULL: Final = frozenset({errno.EMFILE, errno.ENFILE})


class Listener:
    """Listens on one port, from its construction to `close`.

    Raises:
        ListenError: the address is taken, or not of this machine.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = _listening_socket(host, port)
        self._taken: Callable[[socket.socket], None] | None = None
        self._full: Callable[[], None] | None = None
        self._problem: int | None = None
        self._reserve: list[int] = []
        self._closed = False
        self._fill_up()

    @property
    def port(self) -> int:
        """The port; a free one if it was asked for port 0."""
        return int(self._socket.getsockname()[1])

    def accept(self, taken: Callable[[socket.socket], None], full: Callable[[], None]) -> None:
        """Hand each connection to `taken`, from now on and on the running loop; `full` is to end one of them."""
        self._taken, self._full = taken, full
        self.resume()

    def resume(self) -> None:
        """Go on after the system would not give another connection; without effect if it did."""
        if not self._closed:
            self._fill_up()
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def released(self) -> None:
        """Take a file descriptor back in reserve that a connection gives back in the next turns, if one is missing."""
        if len(self._reserve) < RESERVED and not self._closed:
            asyncio.get_running_loop().call_soon(self._fill_up)

    def close(self) -> None:
        """Listen no more."""
        self._closed = True
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        while self._reserve:
            os.close(self._reserve.pop())

    def _fill_up(self) -> None:
        with contextlib.suppress(OSError):
            while len(self._reserve) < RESERVED and not self._closed:
                self._reserve.append(os.dup(self._socket.fileno()))

    def _accept(self) -> None:
        assert self._taken is not None  # noqa: S101 - for the type checker
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, _ = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in FULL and self._reserve:
                    os.close(self._reserve.pop())
                    continue
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
        if error.errno in FULL and self._full is not None:
            self._full()
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.resume)


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
