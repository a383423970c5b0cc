"""Deletes old tasks, a few at a time, with all that belongs to them."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from gui_agents.storage import codec
from gui_agents.storage.sqlite import search

AT_ONCE: Final = 100
"""Tasks that a transaction deletes; some tens of milliseconds."""
FREED_AT_ONCE: Final = 2000
"""Pages that are given back to the disk after that."""
SECONDS_PER_DAY: Final = 86_400

_OLDEST: Final = "SELECT sequence, task_id FROM tasks WHERE ended_at < ? ORDER BY ended_at, sequence LIMIT ?"
_DAYS: Final = "DELETE FROM spent WHERE (day + 1) * ? <= ?"
_TABLES: Final = ("steps", "messages", "outcomes", "texts", "requests", "tasks")


def expire(connection: sqlite3.Connection, ended_before: float, max_bytes: int | None) -> Sequence[str]:
    """Delete tasks that ended before a time, then the oldest ended ones while there are more bytes than that.

    Returns the ids of those that were deleted. The transaction is the caller's.
    """
    deleted = [_deleted(connection, *row) for row in connection.execute(_OLDEST, (ended_before, AT_ONCE)).fetchall()]
    connection.execute(_DAYS, (SECONDS_PER_DAY, ended_before))
    if max_bytes is not None:
        oldest = connection.execute(_OLDEST, (float("inf"), AT_ONCE - len(deleted))).fetchall()
        for row in oldest:
            if used_bytes(connection) <= max_bytes:
                break
            deleted.append(_deleted(connection, *row))
    return deleted


def give_back(connection: sqlite3.Connection) -> None:
    """Make the file smaller by what deleted tasks have left free, a bounded part of it."""
    # `execute` would take one step of it, which gives back one page.
    connection.executescript(f"PRAGMA incremental_vacuum({FREED_AT_ONCE})")


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the size of the pages in use. The file may be larger."""
    return (_pragma(connection, "page_count") - _pragma(connection, "freelist_count")) * _pragma(
        connection, "page_size"
    )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _deleted(connection: sqlite3.Connection, sequence: int, task_id: str) -> str:
    search.remove(connection, sequence)
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table} WHERE sequence = ?", (sequence,))
    return codec.text_in(task_id)
