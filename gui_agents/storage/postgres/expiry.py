"""Old tasks are deleted, and how much room the others take.

A table's file does not shrink when rows are deleted: autovacuum makes their room free for new rows. So the size counts
what live rows take, and their share of the indexes. It is an estimate from some pages of each table, because to read
all of them would take minutes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg

LIMIT: Final = 100
"""Tasks deleted at once."""
ROW_BYTES: Final = 28
"""That a row takes besides its columns."""
SAMPLED_PAGES: Final = 1000
"""Of each table."""

TEXTS: Final[Mapping[str, Sequence[str]]] = {
    "tasks": ("task_id", "owner", "status", "reason", "model", "backend", "instruction", "message", "sandbox"),
    "requests": ("spec",),
    "texts": ("folded",),
    "outcomes": ("result", "history"),
    "messages": ("stage", "text"),
    "steps": ("step",),
}
"""The tables that grow, with their columns of any length."""
FIXED_BYTES: Final[Mapping[str, int]] = {
    "tasks": 96,
    "requests": 8,
    "texts": 8,
    "outcomes": 8,
    "messages": 24,
    "steps": 32,
}
"""Of the other columns."""

_OLD: Final = """
SELECT sequence, task_id FROM tasks WHERE ended_at < %s ORDER BY ended_at, sequence LIMIT %s
"""
_FORGET_DAYS: Final = "DELETE FROM spent WHERE (day + 1) * 86400.0 <= %s"
_ENDED: Final = "SELECT count(*) FROM tasks WHERE ended_at IS NOT NULL"
_SIZES: Final = (
    "SELECT pg_relation_size(%s::regclass), pg_table_size(%s::regclass), pg_total_relation_size(%s::regclass)"
)
_PAGE_BYTES: Final = 8192


def delete_older(connection: psycopg.Connection[Any], ended_before: float) -> list[str]:
    """Delete tasks that ended before a time, the oldest ones first, and return their ids as they are stored.

    What the days before that time have cost is deleted, too.

    Raises:
        psycopg.Error: the server says no.
    """
    connection.execute(_FORGET_DAYS, [ended_before])
    return _delete(connection, ended_before, LIMIT)


def delete_excess(connection: psycopg.Connection[Any], max_bytes: int) -> list[str]:
    """Delete the oldest tasks that have ended, if the store is larger than that; return their ids as they are stored.

    Raises:
        psycopg.Error: the server says no.
    """
    size = size_bytes(connection)
    if size <= max_bytes:
        return []
    row = connection.execute(_ENDED).fetchone()
    share = math.ceil((row[0] if row else 0) * (size - max_bytes) / size)
    return _delete(connection, math.inf, min(share, LIMIT))


def _delete(connection: psycopg.Connection[Any], ended_before: float, limit: int) -> list[str]:
    with connection.transaction():
        found = connection.execute(_OLD, [ended_before, limit]).fetchall()
        sequences = [sequence for sequence, _ in found]
        if sequences:
            for table in TEXTS:
                connection.execute(f"DELETE FROM {table} WHERE sequence = ANY(%s)".encode(), [sequences])
    return [task_id for _, task_id in found]


def size_bytes(connection: psycopg.Connection[Any]) -> int:
    """Return how much room the rows take, about.

    Raises:
        psycopg.Error: the server says no.
    """
    return sum(_table_bytes(connection, table) for table in TEXTS)


def _table_bytes(connection: psycopg.Connection[Any], table: str) -> int:
    pages_bytes, table_bytes, all_bytes = connection.execute(_SIZES, [table] * 3).fetchone() or (0, 0, 0)
    if not pages_bytes:
        return 0
    fraction = min(1.0, SAMPLED_PAGES * _PAGE_BYTES / pages_bytes)
    columns = " + ".join(f"coalesce(pg_column_size({column}), 0)" for column in TEXTS[table])
    query = (
        f"SELECT coalesce(sum({ROW_BYTES + FIXED_BYTES[table]} + {columns}), 0) "
        f"FROM {table} TABLESAMPLE SYSTEM ({fraction * 100:f}) REPEATABLE (0)"
    )
    row = connection.execute(query.encode()).fetchone()
    live = int(row[0]) / fraction if row else 0
    return round(live * all_bytes / table_bytes)
