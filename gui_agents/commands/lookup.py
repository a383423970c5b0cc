"""Finds the task that a user means by the beginning of its id."""

from typing import Final

from gui_agents.client import AgentClient, CallError
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.output import printable
from gui_agents.domain.storage import TaskFilter

WHOLE_ID: Final = 36
"""Characters of a task's id."""
MOST_NAMED: Final = 3


async def whole_id(client: AgentClient, given: str) -> str:
    """Return the id of the one task whose id begins so; what was given, if there is none or the service cannot say.

    Raises:
        CommandError: several tasks have such an id.
    """
    if not 0 < len(given) < WHOLE_ID:
        return given
    try:
        found = [task.task_id async for task in client.tasks(TaskFilter(id_prefix=given), limit=MOST_NAMED + 1)]
    except CallError as error:
        if error.code != "UNIMPLEMENTED":
            raise
        return given
    if len(found) > 1 and given not in found:
        named = ", ".join(found[:MOST_NAMED]) + (" and more" if len(found) > MOST_NAMED else "")
        raise CommandError(ExitCode.USAGE, f"several tasks begin with {printable(given)}: {named}")
    return found[0] if len(found) == 1 else given
