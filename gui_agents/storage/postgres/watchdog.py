"""Breaks off work on connections that takes too long.

A server that is stopped keeps its connections open, and its kernel acknowledges what is sent to it. libpq then waits
for ever: no timeout of the server helps, nor one of TCP. So a thread shuts such sockets down, and whoever waits for one
gets an error at once.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg


class Line:
    """The socket below a connection, by a file descriptor of its own: its number stays ours when libpq closes its."""

    def __init__(self, connection: psycopg.Connection[object]) -> None:
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        self.was_cut = False

    def cut(self) -> None:
        """End the connection, whoever uses it."""
        self.was_cut = True
        with suppress(OSError):  # it has ended already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the file descriptor back."""
        self._socket.close()


class Watchdog:
    """A thread that cuts lines whose time is over. It begins with the first one and ends with `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: dict[Line, float] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def limit(self, line: Line, seconds: float) -> Iterator[None]:
        """Cut the line if the block takes longer."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="storage watchdog", daemon=True)
                self._thread.start()
            soonest = min(self._deadlines.values(), default=None)
            deadline = self._deadlines[line] = time.monotonic() + seconds
            if soonest is None or deadline < soonest:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._deadlines.pop(line, None)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for line in [line for line, deadline in self._deadlines.items() if deadline <= now]:
                    del self._deadlines[line]
                    line.cut()
                soonest = min(self._deadlines.values(), default=None)
                self._changed.wait(None if soonest is None else soonest - now)
