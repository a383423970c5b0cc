"""One service a database: the lock of a session, and a number that says who had it last.

The lock is held as long as the connection. When that is lost, another service may take the lock. Every service adds 1
to `takeover` when it starts, so whoever comes back after a loss sees whether another one has been there in between. If
so it writes nothing any more, because its tasks are no longer its own.
"""

from typing import Any, Final

import psycopg

from gui_agents.storage.postgres.session import Session

KEY: Final = 0x6775692D61676E74
"""Of the advisory lock, "gui-agnt"; such keys count within one database."""
SECONDS_MORE: Final = 5.0
"""For the answer, after the time to wait for the lock."""


def take_lock(session: Session, *, wait_seconds: float) -> bool:
    """Take the lock of the database; return whether it was free within that time.

    Raises:
        StorageError: the server cannot be asked.
    """
    with session.use(seconds=wait_seconds + SECONDS_MORE) as connection:
        milliseconds = max(1, round(wait_seconds * 1000))
        try:
            with connection.transaction():
                connection.execute("SELECT set_config('lock_timeout', %s, true)", [str(milliseconds)])
                connection.execute("SELECT pg_advisory_lock(%s)", [KEY])
        except psycopg.errors.LockNotAvailable:
            return False
    return True


def holder(session: Session) -> str:
    """Return where the service is that has the lock, for a message.

    Raises:
        StorageError: the server cannot be asked.
    """
    with session.use(seconds=SECONDS_MORE) as connection:
        row = connection.execute(
            """
            SELECT pid, host(client_addr) FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (classid::bigint << 32) + objid::bigint = %s AND objsubid = 1 AND granted
            """,
            [KEY],
        ).fetchone()
    if row is None:  # it has just let go
        return "it has just ended"
    pid, address = row
    return f"on {address or 'the machine of the server'}, the server's process {pid}"


def end_former(session: Session, name: str) -> None:
    """End what the server still has of earlier sessions of this service, which would hold the lock.

    Raises:
        StorageError: the server cannot be asked.
    """
    with session.use(seconds=SECONDS_MORE) as connection:
        connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()
            """,
            [name],
        )


def takeover(connection: psycopg.Connection[Any]) -> int:
    """Return the number of the service that took the database over last; 0 before the first one.

    Raises:
        psycopg.Error: the server says no.
    """
    return _number(connection.execute("SELECT number FROM takeover"))


def count_takeover(connection: psycopg.Connection[Any]) -> int:
    """Add 1 to that number and return it.

    Raises:
        psycopg.Error: the server says no.
    """
    return _number(connection.execute("UPDATE takeover SET number = number + 1 RETURNING number"))


def _number(cursor: psycopg.Cursor[Any]) -> int:
    ((number,),) = cursor.fetchall()
    return int(number)
