"""Texts in instructions, and the filters that few tasks meet.

Theory of operation. SQLite's trigram index finds texts of three characters and more; shorter ones are looked for in
one instruction after the other. To add one instruction to the index costs as much as all else that is written of a
task, and a tenth of that if many are added at once. So instructions wait in their table, and `index_waiting` adds them
once there are enough. Until then each search looks at them one by one, too.

A list is read along the index of its order, which passes over the tasks that do not match. That is quick if many tasks
match. If few do, they are found first, by the index of that filter, and then sorted: `narrowed` finds out whether a
filter has at most `FEW` tasks.
"""

import json
import sqlite3
from collections.abc import Iterator
from typing import Final

from gui_agents.domain.storage import TaskFilter
from gui_agents.storage import codec
from gui_agents.storage.dialect import Condition, Dialect, Fetch
from gui_agents.storage.queries import conditions

AT_ONCE: Final = 256
"""Instructions that are added to the index at once."""
FEW: Final = 4000
"""Tasks that are found by a filter before they are sorted."""
TRIGRAM: Final = 3
"""Characters that a text must have to be found by the index."""
MOST_TRIGRAMS: Final = 4
"""Of a longer text only so many are looked up; what is found is compared with all of it."""

_WAITING: Final = "SELECT count(*) FROM texts WHERE sequence > (SELECT sequence FROM indexed)"
_LAST: Final = """
SELECT max(sequence) FROM (
    SELECT sequence FROM texts WHERE sequence > (SELECT sequence FROM indexed) ORDER BY sequence LIMIT ?
)
"""
_ADD: Final = """
INSERT INTO search (rowid, folded)
SELECT sequence, folded FROM texts WHERE sequence > (SELECT sequence FROM indexed) AND sequence <= ?
"""
_NOTE: Final = "UPDATE indexed SET sequence = ?"
_INDEXED: Final = """
SELECT texts.sequence FROM search CROSS JOIN texts ON texts.sequence = search.rowid
WHERE search MATCH ? AND instr(texts.folded, ?)
UNION ALL SELECT sequence FROM texts WHERE sequence > (SELECT sequence FROM indexed) AND instr(folded, ?)
"""
_LOOKED_FOR: Final = "SELECT sequence FROM texts WHERE instr(folded, ?)"
_REMOVE: Final = """
INSERT INTO search (search, rowid, folded)
SELECT 'delete', sequence, folded FROM texts WHERE sequence = ? AND sequence <= (SELECT sequence FROM indexed)
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
        sql="EXISTS (SELECT 1 FROM texts WHERE texts.sequence = tasks.sequence AND instr(folded, ?))",
        parameters=(text,),
    )


def narrowed(fetch: Fetch, wanted: TaskFilter, dialect: Dialect) -> Condition | None:
    """Return a condition that names the tasks that meet a filter; None if no filter has but few."""
    for found in _each_filter(wanted, dialect):
        rows = fetch(f"{found.sql} LIMIT {FEW + 1}", found.parameters)
        if len(rows) <= FEW:
            # As one parameter, so that the statement is the same for any number of them.
            sequences = json.dumps([sequence for (sequence,) in rows])
            return Condition(sql="sequence IN (SELECT value FROM json_each(?))", parameters=(sequences,))
    return None


def _each_filter(wanted: TaskFilter, dialect: Dialect) -> Iterator[Condition]:
    """Yield a query for the tasks that meet a filter, for each one; the slowest last."""
    text = codec.folded(wanted.text)
    for condition in conditions(wanted, dialect)[: -1 if text else None]:
        yield Condition(sql=f"SELECT sequence FROM tasks WHERE {condition.sql}", parameters=condition.parameters)
    if len(text) >= TRIGRAM:
        yield Condition(sql=_INDEXED, parameters=(_trigrams(text), text, text))
    elif text:
        yield Condition(sql=_LOOKED_FOR, parameters=(text,))


def _trigrams(text: str) -> str:
    """Return what is looked up in the index: trigrams side by side, and the last one."""
    begins = [*range(0, len(text) - TRIGRAM, TRIGRAM)][: MOST_TRIGRAMS - 1]
    words = (text[at : at + TRIGRAM].replace('"', '""') for at in [*begins, len(text) - TRIGRAM])
    return " AND ".join(f'"{word}"' for word in words)
