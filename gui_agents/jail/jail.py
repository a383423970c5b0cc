"""One jail: a program, everything that it starts, and its files.

Theory of operation. A jail is one `bwrap` with namespaces of its own for processes, mounts, network and System V IPC.
The first process of the namespace is `bwrap`'s; it ends when the jail's program ends, and then the kernel ends every
process of the namespace. So to end a jail is to end that one process, and to wait for it is to know that none is left.

Whatever the jail's programs write is in a tmpfs with a size, inside. The service sees the shared one over
`/proc/PID/root`, by a descriptor: no mount exists outside, and nothing in the jail can fill the service's disk.

A start has two gates. Outside, a shell waits for a line, until it is in its cgroup and has its limits; only then it
becomes `bwrap`. Inside, a shell writes a line, which says that the jail is complete, and waits for one, until the
service has opened what it needs of the jail; then it becomes the jail's program. The lines go over the program's own
standard input and output, before anything else does.

A start whose caller is cancelled goes on in the background until its next stage, and `close` waits for that. So
`close` knows all that was made, and no stage needs to clean up after itself.

Without walls (`unjailed`), the program runs in a session of its own, and is ended with all who carry the jail's
marker in their environment. That keeps order, but keeps nobody in.
"""

import asyncio
import contextlib
import logging
import os
import socket
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError
from gui_agents.jail import ends, machine, network, pidfds, processes, records, walls
from gui_agents.jail.launch import Launch
from gui_agents.jail.limits import Ended, Limits
from gui_agents.jail.plan import Plan
from gui_agents.jail.program import Command, Program
from gui_agents.jail.view import View
from gui_agents.threads import Threads

__all__ = ["Ended", "Jail", "Limits"]

START_SECONDS: Final = 20.0
END_SECONDS: Final = 10.0
FOLLOW_SECONDS: Final = 1.0
"""How long `bwrap` may take to notice that its jail has ended."""
LINE_BYTES: Final = 2**16

_log = logging.getLogger(__name__)


