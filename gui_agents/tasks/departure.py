"""Why a sandbox ends: the reason that is counted, the words, and what the reader of a task's message can do."""

from collections.abc import Mapping
from typing import Final

import attrs

from gui_agents.domain.sandbox import DEATHS, SandboxEnd, SandboxError, SandboxGoneError

_ADVICE: Final[Mapping[SandboxEnd, str]] = {
    SandboxEnd.CRASHED: "start the task again; if that happens again, look into the service's log",
    SandboxEnd.OUT_OF_MEMORY: "let the task do less at once, or raise SANDBOX_MEMORY",
    SandboxEnd.KILLED: "look into the system's log for what ended it, then start the task again",
    SandboxEnd.UNREACHABLE: "check that the sandbox can be reached from the service, then start the task again",
}


@attrs.frozen
class Departure:
    """Why one sandbox ends."""

    reason: SandboxEnd
    why: str
    """In words, as they stand after "it is gone: "."""

    @classmethod
    def of(cls, error: BaseException) -> "Departure":
        """Return why a sandbox ends that has raised this error.

        One that does not say that it is gone counts as unreachable: it does not do what it is asked.
        """
        reason = error.reason if isinstance(error, SandboxGoneError) else SandboxEnd.UNREACHABLE
        return cls(reason, str(error) or type(error).__name__)

    @property
    def is_death(self) -> bool:
        """Whether this service has not asked for it."""
        return self.reason in DEATHS


UNCLEAR: Final = Departure(SandboxEnd.CLOSED, "it was closed because its task did not end in good order")


def told(error: SandboxError) -> str:
    """Return the error of a sandbox for the message of its task; of one that is gone, with what a reader can do."""
    advice = _ADVICE.get(error.reason) if isinstance(error, SandboxGoneError) else None
    return str(error) if advice is None else f"{error}; {advice}"
