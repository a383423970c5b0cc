"""The store in a file of SQLite.

Theory of operation. One connection writes, and belongs to the thread that calls `write`; the readers' connections are
lent to any thread. The file has a write-ahead log, so neither waits for the other. With synchronous=FULL a transaction
is on disk when COMMIT has returned.

If anything fails, the writing connection is closed and the next transaction opens another one: a full disk, for one,
may leave a connection that fails for ever. Before each transaction is looked whether the file is still there.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from gui_agents.domain.journal import Entry, TaskCreated
from gui_agents.domain.model import History
from gui_agents.domain.storage import StorageError, StoredStep, StoredTask, TaskCounts, TaskFilter, TaskOrder, TaskPage
from gui_agents.domain.stream import StreamMessage
from gui_agents.storage import amounts, codec, queries, rows
from gui_agents.storage.dialect import Dialect
from gui_agents.storage.queries import Section
from gui_agents.storage.sqlite import expiry, search
from gui_agents.storage.sqlite.connections import Readers, connected, is_unavailable, unavailable
from gui_agents.storage.sqlite.files import DATABASE, Lock, check_present, made
from gui_agents.storage.sqlite.opening import opened

SQLITE: Final = Dialect(
    write_money=amounts.written, read_money=amounts.read, costs="currency, cost", has_text=search.has_text
)


class SqliteStore:
    """Tasks in the file `tasks.sqlite` of a directory; see `domain.storage.TaskStore`."""

    def __init__(self, directory: Path) -> None:
        self.path: Final = directory / DATABASE
        self._readers = Readers(self.path)
        self._lock: Lock | None = None
        self._writer: sqlite3.Connection | None = None
        self._inode = 0
        self._waiting = 0
        """Instructions that are not in the index of texts; never too few."""

    def open(self) -> None:
        """Take the file over and bring it to the newest version."""
        self._lock = Lock.taken(self.path.parent)
        try:
            self._inode = made(self.path)
            self._writer = opened(self.path)
            self._waiting = search.waiting(self._writer)
        except BaseException:
            self.close()
            raise

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries in their order, all or none."""
        waiting = self._waiting + sum(isinstance(entry, TaskCreated) for entry in entries)
        with self._transaction() as connection:
            for _, statements in rows.of_batch(entries, SQLITE):
                for sql, parameters in statements:
                    connection.execute(sql, parameters)
            while waiting >= search.AT_ONCE:
                search.index_waiting(connection)
                waiting -= search.AT_ONCE
        self._waiting = waiting

    def unfinished(self) -> Sequence[StoredTask]:
        """Return the tasks that have not ended, in the order of their creation."""
        with self._readers.reading() as fetch:
            return [rows.task_in(row, SQLITE) for row in fetch(rows.UNFINISHED, ())]

    def task(self, task_id: str) -> StoredTask | None:
        """Return one task; None if it is unknown."""
        with self._readers.reading() as fetch:
            found = fetch(rows.TASK, (codec.text_of(task_id),))
            return rows.task_in(found[0], SQLITE) if found else None

    def messages(self, task_id: str) -> Sequence[StreamMessage]:
        """Return the messages of a task's stream in their order."""
        with self._readers.reading() as fetch:
            return [rows.message_in(row) for row in fetch(rows.MESSAGES, (codec.text_of(task_id),))]

    def steps(self, task_id: str) -> Sequence[StoredStep]:
        """Return the steps of a task in their order."""
        with self._readers.reading() as fetch:
            return [rows.step_in(row) for row in fetch(rows.STEPS, (codec.text_of(task_id),))]

    def history(self, task_id: str) -> History:
        """Return the conversation of a task."""
        with self._readers.reading() as fetch:
            found = fetch(rows.HISTORY, (codec.text_of(task_id),))
            return rows.history_in(found[0] if found else None)

    def tasks(
        self, wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str = ""
    ) -> TaskPage:
        """Return the next part of a list."""
        with self._readers.reading() as fetch:
            narrowed = search.narrowed(fetch, wanted, SQLITE)
            return queries.page(
                fetch,
                SQLITE,
                wanted,
                order,
                descending=descending,
                limit=limit,
                cursor=cursor,
                source=_walked if narrowed is None else _table,
                narrowed=narrowed,
            )

    def counts(self, wanted: TaskFilter) -> TaskCounts:
        """Return the sums of the wanted tasks."""
        with self._readers.reading() as fetch:
            return queries.counts(fetch, SQLITE, wanted, narrowed=search.narrowed(fetch, wanted, SQLITE))

    def spent(self, day: int) -> Mapping[str, Mapping[str, Decimal]]:
        """Return what a day has cost, by owner and then by ISO code."""
        with self._readers.reading() as fetch:
            return rows.spent_in(fetch(rows.SPENT_ON, (day,)), SQLITE)

    def expire(self, *, ended_before: float, max_bytes: int | None) -> Collection[str]:
        """Delete old tasks, at most `expiry.AT_ONCE`."""
        with self._transaction() as connection:
            deleted = expiry.expire(connection, ended_before, max_bytes)
        with self._writing() as connection:
            expiry.give_back(connection)
        return deleted

    def size_bytes(self) -> int:
        """Return the size of the pages in use."""
        with self._writing() as connection:
            return expiry.used_bytes(connection)

    def close(self) -> None:
        """Let the file go."""
        self._readers.close()
        self._disconnect()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the writing connection. After a failure it is closed, which also rolls a transaction back."""
        if self._lock is None:
            raise StorageError(f"{self.path} is not open")
        check_present(self.path, self._inode)
        try:
            if self._writer is None:
                self._writer = connected(self.path, read_only=False)
            yield self._writer
        except sqlite3.Error as error:
            self._disconnect()
            if is_unavailable(error):
                raise unavailable(self.path, error) from error
            raise
        except BaseException:
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _walked(section: Section) -> str:
    """Return the table, read along the index of an order; the planner would rather sort."""
    return f"tasks INDEXED BY {section.index}"


def _table(_section: Section) -> str:
    return "tasks NOT INDEXED"