class Jail:
    """A jail. `Supervisor.prepare` makes it; `close` is always called, whatever happened before."""

    def __init__(self, plan: Plan, threads: Threads) -> None:
        self.jail_id: Final = plan.jail_id
        self.home: Final = walls.HOME if plan.bwrap else str(plan.files / "home")
        """The home, as the jail's programs see it."""
        self.shared: Final = walls.SHARED if plan.bwrap else str(plan.files / "shared")
        """The shared directory, as the jail's programs see it."""
        self._plan = plan
        self._threads = threads
        self._launch = Launch(plan)
        self._program: Program | None = None
        self._first: tuple[int, int] | None = None
        """The first process of the jail's namespace: its number, and a pidfd."""
        self._view: View | None = None
        self._openings: set[asyncio.Task[socket.socket]] = set()
        self._starting: asyncio.Task[Process] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._ended: Ended | None = None
        self._over = asyncio.Event()

    @property
    def jailed(self) -> bool:
        """Whether there are walls."""
        return self._plan.bwrap is not None

    @property
    def shared_outside(self) -> Path:
        """The shared directory, as the service sees it. Not the same before and after `start`.

        Files and directories that the service puts there before are copied into the jail. Afterwards it shows what
        is inside, where programs may have made symbolic links: use `reach` for a file that they have written.
        """
        return self._plan.files / "shared" if self._view is None else self._view.path

    async def start(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int] = (),
        binds: Mapping[str, str] | None = None,
        line_bytes: int = LINE_BYTES,
    ) -> Process:
        """Start the jail's program, and return when the jail is complete and the program begins.

        Args:
            argv: of the program. Its standard input and output are pipes.
            environment: all of it; only the jail's marker is added.
            pass_fds: descriptors that the program inherits.
            binds: directories outside of the shared one that are seen there, too, under a name, such as
                {"/tmp/.X11-unix": "x11"}. Without walls there are none.
            line_bytes: the longest line that can be read from its standard output.

        Raises:
            SandboxError: it cannot be started.
        """
        if self._starting is not None or self._closing is not None:
            raise SandboxError(f"the {self._plan.noun} was started or closed before")
        command = Command(
            argv=argv,
            environment={**environment, processes.MARKER: self.jail_id},
            pass_fds=tuple(pass_fds),
            line_bytes=line_bytes,
        )
        self._starting = asyncio.ensure_future(self._start(command, dict(binds or {})))
        self._starting.add_done_callback(_hear)
        return await asyncio.shield(self._starting)

    async def _start(self, command: Command, binds: Mapping[str, str]) -> Process:
        try:
            command = await self._threads.run(partial(self._launch.prepare, command, binds))
            self._check_open()
            self._program = program = await Program.spawn(command)
            self._check_open()
            await self._threads.run(partial(self._launch.limit, program.process.pid))
            self._check_open()
            async with asyncio.timeout(START_SECONDS):
                await program.reach_second_gate()
            await self._threads.run(partial(self._look, binds))
            await program.open_gate()
        except TimeoutError as error:
            raise SandboxError(f"the {self._plan.noun} did not start in {START_SECONDS:.0f} s") from error
        except (OSError, ValueError) as error:
            self._check_open()
            raise SandboxError(f"the {self._plan.noun} cannot be started: {self._advised(str(error))}") from error
        finally:
            self._launch.hand_over()
        self._watching = asyncio.ensure_future(self._watch(program))
        return program.process

    def _check_open(self) -> None:
        if self._closing is not None:
            raise SandboxGoneError(f"the {self._plan.noun} was closed", SandboxEnd.CLOSED)

    def _advised(self, problem: str) -> str:
        if problem.startswith("bwrap: "):
            return f"{problem}; {machine.advice()}; or set {self._plan.unjailed_variable}=true"
        return problem

    def _look(self, binds: Mapping[str, str]) -> None:
        """Open what the service needs of a jail that is complete, in a thread."""
        pid = self._launch.first_process()
        if pid is None:
            self._view = View.of_directory(self._plan.files / "shared")
            return
        self._first = (pid, os.pidfd_open(pid))
        self._view = View.of_jail(*self._first, binds)

    async def _watch(self, program: Program) -> None:
        """Wait until the program has ended, and tell why."""
        reason = ends.UNKNOWN
        try:
            await pidfds.ended(program.descriptor)
            if not self.jailed:  # others of it may run, and hold its pipes
                await self._threads.run(self._end_marked)
            out_of_memory = await self._threads.run(self._plan.cgroup.out_of_memory)
            reason = ends.explain(await program.wait(), out_of_memory, self._plan.limits)
        finally:
            if self._ended is None:
                self._ended = reason
            self._over.set()

    def _end_marked(self) -> bool:
        return processes.end_marked([self.jail_id], self._launch.users, END_SECONDS)

    async def ended(self) -> Ended:
        """Wait until the program has ended or the jail is closed, and return why."""
        await self._over.wait()
        return self._ended or ends.UNKNOWN

    def gone(self) -> SandboxGoneError | None:
        """Return the error that says how the program ended; None while it runs."""
        if self._ended is None:
            return None
        return SandboxGoneError(f"the {self._plan.noun} was ended: {self._ended.text}", self._ended.reason)

    def reach(self, name: str) -> str:
        """Return a short path of what lies in the shared directory, for this process, until `close`.

        The path leads to what was there at this call: after a file was replaced, call again. A Unix socket can be
        connected by it, too, whose path may have 107 bytes only. Links inside of the jail are not followed.

        Raises:
            SandboxError: it does not exist, or is reached over a link.
        """
        if self._view is None:
            raise self._not_running()
        try:
            return self._view.reach(name)
        except OSError as error:
            raise SandboxError(f"{name} of the {self._plan.noun} cannot be opened: {error}") from error

    async def listen(self, port: int = 0) -> socket.socket:
        """Return a listening TCP socket on the jail's own loopback, served from outside: its only network.

        Whoever asks for it closes it.

        Raises:
            SandboxError: it cannot be opened.
        """
        if not self.jailed:
            return network.listen_here(port)
        if self._first is None:
            raise self._not_running()
        marker = {processes.MARKER: self.jail_id}
        opening = asyncio.ensure_future(self._threads.run(partial(network.listen_inside, *self._first, port, marker)))
        self._openings.add(opening)
        opening.add_done_callback(self._openings.discard)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_discard)
            raise

    def _not_running(self) -> SandboxError:
        return self.gone() or SandboxError(f"the {self._plan.noun} does not run")

    async def close(self) -> None:
        """End everything that runs in the jail, in time, and remove its files. A second call does nothing.

        If the caller is cancelled, it goes on in the background; a second call waits for it.
        """
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._ended is None:
            self._ended = ends.CLOSED
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._end_processes()  # what waits for them goes on
                if self._starting is not None:
                    await asyncio.wait([self._starting, *self._openings])
                await self._end_processes()  # if the start came to them only then
            gone = await self._threads.run(self._remove)
        except (OSError, RuntimeError, TimeoutError) as error:
            _log.warning("a %s does not end: %r", self._plan.noun, error)
            gone = False
        finally:
            self._close_descriptors()
            self._over.set()
        if not gone:
            _log.error("%s is not wholly gone; the next start of the service tries again", self._plan.directory)

    def _kill(self) -> None:
        """Kill the one process whose end is the end of all."""
        if self._first is not None:
            pidfds.kill(self._first[1])
        elif self._program is not None:
            self._program.kill()

    async def _end_processes(self) -> None:
        """End all processes, and wait until there are none."""
        if self._program is None:
            return
        self._kill()
        if self._first is None:
            await pidfds.ended(self._program.descriptor)
            # If `bwrap` is killed while it builds, what it has started waits for it without an end.
            await self._threads.run(self._end_marked)
        else:
            await pidfds.ended(self._first[1])  # the kernel has ended all others of the namespace before
            with contextlib.suppress(TimeoutError):  # if somebody has stopped it, it does not end by itself
                async with asyncio.timeout(FOLLOW_SECONDS):
                    await pidfds.ended(self._program.descriptor)
            self._program.kill()
        await self._program.wait()
        if self._watching is not None:
            await asyncio.wait([self._watching])

    def _remove(self) -> bool:
        """Remove what is left, in a thread. Return whether nothing is."""
        self._launch.undo(END_SECONDS)
        return records.remove_all(self._plan.files, self._plan.directory)

    def _close_descriptors(self) -> None:
        if self._view is not None:
            self._view.close()
            self._view = None
        if self._first is not None:
            os.close(self._first[1])
            self._first = None
        if self._program is not None:
            self._program.close()
            self._program = None


def _hear(start: asyncio.Task[Process]) -> None:
    """Take a start's error, for which nobody may wait any more: it would be logged."""
    if not start.cancelled():
        start.exception()


def _discard(opening: asyncio.Task[socket.socket]) -> None:
    """Close a socket that nobody waits for any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
