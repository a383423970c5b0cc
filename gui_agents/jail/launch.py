"""What one start of a jail needs, and the limits of its process. Most of it is work for a thread."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from gui_agents.jail import privileges, walls
from gui_agents.jail.handed import Handed
from gui_agents.jail.plan import Plan
from gui_agents.jail.program import SECOND_GATE, Command
from gui_agents.jail.syscalls import closed_doors
from gui_agents.jail.user_ids import UserId, take_user_id
from gui_agents.jail.written import write_down_user

OUT_OF_MEMORY_SCORE: Final = 300
"""If the whole machine has no memory left, the kernel ends jails before the service."""
NICENESS: Final = 5
"""If all processors are busy, the service goes before its jails."""
INFO_BYTES: Final = 2**12


class Launch:
    """The means of one start: the user, the cgroup, and the descriptors that are handed over."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._user: UserId | None = None
        self._bounded = False
        """Whether there is a cgroup."""
        self._handed = Handed()
        self._info: int | None = None

    @property
    def users(self) -> tuple[int, ...]:
        """The user that only this jail has, if there is one."""
        return () if self._user is None else (self._user.number,)

    def prepare(self, command: Command, places: Mapping[str, str]) -> Command:
        """Make what is needed, and return the command that starts the jail with `command` in it.

        Raises:
            OSError: that failed. `undo` removes what was made.
        """
        plan = self._plan
        if os.geteuid() == 0:
            self._user = take_user_id()
            write_down_user(plan, self._user.number)
        self._bounded = plan.cgroup.make(plan.limits)
        give_up = [] if self._user is None else privileges.as_user(self._user.number)
        bound = privileges.bounded(self._resource_limits())
        inner = attrs.evolve(command, argv=[*give_up, *bound, *SECOND_GATE, *command.argv])
        return self._without_walls(inner) if plan.bwrap is None else self._with_walls(inner, plan.bwrap, places)

    def _resource_limits(self) -> dict[str, int]:
        """Return the limits of each process. They are set inside: outside, only root may set those of another user."""
        limits = self._plan.limits
        found = {"core": 0}
        if not self._bounded:
            # Not of address space, of which Chromium reserves much more than it uses.
            found["data"] = limits.memory_bytes
            # Without a user of the jail's own, all processes of the service's user would count.
            if self._plan.bwrap is not None or self._user is not None:
                found["nproc"] = limits.processes
        if self._plan.bwrap is None:
            found["fsize"] = limits.disk_bytes
        return found

    def _without_walls(self, command: Command) -> Command:
        files = self._plan.files
        if self._user is not None:
            for place in (files, *files.rglob("*")):
                os.chown(place, self._user.number, self._user.number)
        return attrs.evolve(command, directory=files / "home")

    def _with_walls(self, command: Command, bwrap: Path, places: Mapping[str, str]) -> Command:
        uid = os.getuid() if self._user is None else self._user.number
        files = {place: text.encode() for place, text in walls.etc_files(uid, self._plan.jail_id).items()}
        directories = []
        shared = self._plan.files / "shared"
        for place in sorted(shared.rglob("*")):
            name = str(place.relative_to(shared))
            if place.is_dir():
                directories.append(name)
            else:
                files[f"{walls.SHARED}/{name}"] = place.read_bytes()
        doors = closed_doors()
        inside = walls.Inside(
            limits=self._plan.limits,
            seccomp=None if doors is None else self._handed.file(doors),
            files={place: self._handed.file(content) for place, content in files.items()},
            directories=directories,
            places=places,
        )
        self._info, told = self._handed.pipe()
        # Over a descriptor, because the command line of the jail's first process can be read inside.
        words = self._handed.file(b"\0".join(word.encode() for word in walls.arguments(inside, info=told)))
        return attrs.evolve(
            command,
            argv=[str(bwrap), "--args", str(words), "--", *command.argv],
            pass_fds=(*command.pass_fds, *self._handed.descriptors),
        )

    def limit(self, pid: int) -> None:
        """Set the limits of a process that waits at its gate. What it starts has them, too.

        Raises:
            OSError: that failed.
        """
        if self._bounded:
            self._plan.cgroup.add(pid)
        with contextlib.suppress(OSError):  # better, but not needed
            os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
            Path("/proc", str(pid), "oom_score_adj").write_text(str(OUT_OF_MEMORY_SCORE))

    def first_process(self) -> int | None:
        """Return the number of the jail's first process, which was told before the program began; None without walls.

        Raises:
            OSError, ValueError: it was not told.
        """
        if self._info is None:
            return None
        told: dict[str, int] = json.loads(os.read(self._info, INFO_BYTES))
        return told["child-pid"]

    def hand_over(self) -> None:
        """Close the descriptors, which the jail's process has inherited."""
        self._handed.close()

    def undo(self, seconds: float) -> None:
        """Remove what was made. No process may be left, except such as cannot be found by their marker any more.

        Raises:
            OSError: that failed.
        """
        self.hand_over()
        self._plan.cgroup.end_processes(seconds)
        self._plan.cgroup.remove()
        if self._user is not None:
            self._user.free()
