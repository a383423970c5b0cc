"""Brings a file to the newest version, or says why this service cannot use it."""

import sqlite3
import time
from pathlib import Path
from typing import Final

import attrs

from gui_agents.domain.storage import StorageStartError
from gui_agents.storage.migrations import migrations
from gui_agents.storage.sqlite.connections import connected
from gui_agents.storage.sqlite.files import VARIABLE

APPLICATION_ID: Final = 0x47554954
"""Says in the head of the file whose it is: GUIT."""
CHECK_SECONDS: Final = 2.0
"""How long the check of a file may take; a large one is not looked through to its end."""
STEPS: Final = 10_000
NO_SPACE: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)
"""What is wrong with the disk or its rights, and not with what is in the file."""
MIGRATIONS: Final = migrations("sqlite")


@attrs.frozen
class Problem:
    """Why a database cannot be used, and what to do."""

    text: str
    advice: str


def opened(path: Path) -> sqlite3.Connection:
    """Return a connection that writes to the file, which is at the newest version.

    Raises:
        StorageStartError: the file is damaged, another program's or of a newer service, or cannot be written.
    """
    try:
        connection = connected(path, read_only=False)
        try:
            _refuse(path, problem_of(connection))
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise _start_error(path, error) from error
    return connection


def problem_of(connection: sqlite3.Connection) -> Problem | None:
    """Return why a database is none that this service can use or bring to its version; None if it is."""
    version = version_of(connection)
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (tables or version or application):
        return Problem("is a database of another program", "move it away")
    if version > len(MIGRATIONS):
        return Problem(
            f"was written by a newer version of this service (its tables have version {version}, this service knows "
            f"{len(MIGRATIONS)})",
            "install the newer one again, or name another directory",
        )
    damage = _damage(connection)
    return None if damage is None else _damaged(damage)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables; 0 if there are none."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _damage(connection: sqlite3.Connection) -> str | None:
    """Return what is wrong in the file, as far as that is found in a short time."""
    limit = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > limit, STEPS)
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        connection.set_progress_handler(None, 0)
    return None if found == "ok" else str(found)


def _migrate(connection: sqlite3.Connection) -> None:
    for migration in MIGRATIONS[version_of(connection) :]:
        try:
            # A script commits what is open before it begins, so it has its transaction within.
            connection.executescript(
                f"BEGIN IMMEDIATE; {migration.sql}; PRAGMA application_id = {APPLICATION_ID}; "
                f"PRAGMA user_version = {migration.version}; COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _start_error(path: Path, error: sqlite3.Error) -> StorageStartError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in NO_SPACE:
        return StorageStartError(
            VARIABLE, f"{path} cannot be written ({error}); free its disk, or name another directory"
        )
    if "trigram" in str(error) or "fts5" in str(error):
        return StorageStartError(
            "TASK_STORAGE_BACKEND",
            f"sqlite needs SQLite 3.34 or newer with FTS5, and this Python has {sqlite3.sqlite_version} ({error}); "
            "use another Python, postgres, or memory, which forgets all tasks at the end",
        )
    return _refusal(path, _damaged(str(error)))


def _damaged(problem: str) -> Problem:
    return Problem(
        f"is damaged ({problem})",
        "restore a backup with `gui-agents restore FILE --force`, or move the file away to begin without tasks",
    )


def _refuse(path: Path, problem: Problem | None) -> None:
    if problem is not None:
        raise _refusal(path, problem)


def _refusal(path: Path, problem: Problem) -> StorageStartError:
    return StorageStartError(VARIABLE, f"{path} {problem.text}; {problem.advice}")
