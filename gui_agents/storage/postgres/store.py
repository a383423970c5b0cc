"""The store in a PostgreSQL database.

Theory of operation. One connection writes, in pipeline mode: the statements of a batch go to the server without waiting
for answers, as one transaction. It holds the lock of the database (`lease`). Other connections read (`readers`).

A connection can be lost at any time. Then the call in progress raises StorageError, and the next one connects again and
takes the lock again. Whether a transaction that was being committed was committed is not known; it is written again,
which changes nothing.
"""

import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final

import psycopg

from gui_agents.domain.model import History
from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import (
    Entry,
    StorageError,
    StorageStartError,
    StoredStep,
    StoredTask,
    TaskCounts,
    TaskFilter,
    TaskOrder,
    TaskPage,
)
from gui_agents.domain.stream import StreamMessage
from gui_agents.storage import codec, queries, rows
from gui_agents.storage.dialect import Condition, Dialect, Fetch, Parameters
from gui_agents.storage.postgres import expiry, lease, schema
from gui_agents.storage.postgres.address import VARIABLE, Address
from gui_agents.storage.postgres.batches import groups
from gui_agents.storage.postgres.readers import Readers
from gui_agents.storage.postgres.session import READING, WRITING, Session
from gui_agents.storage.postgres.watchdog import Watchdog

START_SECONDS: Final = 10.0
"""How long a service that starts waits for the server, and for the service before it to end."""
AGAIN_SECONDS: Final = 2.0
"""How long a connection that replaces a lost one waits for the lock."""
WRITE_SECONDS: Final = 30.0
MIGRATION_SECONDS: Final = 24 * 3600.0
RETRY_SECONDS: Final = 0.2
STARTING: Final = ("starting up", "shutting down", "recovery mode", "too many")
"""In the words of a server that may let this service in a moment later."""


def _has_text(folded: str) -> Condition:
    pattern = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    sql = "sequence IN (SELECT sequence FROM requests WHERE folded LIKE ?)"
    return Condition(sql=sql, parameters=(f"%{pattern}%",))


DIALECT: Final = Dialect(write_money=lambda amount: amount, read_money=lambda amount: amount, has_text=_has_text)


@cache
def _numbered(statement: str) -> bytes:
    """Return a statement with the placeholders of psycopg."""
    return statement.replace("?", "%s").encode()


