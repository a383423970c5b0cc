"""How a followed task ended: its report and the exit code, also if the service has stopped with it."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

from gui_agents.client import AgentClient, CallError, TaskMessage, TaskReport
from gui_agents.commands.exits import CommandError, ExitCode, of_report, unknown_task
from gui_agents.commands.following import Followed, follow
from gui_agents.commands.output import Output

OUTCOMES: Final = {"finished": ExitCode.DONE, "error": ExitCode.FAILED, "cancelled": ExitCode.INTERRUPTED}
"""The exit code by the last stage of a stream, if the service tells no more of the task."""
GONE: Final = frozenset({"UNAVAILABLE", "CANCELLED"})
"""The codes of calls to a service that stops."""


async def follow_shown(
    messages: AsyncIterator[TaskMessage], output: Output, cancel: Callable[[str], Coroutine[Any, Any, None]] | None
) -> Followed:
    """Print the messages of a task to their end, as `follow` does.

    Raises:
        CommandError: they broke off, because the service has stopped.
    """
    last: TaskMessage | None = None

    def show(message: TaskMessage) -> None:
        nonlocal last
        last = message
        output.message(message)

    try:
        return await follow(messages, show, cancel)
    except CallError as error:
        if last is None or error.code not in GONE:
            raise
        text = f"the service at {error.address} stopped before the task had ended"
        raise CommandError(ExitCode.UNREACHABLE, text) from error


async def outcome(client: AgentClient, task_id: str, last: TaskMessage | None, output: Output) -> ExitCode:
    """Print the report of a task that was followed to its `last` message, and return the exit code.

    The service may have forgotten the task, or have stopped: then the last message has said how the task ended.
    """
    ended = None if last is None else OUTCOMES.get(last.stage)
    report: TaskReport | None = None
    try:
        report = await client.status(task_id)
    except CallError as error:
        if error.code not in GONE or ended is None:
            raise
    if report is not None:
        output.report(report)
        return of_report(report)
    if ended is None:
        raise unknown_task(task_id)
    return ended
