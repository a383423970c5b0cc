"""How much of the past a model is shown.

The oldest turns are left out some at a time: what is sent then begins the same from step to step, and the provider's
cache of prompts keeps it.
"""

from collections.abc import Sequence
from typing import Final

from gui_agents.domain.model_settings import ModelSettings

BATCHES: Final = 3
"""In how many batches all shown turns would be left out."""


def left_out(turns: int, settings: ModelSettings) -> int:
    """Return how many of so many turns are not shown because there are too many."""
    over = max(0, turns - settings.history_turns)
    batch = _batch(settings)
    return -(-over // batch) * batch


def too_long(characters: Sequence[int], settings: ModelSettings) -> int:
    """Return how many of the shown turns are not shown either, because they have too many characters.

    The last turn is shown however long it is.
    """
    left, gone, last = sum(characters), 0, len(characters) - 1
    while left > settings.history_characters and gone < last:
        more = min(_batch(settings), last - gone)
        left -= sum(characters[gone : gone + more])
        gone += more
    return gone


def _batch(settings: ModelSettings) -> int:
    return max(1, settings.history_turns // BATCHES)
