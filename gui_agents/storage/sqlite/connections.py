"""Connections to the file: one that writes, and a few that read.

A connection that has failed is closed, and the next use opens another one. So nothing has to be restarted once a disk
has room again or a file can be read again.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gui_agents.domain.storage import StorageError
from gui_agents.storage.dialect import Fetch, Parameters

BUSY_SECONDS: Final = 5.0
"""How long a backup or an administrator's transaction may hold the file."""
READERS: Final = 4
READ_SECONDS: Final = 10.0
"""How long one question may take. A reader that never ends would let the write-ahead log grow."""
STEPS: Final = 50_000
"""Instructions of SQLite between two looks at the clock, some milliseconds."""
LOG_BYTES: Final = 2**26
"""To what size the write-ahead log is cut after it was larger."""
CACHE_KIB: Final = 16_384
READER_CACHE_KIB: Final = 4096
UNAVAILABLE: Final = (sqlite3.OperationalError, sqlite3.InternalError)
"""Errors of the file and its disk, besides `DatabaseError` itself. Others are errors of a statement or a value."""


def is_unavailable(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file cannot be used now, and not that a value is wrong."""
    return isinstance(error, UNAVAILABLE) or type(error) in {sqlite3.DatabaseError, sqlite3.Error}


def unavailable(path: Path, error: sqlite3.Error) -> StorageError:
    """Return the error for a file that cannot be used now."""
    return StorageError(f"{path}: {error}")


def connected(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the file, which must be there.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    # Only what has a meaning in a URI is written in another way; a path may have any character.
    name = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(
        f"file:{name}?mode={'ro' if read_only else 'rw'}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB if read_only else CACHE_KIB}")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            # Of an empty file it is the first thing to be said; of another one it changes nothing.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class Readers:
    """At most `READERS` connections that read, opened when they are needed; used by any threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = threading.BoundedSemaphore(READERS)
        self._idle: list[sqlite3.Connection] = []
        self._closed = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[Fetch]:
        """Lend a connection; all that is fetched with it is of one instant.

        Raises:
            StorageError: the file cannot be read, all readers are busy, or a question takes too long.
        """
        if not self._places.acquire(timeout=READ_SECONDS):
            raise StorageError(f"{self._path}: all {READERS} readers are busy")
        try:
            yield from self._lent()
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error
        except (KeyError, ValueError) as error:
            raise StorageError(f"{self._path} has a row that cannot be read: {error!r}") from error
        finally:
            self._places.release()

    def _lent(self) -> Iterator[Fetch]:
        if self._closed.is_set():
            raise StorageError(f"{self._path} is closed")
        connection = self._taken()
        limit = time.monotonic() + READ_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > limit, STEPS)

        def fetch(sql: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
            return connection.execute(sql, parameters).fetchall()

        try:
            connection.execute("BEGIN")
            yield fetch
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed.is_set():
            self.close()

    def _taken(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connected(self._path, read_only=True)

    def close(self) -> None:
        """Close the connections, those that are lent once they come back."""
        self._closed.set()
        while self._idle:
            self._idle.pop().close()
