"""What is recorded of the screens that tasks see: nothing, everything, or the last steps of those that fail.

With `failed`, a running task only holds references to its last few pictures, encoded as its model got them. They are
written when the task fails. If its model takes no pictures, one of the screen as it was at the end is made then.
"""

from collections import deque
from typing import Final, Protocol

from gui_agents.domain.recording import Recorded
from gui_agents.domain.screen import Picture
from gui_agents.pictures.files import picture_name

LAST_STEPS: Final = 5
"""Of a task that fails, whose pictures are written."""
MAX_HELD_BYTES: Final = 2**23
"""Of the pictures that a running task holds."""


class Album(Protocol):
    """Keeps pictures by task and name."""

    def put(self, task_id: str, name: str, picture: Picture) -> None:
        """Keep a picture; without waiting for anything."""


class Recording:
    """The pictures of one task."""

    def __init__(self, task_id: str = "", album: Album | None = None, recorded: Recorded = Recorded.NONE) -> None:
        self._task_id = task_id
        self._album = album
        self._recorded = recorded if album is not None else Recorded.NONE
        self._held: deque[tuple[str, Picture]] = deque(maxlen=LAST_STEPS)
        self._steps = 0

    @property
    def every_step(self) -> bool:
        """Whether a picture of each step is wanted, also if the model takes none."""
        return self._recorded is Recorded.ALL

    def saw(self, step: int, picture: Picture) -> str | None:
        """Record the screen that a step was decided on. Return the name that its picture has if it is kept."""
        if self._recorded is Recorded.NONE or self._album is None:
            return None
        name = picture_name(step, picture)
        self._steps = step
        if self._recorded is Recorded.ALL:
            self._album.put(self._task_id, name, picture)
            return name
        self._held.append((name, picture))
        while len(self._held) > 1 and sum(len(held.data) for _, held in self._held) > MAX_HELD_BYTES:
            self._held.popleft()
        return name

    def ended(self, *, failed: bool) -> bool:
        """Keep the last pictures of a task that failed. Return whether one of its screen is wanted, as it has none."""
        held = list(self._held)
        self._held.clear()
        if not failed or self._album is None:
            return False
        for name, picture in held:
            self._album.put(self._task_id, name, picture)
        return self._recorded is not Recorded.NONE and not self._steps

    def last(self, steps: int, picture: Picture) -> None:
        """Record the screen at the end of a task that has taken so many steps."""
        if self._album is not None:
            self._album.put(self._task_id, picture_name(steps + 1, picture), picture)


NO_RECORDING: Final = Recording()
"""Of tasks whose screens nobody wants."""