def _fetch(connection: psycopg.Connection[Any]) -> Fetch:
    def fetch(query: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        return connection.execute(_numbered(query), parameters).fetchall()

    return fetch


class PostgresStore:
    """A `TaskStore` in a database of a PostgreSQL server."""

    def __init__(self, connection_string: Secret, *, start_seconds: float = START_SECONDS) -> None:
        self._connection_string = connection_string
        self._start_seconds = start_seconds
        self._name = f"gui-agents {secrets.token_hex(4)}"
        """By which the server lists the connection that writes, and no other one."""
        self._watchdog = Watchdog()
        self._takeover = 0
        self._address: Address | None = None
        self._writer: Session | None = None
        self._readers: Readers | None = None

    def open(self) -> None:
        """Connect, take the lock and bring the tables to the newest version."""
        self._address = Address(self._connection_string)
        deadline = time.monotonic() + self._start_seconds
        self._writer = session = self._first_session(deadline)
        try:
            self._prepare(session, max(0.0, deadline - time.monotonic()))
        except StorageStartError:
            self.close()
            raise
        except StorageError as error:
            self.close()
            raise StorageStartError(VARIABLE, str(error)) from None
        self._readers = Readers(lambda: self._session("gui-agents reader", READING))

    def _prepare(self, session: Session, wait_seconds: float) -> None:
        if session.encoding != "UTF8":
            raise StorageStartError(
                VARIABLE, f"the database has the encoding {session.encoding}; make one with ENCODING 'UTF8'"
            )
        if not lease.take_lock(session, wait_seconds=wait_seconds):
            raise StorageStartError(
                VARIABLE, f"{lease.holder(session)} has this database; stop it, or make a database for each service"
            )
        with session.use(seconds=MIGRATION_SECONDS) as connection:
            schema.migrate(connection)
            schema.index_texts(connection)
            self._takeover = lease.count_takeover(connection)

    def _first_session(self, deadline: float) -> Session:
        while True:
            try:
                return self._session(self._name, WRITING)
            except StorageError as error:
                said = str(error)
                final = "FATAL" in said and not any(words in said for words in STARTING)
                if final or time.monotonic() >= deadline:
                    raise StorageStartError(VARIABLE, said) from None
            time.sleep(RETRY_SECONDS)

    def _session(self, name: str, settings: Mapping[str, str]) -> Session:
        if self._address is None:
            raise StorageError("PostgreSQL: the store is not open")
        return Session(self._address, name, settings, self._watchdog)

    def _connected(self) -> Session:
        """Return the session that writes; another one if the last one was lost."""
        if self._writer is not None and not self._writer.lost:
            return self._writer
        self._writer = None
        session = self._session(self._name, WRITING)
        try:
            lease.end_former(session, self._name)
            if not lease.take_lock(session, wait_seconds=AGAIN_SECONDS):
                raise StorageError(f"PostgreSQL: {lease.holder(session)} has the database now")
            with session.use(seconds=WRITE_SECONDS) as connection:
                if lease.takeover(connection) != self._takeover:
                    raise StorageError("PostgreSQL: another service has had the database meanwhile; restart this one")
        except StorageError:
            session.close()
            raise
        self._writer = session
        return session

    def write(self, entries: Sequence[Entry]) -> None:
        """Write a batch as one transaction."""
        with self._connected().use(seconds=WRITE_SECONDS) as connection, connection.pipeline():
            with connection.transaction():
                cursor = connection.cursor()
                for statement, parameters in groups(entries, DIALECT):
                    cursor.executemany(_numbered(statement), parameters)

    def unfinished(self) -> Sequence[StoredTask]:
        """Return the tasks that have not ended."""
        return [rows.task_in(row, DIALECT) for row in self._read(rows.UNFINISHED)]

    def task(self, task_id: str) -> StoredTask | None:
        """Return one task."""
        found = self._read(rows.TASK, codec.text_of(task_id))
        return rows.task_in(found[0], DIALECT) if found else None

    def messages(self, task_id: str) -> Sequence[StreamMessage]:
        """Return the messages of a task."""
        return [rows.message_in(row) for row in self._read(rows.MESSAGES, codec.text_of(task_id))]

    def steps(self, task_id: str) -> Sequence[StoredStep]:
        """Return the steps of a task."""
        return [rows.step_in(row) for row in self._read(rows.STEPS, codec.text_of(task_id))]

    def history(self, task_id: str) -> History:
        """Return the conversation of a task."""
        return rows.history_in(next(iter(self._read(rows.HISTORY, codec.text_of(task_id))), None))

    def spent(self, day: int) -> Mapping[str, Decimal]:
        """Return what a day has cost."""
        return rows.spent_in(self._read(rows.SPENT_ON, day), DIALECT)

    def _read(self, query: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        return self._reading().read(lambda connection: _fetch(connection)(query, parameters))

    def _reading(self) -> Readers:
        if self._readers is None:
            raise StorageError("PostgreSQL: the store is not open")
        return self._readers

    def tasks(
        self, wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str = ""
    ) -> TaskPage:
        """Return the next part of a list."""
        return self._reading().read(
            lambda connection: queries.page(
                _fetch(connection), DIALECT, wanted, order, descending=descending, limit=limit, cursor=cursor
            )
        )

    def counts(self, wanted: TaskFilter) -> TaskCounts:
        """Return the sums of the wanted tasks."""
        return self._reading().read(lambda connection: queries.counts(_fetch(connection), DIALECT, wanted))

    def expire(self, *, ended_before: float, max_bytes: int | None) -> Collection[str]:
        """Delete old tasks, then the oldest ones of too many."""
        with self._connected().use(seconds=WRITE_SECONDS) as connection:
            deleted = expiry.delete_older(connection, ended_before)
            if not deleted and max_bytes is not None:
                deleted = expiry.delete_excess(connection, max_bytes)
        return [codec.text_in(task_id) for task_id in deleted]

    def size_bytes(self) -> int:
        """Return how much room the tasks take, about."""
        return self._reading().read(expiry.size_bytes)

    def close(self) -> None:
        """End the connections, and so the lock."""
        if self._readers is not None:
            self._readers.close()
        if self._writer is not None:
            self._writer.close()
        self._readers = self._writer = self._address = None
        self._watchdog.close()
