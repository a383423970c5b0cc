"""The supervisor of a service's jails: what it makes is written down before it is made."""

import contextlib
import logging
import shutil
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.domain.sandbox import SandboxError, SandboxType
from gui_agents.jail import machine, processes, records
from gui_agents.jail.cgroups import Cgroup, own_directories
from gui_agents.jail.jail import END_SECONDS, Jail
from gui_agents.jail.limits import Limits
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
        self._own_cgroups: dict[str, Path] | None = None
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
            self._problem = machine.problem()
            self._checked = True
        bwrap = None if self._problem else shutil.which("bwrap")
        if bwrap is None and not unjailed:
            problem = self._problem or machine.problem()
            raise SandboxError(f"a {what.noun} needs a jail: {problem}; or set {kind.upper()}_UNJAILED=true")
        jail_id = uuid.uuid4().hex
        try:
            if self._own_cgroups is None:
                self._own_cgroups = own_directories()
            cgroup = Cgroup.of(jail_id, self._own_cgroups)
            directory = self._owned().directory / jail_id
            directory.mkdir(mode=0o700)
            record = {
                "kind": kind,
                "sandbox_type": what.sandbox_type,
                "cgroups": [str(place) for place in cgroup.directories],
            }
            records.write(directory / records.RECORD, record)
            (directory / "shared").mkdir()
            (directory / "home").mkdir()
        except OSError as error:
            raise SandboxError(f"a {what.noun} cannot be prepared: {error}") from error
        return Jail(jail_id, directory, self._limits, noun=what.noun, bwrap=bwrap, cgroup=cgroup, threads=self._threads)

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
                swept += await self._threads.run(partial(_sweep_jails, owner))
                for place in owner.notes():
                    swept += await self._sweep_note(place)
            finally:
                owner.close()
        return swept

    async def _sweep_note(self, place: Path) -> Counter[SandboxType]:
        note = records.read(place)
        sweeper = self.sweepers.get(note.get("kind", "")) if note else None
        if note is None or sweeper is None:
            return Counter()
        try:
            removed = await sweeper(note.get("data", {}))
        except SandboxError as error:
            _log.warning("a sandbox of an earlier start is still there: %s; the next start tries again", error)
            return Counter()
        Note(place).close()
        return Counter([removed] if removed else [])


def _sweep_jails(owner: records.Owner) -> Counter[SandboxType]:
    swept: Counter[SandboxType] = Counter()
    jails = owner.jails()
    if jails and not processes.end_marked([place.name for place in jails], END_SECONDS):
        _log.warning("processes of an earlier start do not end; the next start tries again")
        return swept
    for place in jails:
        # Without a record nothing was started. One that cannot be read was logged; the marker was enough.
        record = records.read(place / records.RECORD) or {}
        cgroup = Cgroup([Path(name) for name in record.get("cgroups", ())])
        try:
            cgroup.end_processes(END_SECONDS)
            cgroup.remove()
        except OSError as error:
            _log.warning("a cgroup of %s cannot be removed: %s; remove it by hand", place, error)
            continue
        if records.remove(place) and "sandbox_type" in record:
            swept[SandboxType(record["sandbox_type"])] += 1
    return swept
