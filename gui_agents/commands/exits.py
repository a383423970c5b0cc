"""How the `gui-agents` command ends: its exit codes, and the one line that an error prints."""

from enum import IntEnum, unique
from typing import Final

from gui_agents.client import CallError, TaskReport
from gui_agents.commands.handshake import handshake_problem
from gui_agents.commands.presence import Presence, away, hangs, presence
from gui_agents.domain.address import split_address
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.lifecycle import TaskStatus


@unique
class ExitCode(IntEnum):
    """The exit code of the command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_FOUND = 4
    REFUSED = 5
    INTERRUPTED = 130


MEANINGS: Final = """\
exit codes:
  0    done; the task completed, or was started
  1    the task failed, or a check found a problem
  2    wrong usage or configuration
  3    the service cannot be reached
  4    the service does not know this task
  5    the service refused the request
  130  cancelled, or interrupted by Ctrl-C
"""


NO_ANSWER: Final = frozenset({"DEADLINE_EXCEEDED"})
"""The code of a call that somebody accepted and nobody answered in time."""
ENDED: Final = frozenset({"CANCELLED"})
"""The code of a call that the service ended because it stops."""


class CommandError(GuiAgentsError):
    """The command ends with `code`. Its text is the one line that says why."""

    def __init__(self, code: ExitCode, text: str) -> None:
        super().__init__(text)
        self.code = code


def unknown_task(task_id: str) -> CommandError:
    """Return the error for a task id that the service does not know."""
    return CommandError(
        ExitCode.NOT_FOUND,
        f"the service does not know the task {task_id!r}: it is unknown, or no longer stored",
    )


def of_report(report: TaskReport) -> ExitCode:
    """Return the exit code for a task's status."""
    match report.status:
        case TaskStatus.FAILED:
            return ExitCode.FAILED
        case TaskStatus.CANCELLED:
            return ExitCode.INTERRUPTED
        case _:
            return ExitCode.DONE


def of_call(error: CallError) -> CommandError:
    """Return the error that a failed call ends the command with."""
    facts = "".join(f" [{fact}]" for fact in error.facts if fact != error.code)
    if error.code in ENDED and not error.facts:
        return CommandError(ExitCode.UNREACHABLE, f"the service at {error.address} stopped before it had answered")
    if error.code in {"UNAVAILABLE", *NO_ANSWER} and not error.facts:
        return CommandError(ExitCode.UNREACHABLE, _without_answer(error))
    code = ExitCode.NOT_FOUND if error.code == "NOT_FOUND" else ExitCode.REFUSED
    return CommandError(code, f"the service refused: {error.text} ({error.code}){facts}{_token_advice(error)}")


def _token_advice(error: CallError) -> str:
    """Return what to do about the token, if the service refused the caller and not the request."""
    if error.code == "UNAUTHENTICATED":
        if error.credentials.token is None:
            return "; name a token with GUI_AGENTS_TOKEN_FILE, GUI_AGENTS_TOKEN or --token-file"
        if error.facts:
            # Our service has said what to do; another one, or a proxy, has not.
            return ""
        return "; the token that was sent is not valid, or not any more: ask the operator for a new one"
    if error.code == "PERMISSION_DENIED" and error.credentials.token is not None and not error.facts:
        return "; the token that was sent does not allow it: ask the operator for one with another role"
    return ""


def _without_answer(error: CallError) -> str:
    """Return what to say of a call that the service has not answered."""
    host, port = split_address(error.address)
    problem = handshake_problem(host, port, error.credentials)
    if problem is not None:
        return f"{error.address} {problem}"
    found = presence(host, port)
    accepts = found not in {Presence.ABSENT, Presence.UNREACHED}
    if found is Presence.SILENT or (accepts and error.code in NO_ANSWER):
        return f"{error.address} {hangs()}"
    match found:
        case Presence.UNREACHED:
            return f"{error.address} {away()}"
        case Presence.HTTP2:
            return f"{error.address} has not carried out the call: {error.text} ({error.code})"
        case Presence.OTHER:
            return f"{error.address} is taken, and no gRPC service answers there: {error.text}"
        case _:
            return (
                f"no service answers at {error.address} ({error.code}); "
                "start one with `gui-agents serve`, or name another --address"
            )
