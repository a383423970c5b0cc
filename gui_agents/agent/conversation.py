"""The past steps that a model is shown."""

from typing import Final

import attrs

from gui_agents.domain.model import Turn
from gui_agents.domain.weight import weight

MAX_BYTES: Final = 2**20
"""Of the texts in one conversation; the oldest steps are forgotten."""


@attrs.define
class Conversation:
    """The steps so far. A task that continues another one begins with the steps of that task."""

    turns: tuple[Turn, ...] = ()
    _weight: int = 0

    def note(self, turn: Turn) -> None:
        """Add a step; the oldest ones go if all of them have too many bytes."""
        turns = [*self.turns, turn]
        self._weight += weight(turn)
        while self._weight > MAX_BYTES and len(turns) > 1:
            self._weight -= weight(turns.pop(0))
        self.turns = tuple(turns)
