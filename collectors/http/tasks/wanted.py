"""The query of the list of tasks: what is wanted, in which order, and what of it cannot be understood. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import parse_qs, urlencode

import attrs

from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.moment import moment
from gui_agents.domain.storage import TaskFilter, TaskOrder

FIELDS: Final = (
    *("id", "status", "reason", "model", "backend", "owner", "since", "until", "text", "min_cost"),
    *("sort", "order"),
)
"""Names in the query, apart from `cursor`."""
ASCENDING: Final = "asc"
MAX_FIELDS: Final = 60
MAX_COST: Final = Decimal("1e15")

Choice = TypeVar("Choice", bound=StrEnum)


@attrs.frozen(kw_only=True)
class Query:
    """A query that was read."""

    wanted: TaskFilter
    order: TaskOrder = TaskOrder.CREATED
    descending: bool = True
    cursor: str = ""
    given: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    """The texts of its fields, without empty ones."""
    mistakes: tuple[str, ...] = ()

    def first(self, name: str) -> str:
        """Return what a field says; empty if it says nothing."""
        return next(iter(self.given.get(name, ())), "")

    def address(self, **changes: str) -> str:
        """Return the query with some fields changed, or left out if empty, and without the cursor unless given."""
        fields = {**self.given, **{name: [text] for name, text in changes.items()}}
        return urlencode({name: [text for text in texts if text] for name, texts in fields.items()}, doseq=True)


def read(query: str, now: float) -> Query:
    """Return what a query asks for; what is not understood is left out, and named."""
    mistakes: list[str] = []
    try:
        fields = parse_qs(query, max_num_fields=MAX_FIELDS)
    except ValueError:
        fields, mistakes = {}, ["the address has too many fields"]
    given = {
        name: texts for name in FIELDS if (texts := [text.strip() for text in fields.get(name, ()) if text.strip()])
    }

    def one(name: str, parse: Callable[[str], float | Decimal]) -> float | Decimal | None:
        if name not in given:
            return None
        try:
            return parse(given[name][0])
        except ValueError as error:
            mistakes.append(f"{name}: {error}")
            return None

    def some(name: str, kind: type[Choice]) -> frozenset[Choice]:
        return frozenset(_known(given.get(name, ()), name, kind, mistakes))

    since, until = (one(name, lambda text: moment(text, now)) for name in ("since", "until"))
    cost = one("min_cost", _amount)
    return Query(
        wanted=TaskFilter(
            statuses=some("status", TaskStatus),
            reasons=some("reason", FailureReason),
            models=frozenset(given.get("model", ())),
            backends=frozenset(given.get("backend", ())),
            owner=next(iter(given.get("owner", ())), None),
            created_from=None if since is None else float(since),
            created_before=None if until is None else float(until),
            text=next(iter(given.get("text", ())), ""),
            id_prefix=next(iter(given.get("id", ())), ""),
            min_cost=None if cost is None else Decimal(cost),
        ),
        order=next(iter(_known(given.get("sort", ()), "sort", TaskOrder, mistakes)), TaskOrder.CREATED),
        descending=ASCENDING not in given.get("order", ()),
        cursor=next(iter(fields.get("cursor", ())), ""),
        given=given,
        mistakes=tuple(mistakes),
    )


def _known(texts: Sequence[str], name: str, kind: type[Choice], mistakes: list[str]) -> Iterator[Choice]:
    for text in texts:
        try:
            yield kind(text)
        except ValueError:
            mistakes.append(f"{name}: {text!r:.60} is none of {', '.join(kind)}")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
        # Not so for what is no number, which raises.
        if 0 <= amount <= MAX_COST:
            return amount
    except InvalidOperation:
        pass
    raise ValueError(f"{text!r:.60} is no amount such as 0.05")
