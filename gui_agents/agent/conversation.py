"""The past steps that a model is shown."""

from typing import Final

from gui_agents.domain.model import NO_HISTORY, History, Turn
from gui_agents.domain.weight import weight

MAX_BYTES: Final = 2**20
"""Of the texts in one conversation; the oldest steps are forgotten."""


class Conversation:
    """The steps so far. A task that continues another one begins with the steps of that task."""

    def __init__(self, past: History = NO_HISTORY) -> None:
        self.history = past

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The steps, oldest first."""
        return self.history.turns

    def note(self, turn: Turn) -> None:
        """Add a step; the oldest ones go if all of them have too many bytes."""
        turns = [*self.turns, turn]
        text_bytes = self.history.text_bytes + weight(turn)
        while text_bytes > MAX_BYTES and len(turns) > 1:
            text_bytes -= weight(turns.pop(0))
        self.history = History(tuple(turns), text_bytes)
