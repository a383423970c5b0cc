"""What a tree tells, and what in it may change by itself: times, ages and loads.

A text is compared with such parts taken out of it. They stay beside it, as ticks: a change of a tick may be a clock, or
a timer that the task sets. What a person edits is compared as it is. A change of an age, of a load or of odd
seconds is surely none of the task's doing; `novelty` finds out about the others by what they change after.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import attrs

from gui_agents.domain.screen import Bounds, Element

MAX_ELEMENTS: Final = 5000
"""Of a tree that are compared."""
STRIDE_SECONDS: Final = 5
"""Steps by which people move a time; a clock seldom moves by a multiple of it, as a model takes its time."""
MAX_TEXT: Final = 1000
"""Characters of a text in which ticks are looked for."""
MAX_TICKS: Final = 200
"""Elements whose ticks are held; others may change unseen."""
MAX_IN_ELEMENT: Final = 8
"""Ticks of an element that are held."""
FIELDS: Final = frozenset({"textbox", "searchbox", "entry", "edit", "input", "spinbutton", "slider", "combobox"})
"""Roles of elements whose text is the user's, without spaces and dashes."""
HELD: Final = frozenset({"focused", "editable"})
TEXTS_REMEMBERED: Final = 4096
"""Texts of all trees: most of a tree is as it was a step ago, and looking for ticks takes most of the time."""
MAX_REMEMBERED: Final = 200
"""Characters of a text that is remembered; so all of them are a few megabytes at most."""
ROLES_REMEMBERED: Final = 256

LOADS: Final = r"(?:cpu|gpu|ram|mem|memory|swap|disk|battery|load)"
TICKS: Final = re.compile(
    rf"""
    (?P<sure>
        (?<!\d)\d{{1,9}}\s?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\sago\b
        | \b(?:just\snow|(?:a\smoment|an?\sminute|an?\shour)\sago)\b
        | \b{LOADS}(?:\s(?:usage|used|use|load))?\s?[:=]?\s?\d{{1,3}}(?:[.,]\d{{1,2}})?\s?%
        | (?<!\d)\d{{1,3}}(?:[.,]\d{{1,2}})?\s?%\s{LOADS}\b
        | (?<!\d)\d{{1,9}}(?:[.,]\d{{1,3}})?\s?[kmgt]?i?b(?:it)?(?:/s|ps)\b
    )
    | (?<![\d.])(?<!/)(?<!/\s)(?:\d{{1,2}}[:\uff1ah]\s?\d{{2}}[:\uff1am.]|\d{{2}}\.\d{{2}}\.)(?P<seconds>\d{{2}})
        (?:[.,]\d{{1,6}})?s?z?(?:\s?[ap]\.?m\b\.?)?(?!\d)(?!\s?/)
    | (?<!\d)\d{{1,2}}\s?[:\uff1ah]\s?\d{{2}}(?:[:\uff1am.]\d{{2}})?(?:\s?[ap]\.?m\b\.?)?(?!\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)


@attrs.frozen
class Tick:
    """A part of a text that may change by itself."""

    text: str
    seconds: str
    """Of a clock that shows them."""
    sure: bool
    """Whether it is an age or a load."""

    def moved_by_itself(self, before: "Tick") -> bool:
        """Return whether a change is surely none of the task's doing."""
        if not self.seconds or not before.seconds:
            return self.sure and before.sure
        return (int(self.seconds) - int(before.seconds)) % STRIDE_SECONDS != 0


@attrs.frozen
class Told:
    """A tree as it is compared."""

    digest: int
    """Of all but the ticks."""
    ticks: dict[int, tuple[Bounds | None, tuple[Tick, ...]]]
    """By the number of the element, with the bounds of one that has no children: others contain clicks by chance."""

    def without_ticks(self) -> "Told":
        """Return the same tree, to hold less of it: afterwards, no tick of it counts as changed by the task."""
        return Told(self.digest, {})

    def changes(self, before: "Told") -> Iterator[tuple[int, Bounds | None, bool]]:
        """Yield each element whose ticks have changed, and whether they surely did by themselves."""
        for number, (bounds, ticks) in self.ticks.items():
            former = before.ticks[number][1] if number in before.ticks else ()
            if former == ticks:
                continue
            pairs = list(zip(ticks, former, strict=False))
            changed = [(tick, other) for tick, other in pairs if tick != other]
            yield number, bounds, all(tick.moved_by_itself(other) for tick, other in changed)


def told(root: Element) -> Told:
    """Return what a tree tells."""
    facts: list[object] = []
    ticks: dict[int, tuple[Bounds | None, tuple[Tick, ...]]] = {}
    waiting = [(root, False)]
    for number in range(MAX_ELEMENTS):
        if not waiting:
            break
        element, in_field = waiting.pop()
        in_field = in_field or _is_field(element.role)
        bounds, name, value, children = element.bounds, element.name, element.value or "", element.children
        if not in_field and HELD.isdisjoint(element.states):
            name, found = _still(name)
            value, more = _still(value)
            if (found or more) and len(ticks) < MAX_TICKS:
                ticks[number] = (None if children else bounds, (found + more)[:MAX_IN_ELEMENT])
        facts += (element.role, name, value, element.states)
        facts += (bounds.x, bounds.y, bounds.width, bounds.height, len(children))
        if children:
            waiting += [(child, in_field) for child in children]
    return Told(hash(tuple(facts)), ticks)


@lru_cache(ROLES_REMEMBERED)
def _is_field(role: str) -> bool:
    return role.lower().replace(" ", "").replace("-", "").replace("_", "") in FIELDS


def _still(text: str) -> tuple[str, tuple[Tick, ...]]:
    """Return a text without its ticks, and the ticks."""
    if not text or len(text) > MAX_TEXT:
        return text, ()
    return _searched(text) if len(text) <= MAX_REMEMBERED else _searched.__wrapped__(text)


@lru_cache(TEXTS_REMEMBERED)
def _searched(text: str) -> tuple[str, tuple[Tick, ...]]:
    found: list[Tick] = []

    def take(match: re.Match[str]) -> str:
        if len(found) < MAX_IN_ELEMENT:
            found.append(Tick(match[0], match["seconds"] or "", match["sure"] is not None))
        return "\0"

    return TICKS.sub(take, text), tuple(found)
