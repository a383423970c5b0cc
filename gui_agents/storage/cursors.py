"""Cursors: where the next part of a list begins, as a text that only the same list takes."""

import base64
import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import attrs

from gui_agents.domain.storage import CursorError, TaskFilter, TaskOrder

LARGEST: Final = 2**63 - 1
"""Of a number that databases take."""


@attrs.frozen
class Position:
    """The last task of a part of a list."""

    section: int
    """The number of the part of the order that it is in: those without a value come behind those with one."""
    value: Any
    """What it is sorted by: a number, money as Decimal, or None in a section without a value."""
    sequence: int
    """Its number in the order of creation."""


VALUES: Final[Mapping[TaskOrder, tuple[type, ...]]] = {
    TaskOrder.CREATED: (float, int),
    TaskOrder.ENDED: (float, int),
    TaskOrder.DURATION: (float, int),
    TaskOrder.COST: (Decimal,),
    TaskOrder.STEPS: (int,),
}


def cursor_of(position: Position, wanted: TaskFilter, order: TaskOrder, *, descending: bool) -> str:
    """Return the cursor of the list of the `wanted` tasks in this order, behind `position`."""
    value = str(position.value) if isinstance(position.value, Decimal) else position.value
    parts = [_digest(wanted, order, descending=descending), position.section, value, position.sequence]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode()


def position_in(cursor: str, wanted: TaskFilter, order: TaskOrder, *, descending: bool, sections: int) -> Position:
    """Return the position that a cursor has.

    Raises:
        CursorError: it is none of this list.
    """
    try:
        digest, section, value, sequence = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        if order is TaskOrder.COST and value is not None:
            value = Decimal(value)
    except (ValueError, TypeError, InvalidOperation, RecursionError):
        raise CursorError("the cursor was not made by this service") from None
    if digest != _digest(wanted, order, descending=descending):
        raise CursorError("the cursor is of a list with other filters or another order")
    has_value = value is None if section else isinstance(value, VALUES[order])
    if section not in range(sections) or not has_value or not _is_number(sequence) or not _is_finite(value):
        raise CursorError("the cursor was not made by this service")
    return Position(section, value, sequence)


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_finite(value: Any) -> bool:
    return value is None or (-LARGEST <= value <= LARGEST if not isinstance(value, Decimal) else value.is_finite())


def _digest(wanted: TaskFilter, order: TaskOrder, *, descending: bool) -> str:
    """Return what tells this list from others. A frozenset has no order of its own."""
    told = {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in attrs.asdict(wanted, recurse=False).items()
    }
    text = json.dumps([told, order, descending], default=str)
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()
