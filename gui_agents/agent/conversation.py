"""The past actions that a model is shown, the last few with the pictures that they were decided on."""

from collections.abc import Callable
from functools import lru_cache
from math import ceil
from typing import Final

import attrs

from gui_agents.agent.masking import Masking
from gui_agents.domain.model import NO_HISTORY, History, Turn
from gui_agents.domain.redaction import KNOWS_NO_KEYS
from gui_agents.domain.screen import Picture
from gui_agents.domain.weight import weight

TEXTS_OF_A_TURN: Final = 16
"""At most."""
MAX_BYTES: Final = 2**20
"""Of the texts in one conversation; the oldest turns are forgotten."""


class Conversation:
    """The turns so far. A task that continues another one begins with the turns of that task.

    Of at most `pictures` turns the pictures are kept. If there is one more, the older half of them goes at once: what a
    model is sent then begins with the same for several steps, and its provider's cache of prompts keeps that.
    """

    def __init__(
        self, past: History = NO_HISTORY, *, pictures: int = 0, redact: Callable[[str], str] = KNOWS_NO_KEYS.redacted
    ) -> None:
        self.history = past
        """The turns without pictures, as the model is shown them."""
        self.masking = Masking()
        """Takes passwords out of what is told."""
        # All turns have the same instruction, which may be long.
        self._redact = lru_cache(maxsize=TEXTS_OF_A_TURN)(redact)
        self._told: dict[int, Turn] = {}
        """By the identity of turns with passwords or keys: the same without."""
        self._most = pictures
        self._pictured: list[tuple[Turn, Turn]] = []
        """Turns, and the same with their pictures; oldest first."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns, oldest first."""
        if not self._pictured:
            return self.history.turns
        shown = {id(turn): pictured for turn, pictured in self._pictured}
        return tuple(shown.get(id(turn), turn) for turn in self.history.turns)

    @property
    def told(self) -> History:
        """The turns without passwords and keys, which are kept when the task has ended."""
        if not self._told and not self.masking.found:
            return self.history
        turns = tuple(self.masking.turn(self._told.get(id(turn), turn)) for turn in self.history.turns)
        return History(turns, sum(map(weight, turns)))

    def note(self, turn: Turn, picture: Picture | None = None, *, told: Turn | None = None) -> None:
        """Add a turn, and the picture that it was decided on; the oldest ones go if all have too many bytes.

        `told` is the turn without passwords, if it has any.
        """
        kept = (turn if told is None else told).rewritten(self._redact)
        if kept is not turn:
            self._told[id(turn)] = kept
        turns = [*self.history.turns, turn]
        text_bytes = self.history.text_bytes + weight(turn)
        while text_bytes > MAX_BYTES and len(turns) > 1:
            oldest = turns.pop(0)
            text_bytes -= weight(oldest)
            self._told.pop(id(oldest), None)
        self.history = History(tuple(turns), text_bytes)
        if picture is not None and self._most:
            if len(self._pictured) == self._most:
                del self._pictured[: ceil(self._most / 2)]
            self._pictured.append((turn, attrs.evolve(turn, picture=picture)))
