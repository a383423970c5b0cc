"""The supervisor of a service's jails: what it makes is written down before it is made."""

import contextlib
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.domain.sandbox import SandboxError, SandboxType
from gui_agents.jail.jail import Jail, Limits

Sweeper = Callable[[Mapping[str, Any]], Awaitable[SandboxType | None]]
"""Removes what a service that is gone has noted. Returns the type of the sandbox that it removed, None if it was gone.

Raises SandboxError if that failed; the next start tries again.
"""


@attrs.frozen
class Note:
    """Something that is not on this machine, written down before it was made."""

    _place: Path

    def close(self) -> None:
        """Forget it, because it is gone."""
        with contextlib.suppress(OSError):
            self._place.unlink()


class Supervisor:
    """Makes jails below a directory, and sweeps what a service that was killed has left there."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.sweepers: Final[dict[str, Sweeper]] = {}
        """What removes the things of a dead service's notes, by the kind of note."""
        self._directory = directory
        self._limits = limits

    async def sweep(self) -> None:
        """Remove what services that are gone have left behind: processes, files, and what else they wrote down."""

    def prepare(self, kind: str, *, unjailed: bool = False) -> Jail:  # noqa: ARG002
        """Return a new jail, which is written down and has its directories; `kind` is the backend's name.

        `unjailed` allows a process group without walls, if this machine has no jails.

        Raises:
            SandboxError: it cannot be written down.
        """
        jail_id = uuid.uuid4().hex
        directory = self._directory / jail_id
        (directory / "shared").mkdir(parents=True)
        return Jail(jail_id, directory, self._limits)

    def note(self, kind: str, data: Mapping[str, Any]) -> Note:
        """Write down what is about to be made elsewhere; `sweepers[kind]` gets the data if this service is killed.

        Raises:
            SandboxError: it cannot be written down.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            place = self._directory / f"note-{uuid.uuid4().hex}.json"
            place.write_text(json.dumps({"kind": kind, "data": dict(data)}))
        except OSError as error:
            raise SandboxError(f"a sandbox cannot be written down: {error}") from error
        return Note(place)
