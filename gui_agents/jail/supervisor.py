"""The supervisor of a service's jails: what it makes is written down before it is made."""

import contextlib
import logging
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.domain.sandbox import SandboxError, SandboxType
from gui_agents.jail import machine, own_cgroups, records
from gui_agents.jail.cgroups import Cgroup
from gui_agents.jail.jail import Jail
from gui_agents.jail.limits import Limits
from gui_agents.jail.plan import Plan
from gui_agents.jail.written import public, sweep_jails, write_down
from gui_agents.threads import Threads

Sweeper = Callable[[Mapping[str, Any]], Awaitable[SandboxType | None]]
"""Removes what a service that is gone has noted. Returns the type of the sandbox that it removed, None if it was gone.

Raises SandboxError if that failed; the next start tries again.
"""

_log = logging.getLogger(__name__)


@attrs.frozen
class _Kind:
    """What a backend's jails are."""

    noun: str
    sandbox_type: SandboxType


KINDS: Final[Mapping[str, _Kind]] = {
    "x11": _Kind("desktop", SandboxType.LINUX),
    "chromium": _Kind("browser", SandboxType.BROWSER),
}
OTHER: Final = _Kind("sandbox", SandboxType.LINUX)


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
        self._directory = directory.absolute()
        self._limits = limits
        self._owner: records.Owner | None = None
        self._cgroup_parents: tuple[Path, ...] | None = None
        self._threads = Threads("jail", limit=4)
        self._checked = False
        self._problem: str | None = None

    async def problem(self) -> str | None:
        """Return in words why this machine cannot have jails, and what to do; None if it can. Found out once."""
        if not self._checked:
            self._problem = await self._threads.run(machine.problem)
            self._checked = True
        return self._problem

    def prepare(self, kind: str, *, unjailed: bool = False) -> Jail:
        """Return a new jail, which is written down and has its directories; `kind` is the backend's name.

        `unjailed` allows a process group without walls, if this machine has no jails. If `problem` has not been called
        before, that blocks for some milliseconds.

        Raises:
            SandboxError: it cannot be written down, or this machine is known to have no jails.
        """
        what = KINDS.get(kind, OTHER)
        if unjailed and not self._checked:
            self._checked, self._problem = True, machine.problem()
        bwrap = None if self._problem else shutil.which("bwrap")
        variable = f"{kind.upper()}_UNJAILED"
        if bwrap is None and not unjailed:
            problem = self._problem or machine.missing()
            raise SandboxError(f"a {what.noun} needs a jail: {problem}; or set {variable}=true")
        jail_id = uuid.uuid4().hex
        try:
            if self._cgroup_parents is None:
                self._cgroup_parents = own_cgroups.parents()
            directory = self._owned().directory / jail_id
            plan = Plan(
                jail_id=jail_id,
                noun=what.noun,
                unjailed_variable=variable,
                directory=directory,
                # Without walls, a user of the jail's own has to reach its files: RUNTIME_DIR may be closed to it.
                files=public(jail_id) if bwrap is None and os.geteuid() == 0 else directory,
                limits=self._limits,
                bwrap=None if bwrap is None else Path(bwrap),
                cgroup=Cgroup.below(self._cgroup_parents, jail_id),
            )
            write_down(plan, kind, what.sandbox_type)
        except OSError as error:
            raise SandboxError(f"a {what.noun} cannot be prepared: {error}") from error
        return Jail(plan, self._threads)

    def note(self, kind: str, data: Mapping[str, Any]) -> Note:
        """Write down what is about to be made elsewhere; `sweepers[kind]` gets the data if this service is killed.

        Raises:
            SandboxError: it cannot be written down.
        """
        try:
            place = self._owned().directory / f"note-{uuid.uuid4().hex}.json"
            records.write(place, {"kind": kind, "data": dict(data)})
        except OSError as error:
            raise SandboxError(f"a sandbox cannot be written down: {error}") from error
        return Note(place)

    def _owned(self) -> records.Owner:
        if self._owner is None:
            self._owner = records.Owner.new(self._directory)
        return self._owner

    def close(self) -> None:
        """Remove this service's own directory, if all its jails and notes are closed."""
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    async def sweep(self) -> Counter[SandboxType]:
        """Remove what services that are gone have left behind, and return how many sandboxes of each type.

        Never fails: what cannot be removed is logged, and tried again at the next start.
        """
        swept: Counter[SandboxType] = Counter()
        for owner in await self._threads.run(lambda: list(records.Owner.dead(self._directory))):
            try:
                swept += await self._threads.run(partial(sweep_jails, owner))
                for place in owner.notes():
                    swept += await self._sweep_note(place)
            except Exception:  # noqa: BLE001 - the service must start, whatever lies there
                _log.exception("%s cannot be swept; the next start tries again", owner.directory)
            finally:
                owner.close()
        return swept

    async def _sweep_note(self, place: Path) -> Counter[SandboxType]:
        note = records.read(place)
        if note is None:
            return Counter()
        sweeper = self.sweepers.get(note["kind"])
        if sweeper is None:
            _log.warning("%s is still there, but %s is not set up now; see %s", note["data"], note["kind"], place)
            return Counter()
        try:
            removed = await sweeper(note["data"])
        except SandboxError as error:
            _log.warning("a sandbox of an earlier start is still there: %s; the next start tries again", error)
            return Counter()
        Note(place).close()
        return Counter([removed] if removed else [])
