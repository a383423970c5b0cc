"""What the checks of all protocols share."""

from collections.abc import Collection, Mapping
from typing import Any


class WrongError(Exception):
    """A request is not what its protocol demands."""


def demand(ok: object, problem: str) -> None:
    """Refuse the request unless `ok`."""
    if not ok:
        raise WrongError(problem)


def fields(where: str, given: Any, known: Collection[str], *, needed: Collection[str] = ()) -> Mapping[str, Any]:
    """Return an object that has no other fields than `known`, and all of `needed`."""
    demand(isinstance(given, dict), f"{where}: must be an object")
    for name in given:
        demand(name in known or name in needed, f"{where}.{name}: Extra inputs are not permitted")
    for name in needed:
        demand(name in given, f"{where}.{name}: Field required")
    found: Mapping[str, Any] = given
    return found


def tokens(where: str, given: Any) -> None:
    """Refuse what is no number of tokens."""
    demand(isinstance(given, int) and not isinstance(given, bool) and given >= 1, f"{where}: must be at least 1")
