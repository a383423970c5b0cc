"""The store in a PostgreSQL database.

Theory of operation. One connection writes, in pipeline mode: the statements of a batch go to the server without waiting
for answers, as one transaction. It holds the lock of the database (`lease`). Other connections read (`readers`).

A connection can be lost at any time. Then the call in progress raises StorageError, and the next one connects again and
takes the lock again. Whether a transaction that was being committed was committed is not known; it is written again,
which changes nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar

import psycopg

from gui_agents.domain.journal import Entry
from gui_agents.domain.model import History
from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import (
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
from gui_agents.storage.postgres import expiry
from gui_agents.storage.postgres.address import VARIABLE, Address
from gui_agents.storage.postgres.batches import groups
from gui_agents.storage.postgres.owner import Owner
from gui_agents.storage.postgres.readers import Readers
from gui_agents.storage.postgres.session import READING, Session
from gui_agents.storage.postgres.watchdog import Watchdog

Result = TypeVar("Result")

START_SECONDS: Final = 10.0
"""How long a service that starts waits for the server, and for the service before it to end."""
ANSWER_SECONDS: Final = 30.0
"""How long the server may take for a batch, or for an answer."""


def _has_text(folded: str) -> Condition:
    pattern = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    sql = "sequence IN (SELECT sequence FROM texts WHERE folded LIKE ?)"
    return Condition(sql=sql, parameters=(f"%{pattern}%",))


POSTGRES: Final = Dialect(
    write_money=lambda amount: amount,
    read_money=lambda amount: amount,
    costs="currency, sum(cost)",
    costs_grouped="GROUP BY currency",
    has_text=_has_text,
)


@lru_cache(maxsize=512)
def _numbered(statement: str) -> bytes:
    """Return a statement with the placeholders of psycopg."""
    return statement.replace("?", "%s").encode()


def _key(task_id: str) -> Parameters:
    return (codec.text_of(task_id),)


def _fetch(connection: psycopg.Connection[Any]) -> Fetch:
    def fetch(query: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        return connection.execute(_numbered(query), parameters).fetchall()

    return fetch


class PostgresStore:
    """A `TaskStore` in a database of a PostgreSQL server."""

    def __init__(
        self, connection_string: Secret, *, start_seconds: float = START_SECONDS, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._connection_string = connection_string
        self._start_seconds = start_seconds
        self._answer_seconds = answer_seconds
        self._watchdog = Watchdog()
        self._owner: Owner | None = None
        self._readers: Readers | None = None

    def open(self) -> None:
        """Connect, take the lock and bring the tables to the newest version."""
        address = Address(self._connection_string)
        self._watchdog = Watchdog()
        self._owner = Owner(address, self._watchdog, self._answer_seconds)
        try:
            self._owner.open(self._start_seconds)
        except StorageStartError:
            self.close()
            raise
        except (StorageError, ValueError) as error:
            self.close()
            raise StorageStartError(VARIABLE, str(error)) from None
        self._readers = Readers(
            lambda: Session(address, "gui-agents reader", READING, self._watchdog), seconds=self._answer_seconds
        )

    def write(self, entries: Sequence[Entry]) -> None:
        """Write a batch as one transaction."""
        with self._writing() as connection, connection.pipeline(), connection.transaction():
            cursor = connection.cursor()
            for statement, parameters in groups(entries, POSTGRES):
                cursor.executemany(_numbered(statement), parameters)

    def unfinished(self) -> Sequence[StoredTask]:
        """Return the tasks that have not ended, in the order of their creation."""
        return self._read(lambda fetch: [rows.task_in(row, POSTGRES) for row in fetch(rows.UNFINISHED, ())])

    def task(self, task_id: str) -> StoredTask | None:
        """Return one task; None if it is unknown."""

        def read(fetch: Fetch) -> StoredTask | None:
            found = fetch(rows.TASK, _key(task_id))
            return rows.task_in(found[0], POSTGRES) if found else None

        return self._read(read)

    def messages(self, task_id: str) -> Sequence[StreamMessage]:
        """Return the messages of a task's stream in their order."""
        return self._read(lambda fetch: [rows.message_in(row) for row in fetch(rows.MESSAGES, _key(task_id))])

    def steps(self, task_id: str) -> Sequence[StoredStep]:
        """Return the steps of a task in their order."""
        return self._read(lambda fetch: [rows.step_in(row) for row in fetch(rows.STEPS, _key(task_id))])

    def history(self, task_id: str) -> History:
        """Return the conversation of a task."""
        return self._read(lambda fetch: rows.history_in(next(iter(fetch(rows.HISTORY, _key(task_id))), None)))

    def spent(self, day: int) -> Mapping[str, Mapping[str, Decimal]]:
        """Return what a day has cost, by owner and then by ISO code."""
        return self._read(lambda fetch: rows.spent_in(fetch(rows.SPENT_ON, (day,)), POSTGRES))

    def tasks(
        self, wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str = ""
    ) -> TaskPage:
        """Return the next part of a list."""
        return self._read(
            lambda fetch: queries.page(
                fetch, POSTGRES, wanted, order, descending=descending, limit=limit, cursor=cursor
            ),
            at_once=True,
        )

    def counts(self, wanted: TaskFilter) -> TaskCounts:
        """Return the sums of the wanted tasks."""
        return self._read(lambda fetch: queries.counts(fetch, POSTGRES, wanted), at_once=True)

    def expire(self, *, ended_before: float, max_bytes: int | None) -> Collection[str]:
        """Delete old tasks, then the oldest ones of too many; at most `expiry.LIMIT`."""
        with self._writing() as connection:
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
        if self._owner is not None:
            self._owner.close()
        self._readers = self._owner = None
        self._watchdog.close()

    @contextmanager
    def _writing(self) -> Iterator[psycopg.Connection[Any]]:
        if self._owner is None:
            raise StorageError("PostgreSQL: the store is not open")
        with self._owner.session().use(seconds=self._answer_seconds) as connection:
            yield connection

    def _read(self, work: Callable[[Fetch], Result], *, at_once: bool = False) -> Result:
        """Return what is read; with `at_once`, all that several queries read is of one instant."""

        def read(connection: psycopg.Connection[Any]) -> Result:
            with connection.transaction() if at_once else nullcontext():
                return work(_fetch(connection))

        try:
            return self._reading().read(read)
        except (KeyError, ValueError) as error:
            raise StorageError(f"PostgreSQL has a row that cannot be read: {error!r}") from error

    def _reading(self) -> Readers:
        if self._readers is None:
            raise StorageError("PostgreSQL: the store is not open")
        return self._readers
