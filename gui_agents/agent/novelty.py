"""Whether a small difference between two looks at a screen is the task's doing: a digit, a slider, or just a clock.

What changes after whatever is done is none of its doing; what changes after one action alone may be. A place that has
never changed before is something new, except near the pointer, which may be all that has moved, and along the upper
and the lower edge, where clocks are.
"""

from collections.abc import Set as AbstractSet
from enum import IntEnum
from typing import Final

import attrs

from gui_agents.agent.deeds import Deeds, alike, type_characters
from gui_agents.agent.ticking import Told
from gui_agents.domain.screen import Bounds
from gui_agents.pictures.likeness import Changes

Place = tuple[int, ...]
"""A cell of a picture, or an element of a tree."""

TURNS: Final = 3
"""Changes of the action between two changes of a place, after which it is known to change by itself."""
MAX_PLACES: Final = 4000
"""Places that are remembered; then all are forgotten, which lets a task go on a little longer."""
EDGE_SHARE: Final = 0.06
"""Of a screen's height."""
EDGE_CELLS: Final = 4
"""New cells along an edge that may be a clock's."""
NEAR: Final = 4
"""Cells between a place and what the pointer covers there."""


class News(IntEnum):
    """What a difference means, from nothing to most."""

    NONE = 0
    DOUBTFUL = 1
    """It comes whatever is done."""
    SMALL = 2
    """It may be the task's doing."""
    NEW = 3


@attrs.define
class _Changed:
    after: Deeds
    turns: int = 0


class Novelty:
    """Remembers what has changed on the present screens of one task."""

    def __init__(self) -> None:
        self._changed: dict[Place, _Changed] = {}
        self._before: Deeds = ()
        """What was done before the last difference in a picture."""

    def clear(self) -> None:
        """Forget all, on a new screen."""
        self._changed.clear()

    def in_tree(self, seen: Told, former: Told, done: Deeds) -> News:
        """Return what the ticks of a tree tell, after something was done."""
        news = News.NONE
        for number, bounds, by_itself in seen.changes(former):
            if bounds is not None and _acted_on(bounds, done):
                return News.NEW
            if not by_itself and self._note((seen.digest, 0, number), done) < TURNS:
                news = News.SMALL
        return news

    def in_picture(self, changes: Changes, size: tuple[int, int], done: Deeds, *, tree: bool) -> News:
        """Return what a small difference tells, after something was done; with a tree, most would be told by that."""
        edge = max(1, round(EDGE_SHARE * changes.rows))
        edges = {cell for cell in changes.cells if not edge <= cell[1] < changes.rows - edge}
        if len(edges - self._changed.keys()) > EDGE_CELLS or type_characters(done):
            edges = set()
        cells = changes.cells - edges
        new = cells - self._changed.keys()
        turns = [self._note(cell, done) for cell in changes.cells]
        before, self._before = self._before, done
        if not cells:
            return News.NONE
        near = _is_near(new, changes, size, before + done)
        if tree:
            return News.NEW if new and not near and alike(before, done) else News.NONE
        if new:
            return News.SMALL if near else News.NEW
        return News.SMALL if min(turns) < TURNS else News.DOUBTFUL

    def _note(self, place: Place, done: Deeds) -> int:
        if len(self._changed) >= MAX_PLACES:
            self.clear()
        changed = self._changed.setdefault(place, _Changed(done))
        if not alike(changed.after, done):
            changed.after = done
            changed.turns += 1
        return changed.turns


def _acted_on(bounds: Bounds, done: Deeds) -> bool:
    return any(bounds.contains(x, y) for deed in done for x, y in deed.points)


def _is_near(cells: AbstractSet[tuple[int, int]], changes: Changes, size: tuple[int, int], done: Deeds) -> bool:
    places = [(x * changes.columns // size[0], y * changes.rows // size[1]) for deed in done for x, y in deed.points]
    return all(any(abs(column - x) <= NEAR and abs(row - y) <= NEAR for x, y in places) for column, row in cells)
