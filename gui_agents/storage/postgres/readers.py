"""The connections that read: a few, opened when they are needed, and used again."""

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

import psycopg

from gui_agents.domain.storage import StorageError
from gui_agents.storage.postgres.session import Session

Result = TypeVar("Result")

LIMIT: Final = 4
"""Connections at once; a service that is asked more waits for one."""


class Readers:
    """Sessions that any thread may read with."""

    def __init__(self, connect: Callable[[], Session], *, limit: int = LIMIT, seconds: float) -> None:
        """Take `seconds` as the longest wait for a session, and the longest use of one."""
        self._connect = connect
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._free: list[Session] = []
        self._closed = False

    def read(self, work: Callable[[psycopg.Connection[Any]], Result]) -> Result:
        """Return what `work` reads.

        It is called again if the connection had been lost while nobody used it, as all are when the server restarts.

        Raises:
            StorageError: the server cannot be read now.
        """
        if not self._places.acquire(timeout=self._seconds):
            raise StorageError("PostgreSQL: all connections for reading are busy")
        try:
            while (session := self._taken()) is not None:
                try:
                    return self._read_with(session, work)
                except StorageError:
                    if not session.lost or session.timed_out:
                        raise
            return self._read_with(self._connect(), work)
        finally:
            self._places.release()

    def _taken(self) -> Session | None:
        with self._lock:
            return self._free.pop() if self._free else None

    def _read_with(self, session: Session, work: Callable[[psycopg.Connection[Any]], Result]) -> Result:
        try:
            with session.use(seconds=self._seconds) as connection:
                return work(connection)
        finally:
            with self._lock:
                keep = not session.lost and not self._closed
                if keep:
                    self._free.append(session)
            if not keep:
                session.close()

    def close(self) -> None:
        """End the connections; one that is in use ends with its use."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for session in free:
            session.close()
