"""How much of the past a model is shown.

The oldest turns are left out some at a time: what is sent then begins the same from step to step, and the provider's
cache of prompts keeps it.
"""

from collections.abc import Callable, Sequence
from typing import Final

from gui_agents.domain.model import Turn
from gui_agents.domain.model_settings import ModelSettings

BATCHES: Final = 3
"""In how many batches all shown turns would be left out."""


def left_out(turns: Sequence[Turn], settings: ModelSettings, characters: Callable[[Turn], int]) -> int:
    """Return how many of the first turns are not shown; `characters` tells how many a shown turn takes.

    The last turn is shown however long it is.
    """
    batch = max(1, settings.history_turns // BATCHES)
    over = max(0, len(turns) - settings.history_turns)
    first = -(-over // batch) * batch
    taken = [characters(turn) for turn in turns[first:]]
    left, gone = sum(taken), 0
    while left > settings.history_characters and first + gone < len(turns) - 1:
        more = min(batch, len(turns) - 1 - first - gone)
        left -= sum(taken[gone : gone + more])
        gone += more
    return first + gone
