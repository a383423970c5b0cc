"""Texts in instructions, and the filters that few tasks meet.

Theory of operation. SQLite's trigram index finds texts of three characters and more. To add one instruction to it
costs as much as all else that is written of a task, and a tenth of that if many are added at once. So instructions wait
in their table, and `index_waiting` adds them once there are enough. Until then each search looks at them one by one.

A list is read along the index of its order, which passes over the tasks that do not match. That is quick if many tasks
match. If few do, they are found first, by the index of that filter, and then sorted: `narrowed` decides by looking
whether a filter has fewer than `FEW` tasks.
"""

import sqlite3
from typing import Final

from gui_agents.domain.storage import TaskFilter
from gui_agents.storage import codec
from gui_agents.storage.dialect import Condition, Dialect, Fetch
from gui_agents.storage.queries import conditions

AT_ONCE: Final = 256
"""Instructions that are added to the index at once."""
FEW: Final = 1000
"""Tasks that are found by a filter before they are sorted."""
TRIGRAM: Final = 3
"""Characters that a text must have to be found by the index."""
MOST_TRIGRAMS: Final = 32
"""Of a longer text only so many are looked up; the tasks that are found are compared with all of it."""

_WAITING: Final = "SELECT count(*) FROM requests WHERE sequence > (SELECT sequence FROM indexed)"
_LAST: Final = """
SELECT max(sequence) FROM (
    SELECT sequence FROM requests WHERE sequence > (SELECT sequence FROM indexed) ORDER BY sequence LIMIT ?
)
"""
_ADD: Final = """
INSERT INTO search (rowid, folded)
SELECT sequence, folded FROM requests WHERE sequence > (SELECT sequence FROM indexed) AND sequence <= ?
"""
_NOTE: Final = "UPDATE indexed SET sequence = ?"
_FOUND: Final = """
sequence IN (
    SELECT rowid FROM search WHERE search MATCH ?
    UNION ALL SELECT sequence FROM requests WHERE sequence > (SELECT sequence FROM indexed) AND instr(folded, ?)
)
"""
_REMOVE: Final = """
INSERT INTO search (search, rowid, folded)
SELECT 'delete', sequence, folded FROM requests WHERE sequence = ? AND sequence <= (SELECT sequence FROM indexed)
"""


def waiting(connection: sqlite3.Connection) -> int:
    """Return how many instructions are not in the index yet."""
    (number,) = connection.execute(_WAITING).fetchone()
    return int(number)


def index_waiting(connection: sqlite3.Connection) -> None:
    """Add the next instructions to the index, within the transaction."""
    (last,) = connection.execute(_LAST, (AT_ONCE,)).fetchone()
    if last is not None:
        connection.execute(_ADD, (last,))
        connection.execute(_NOTE, (last,))


def remove(connection: sqlite3.Connection, sequence: int) -> None:
    """Remove an instruction from the index if it is there; it must still be in its table."""
    connection.execute(_REMOVE, (sequence,))


def has_text(text: str) -> Condition:
    """Return the condition that a folded text is in the instruction of a task."""
    return Condition(
        sql="EXISTS (SELECT 1 FROM requests WHERE requests.sequence = tasks.sequence AND instr(folded, ?))",
        parameters=(text,),
    )


def narrowed(fetch: Fetch, wanted: TaskFilter, dialect: Dialect) -> Condition | None:
    """Return a condition by which the wanted tasks are found first; None if no filter has but few tasks."""
    text = codec.folded(wanted.text)
    by_text = _by_index(text) if len(text) >= TRIGRAM else None
    others = conditions(wanted, dialect)[: -1 if text else None]
    for condition in [*([by_text] if by_text is not None else []), *others]:
        found = f"SELECT sequence FROM tasks WHERE {condition.sql} LIMIT {FEW}"
        ((number,),) = fetch(f"SELECT count(*) FROM ({found})", condition.parameters)
        if number < FEW:
            sql = f"+sequence IN (SELECT sequence FROM tasks WHERE {condition.sql})"
            return Condition(sql=sql, parameters=condition.parameters)
    return None


def _by_index(text: str) -> Condition:
    trigrams = {text[at : at + TRIGRAM]: None for at in range(len(text) - TRIGRAM + 1)}
    words = (trigram.replace('"', '""') for trigram in [*trigrams][:MOST_TRIGRAMS])
    return Condition(sql=_FOUND, parameters=(" AND ".join(f'"{word}"' for word in words), text))
