"""Finding what a person means on a screen, and never something else that is merely called alike."""

from collections.abc import Iterable, Iterator
from typing import Final

from gui_agents.decider.labels import quoted
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.nouns import ACTIVE, ANY, Roles
from gui_agents.decider.real.targets import Target, plain, readings, words
from gui_agents.decider.real.view import Seen, View

MAX_PROBLEM_LENGTH: Final = 500
_SHORTEST_PART: Final = 3
"""Characters of a name that is looked for inside of longer names."""


def find(view: View, label: str, roles: Roles = ANY) -> Seen | None:
    """Return what is meant by `label` among these roles, or None if there is nothing of the kind.

    First whatever has exactly this name, in any reading of the label; then whatever has it as a part of its name.

    Raises:
        NotPossibleError: several things may be meant, and they are not called the same.
    """
    key = (label, roles)
    if key not in view.found:
        view.found[key] = _look(view, list(readings(label)), roles)
    return view.found[key]


def _look(view: View, targets: list[Target], roles: Roles) -> Seen | None:
    for is_exact in (True, False):
        for target in targets:
            found = _best(view, target, roles, is_exact=is_exact)
            if found is not None:
                return found
    return None


def missing(view: View, label: str, roles: Roles, noun: str) -> str:
    """Return that there is no such thing, and what there is."""
    offered = roles or ACTIVE
    offering = (seen for seen in view.all if seen.is_front and seen.role in offered)
    names = (view.label_of(seen) for seen in offering if seen.role != "option")
    there = ", ".join(dict.fromkeys(" ".join(name.split()) for name in names if name.strip()))
    offer = f"; there are: {there}" if there else f"; there is no {noun} at all" if roles else ""
    return f"there is no {noun} named {quoted(label)} in {view.place}{offer}"[:MAX_PROBLEM_LENGTH]


def _best(view: View, target: Target, roles: Roles, *, is_exact: bool) -> Seen | None:
    wanted = target.roles & roles if target.roles and roles else target.roles or roles
    if not wanted and (target.roles or not target.name):
        return None
    fitting = [
        seen
        for seen in _candidates(view, target)
        if (seen.role in wanted if wanted else not view.is_surface(seen))
        and _fits(view, seen, target, is_exact=is_exact)
    ]
    if not fitting:
        return None
    if not wanted or wanted & ACTIVE:
        fitting = [seen for seen in fitting if seen.role in ACTIVE] or fitting
    if target.ordinal:
        front = [seen for seen in fitting if seen.is_front] or fitting
        place = target.ordinal - 1 if target.ordinal > 0 else -1
        return front[place] if place < len(front) else None
    best = min(fitting, key=lambda seen: _preference(view, seen, target))
    if not is_exact or not target.name:
        _check_alone(view, best, fitting, target)
    return best


def _candidates(view: View, target: Target) -> Iterable[Seen]:
    if not target.within:
        return view.all
    form = plain(target.within)
    holders = [seen for seen in view.all if form and plain(seen.element.name) == form and seen.element.children]
    if holders:
        return [inner for holder in holders for inner in view.within(holder)]
    return _beside(view, form)


def _beside(view: View, form: str) -> Iterator[Seen]:
    """Yield what stands in the row, item or group of a text: `Delete in the row of Bob`."""
    for text in view.all:
        if form and plain(text.element.name) == form:
            holder = next((seen for seen in text.above() if seen.role in {"row", "listitem", "group"}), None)
            if holder is not None:
                yield from view.within(holder)


def _fits(view: View, seen: Seen, target: Target, *, is_exact: bool) -> bool:
    if not target.name:
        return is_exact
    form = view.plain_of(seen)
    if is_exact:
        return form == target.name
    if len(target.name) < _SHORTEST_PART or target.name not in form:
        return False
    parts, whole = words(target.shown), words(view.label_of(seen))
    if not target.name.isascii():  # not all languages have spaces between words
        return True
    return any(whole[start : start + len(parts)] == parts for start in range(len(whole) - len(parts) + 1))


def _preference(view: View, seen: Seen, target: Target) -> tuple[bool, ...] | tuple[bool | int, ...]:
    """Return what is preferred among things of one name; the least is best."""
    states = seen.element.states
    return (
        not seen.is_front,
        "disabled" in states,
        not any(holder.role == "dialog" for holder in (seen, *seen.above())),
        seen.is_offscreen,
        view.label_of(seen).strip() != target.shown,
        seen.order,
    )


def _check_alone(view: View, best: Seen, fitting: list[Seen], target: Target) -> None:
    """Check that what fits by a part of its name, or without one, is the only thing that does.

    Raises:
        NotPossibleError: it is not.
    """
    rivals = [seen for seen in fitting if seen.is_front == best.is_front]
    names = dict.fromkeys(view.label_of(seen) or "one without a name" for seen in rivals)
    if len(names) > 1 or (not target.name and len(rivals) > 1):
        told = ", ".join(quoted(name) for name in names)
        raise NotPossibleError(f"{quoted(target.shown)} may mean several things here: {told}"[:MAX_PROBLEM_LENGTH])
