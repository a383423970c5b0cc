"""The past steps that a model is shown."""

import attrs

from gui_agents.domain.model import Turn


@attrs.define
class Conversation:
    """The steps so far. A task that continues another one begins with the steps of that task."""

    turns: tuple[Turn, ...] = ()
