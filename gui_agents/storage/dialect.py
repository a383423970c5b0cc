"""How databases differ, as data."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import attrs

Parameters = Sequence[Any]
Fetch = Callable[[str, Parameters], Sequence[Sequence[Any]]]
"""Runs a query and returns its rows."""


@attrs.frozen(kw_only=True)
class Condition:
    """A condition of a query on `tasks`, with its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


EVERY: Final = Condition(sql="1 = 1")


@attrs.frozen(kw_only=True)
class Dialect:
    """What the statements and queries that databases share need to know of one."""

    write_money: Callable[[Decimal], Any]
    """Returns an amount as the database sorts it, exactly."""
    read_money: Callable[[Any], Decimal]
    costs: str
    """The columns of a query for the costs of tasks: a currency and an amount, which may be a sum."""
    costs_grouped: str = ""
    """What follows behind its condition."""
    has_text: Callable[[str], Condition]
    """Returns the condition that a folded text is in the folded instruction of a task."""
