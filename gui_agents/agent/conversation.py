"""What a task's model is reminded of."""

import attrs

from gui_agents.domain.model import Turn


@attrs.define
class Conversation:
    """The steps so far; a task that continues another one begins with that one's."""

    turns: tuple[Turn, ...] = ()
