"""A batch of entries as few groups of equal statements.

psycopg and the server take half the time for many rows of one statement that they take for as many different ones. The
statements of one task must stay in their order; those of different tasks change different rows, so their order is free,
except for creations, whose order is that of lists. Equal statements therefore go together, as far as that allows: a
statement that stands before its task's last one in `ORDER` belongs to the next round.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from gui_agents.domain.journal import DaySpent, Entry
from gui_agents.storage import rows
from gui_agents.storage.dialect import Dialect, Parameters

ORDER: Final = (
    *(rows.CREATE, rows.CREATE_REQUEST, rows.CREATE_TEXT, rows.REQUEUE, rows.START, rows.STARTED, rows.SANDBOX),
    *(rows.STEP, rows.USED, rows.MESSAGE, rows.OUTCOME, rows.END, rows.SPENT),
)
"""As they come in most tasks. Another order would only make more groups."""
_RANKS: Final = {statement: rank for rank, statement in enumerate(ORDER)}


def groups(entries: Sequence[Entry], dialect: Dialect) -> Iterator[tuple[str, list[Parameters]]]:
    """Yield the statements that write the entries, each with the parameters of all of its rows."""
    last: dict[str, tuple[int, int]] = {}
    """Round and rank of each task's last statement; amounts of days count as one task."""
    created_in = 0
    """The round of the last creation."""
    placed: list[tuple[tuple[int, int], Parameters]] = []
    for entry, statements in rows.of_batch(entries, dialect):
        task_id = "" if isinstance(entry, DaySpent) else entry.task_id
        number, before = last.get(task_id, (0, 0))
        for statement, parameters in statements:
            rank = _RANKS[statement]
            number += rank < before
            if statement == rows.CREATE:
                number = created_in = max(number, created_in)
            before = rank
            placed.append(((number, rank), parameters))
        last[task_id] = number, before
    placed.sort(key=lambda each: each[0])
    for (_, rank), group in groupby(placed, key=lambda each: each[0]):
        yield ORDER[rank], [parameters for _, parameters in group]
