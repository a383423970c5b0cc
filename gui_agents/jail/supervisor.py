"""The supervisor of a service's jails: what it makes is written down before it is made."""

import uuid
from collections.abc import Mapping
from pathlib import Path

from gui_agents.domain.sandbox import SandboxType
from gui_agents.jail.jail import Jail, Limits


class Supervisor:
    """Makes jails below a directory, and sweeps what a service that was killed has left there."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._directory = directory
        self._limits = limits

    async def sweep(self) -> Mapping[SandboxType, int]:
        """Remove what services that are gone have left behind: processes, files, and what else they wrote down.

        Returns how many sandboxes of each type that were.
        """
        return {}

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
