"""A picture of the screen of a task that has failed and whose model took none.

It is made after the end: the task has its status, its slot is free, and only its sandbox waits, for a second at most.
Whoever asks for that sandbox in the meantime, to go on in it, gets it at once and the picture is given up.
"""

import asyncio
import logging
from typing import Final

from gui_agents.domain.sandbox import Sandbox, SandboxGoneError
from gui_agents.domain.screen import Picture
from gui_agents.state.service_state import ServiceState
from gui_agents.tasks.departure import UNCLEAR, Departure
from gui_agents.tasks.desk import Desk, Desks

LAST_LOOK_SECONDS: Final = 1.0
"""How long a sandbox may take to show its screen, and how long to let go if it does not."""

_log = logging.getLogger(__name__)


class LastLooks:
    """Looks once more at the screens of failed tasks."""

    def __init__(self, state: ServiceState, desks: Desks) -> None:
        self._state = state
        self._desks = desks
        self._looking: dict[str, tuple[asyncio.Task[Picture | None], Desk]] = {}
        """By the id of the sandbox."""

    async def take(self, desk: Desk) -> None:
        """Record what the sandbox of a task shows, if it still works and answers in time."""
        sandbox, info = desk.sandbox, desk.info
        if sandbox is None or info is None or desk.lost is not None or desk.left:
            return
        look = asyncio.get_running_loop().create_task(_look(sandbox))
        self._looking[info.sandbox_id] = look, desk
        try:
            await asyncio.wait({look}, timeout=LAST_LOOK_SECONDS)
            if not look.done():
                look.cancel()
                await asyncio.wait({look}, timeout=LAST_LOOK_SECONDS)
        finally:
            look.cancel()
            self._looking.pop(info.sandbox_id, None)
        if not look.done():
            # It does not let go of the sandbox, which nobody else must use then.
            desk.lost = UNCLEAR
        elif not look.cancelled():
            self._keep(desk, look)

    def give_up(self, sandbox_id: str) -> None:
        """Let somebody have a sandbox that is only looked at; nothing if it is not."""
        looking = self._looking.pop(sandbox_id, None)
        if looking is not None:
            look, desk = looking
            look.cancel()
            self._desks.leave(desk)

    def _keep(self, desk: Desk, look: "asyncio.Task[Picture | None]") -> None:
        error = look.exception()
        if isinstance(error, SandboxGoneError):
            desk.lost = Departure.of(error)
        elif error is not None:
            text = "the screen of task %s could not be recorded: %s"
            _log.info(text, desk.task_id, error, extra={"task_id": desk.task_id})
        elif (picture := look.result()) is not None and self._state.status(desk.task_id) is not None:
            desk.recording.last(self._state.record(desk.task_id).statistics.steps, picture)


async def _look(sandbox: Sandbox) -> Picture | None:
    return (await sandbox.observe(screenshot=True)).screenshot
