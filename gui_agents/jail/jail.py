"""One jail: a program, everything that it starts, and its files.

Theory of operation. A jail is one `bwrap` with namespaces of its own for processes, mounts, network and System V IPC.
The first process of the namespace is `bwrap`'s; it ends when the jail's program ends, and then the kernel ends every
process of the namespace. So to end a jail is to end that one process, and to wait for it is to know that none is left.

Whatever the jail's programs write is in a tmpfs with a size, inside. The service reaches it over `/proc/PID/root`,
of which it holds a descriptor: no mount exists outside, and nothing in the jail can fill the service's disk.

A start has two gates. Outside, a shell waits for a line, until it is in its cgroup and has its limits; only then it
becomes `bwrap`. Inside, a shell writes a line, which says that the jail is complete, and becomes the jail's program.
Both lines go over the program's own standard input and output, before anything else does.

Without walls (`unjailed`), the program runs in a session of its own, and is ended with all who carry the jail's
marker in their environment. That keeps order, but keeps nobody in.
"""

import asyncio
import contextlib
import json
import logging
import os
import resource
import socket
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError
from gui_agents.jail import ends, network, processes, walls
from gui_agents.jail.cgroups import Cgroup
from gui_agents.jail.files import descriptor_path, open_below
from gui_agents.jail.limits import Ended, Limits
from gui_agents.jail.records import remove
from gui_agents.jail.user_ids import UserId, take_user_id
from gui_agents.threads import Threads

__all__ = ["Ended", "Jail", "Limits"]

START_SECONDS: Final = 20.0
END_SECONDS: Final = 10.0
OUT_OF_MEMORY_SCORE: Final = 300
"""If the whole machine has no memory left, the kernel ends jails before the service."""
LINE_BYTES: Final = 2**16

_GATE: Final = ("/bin/sh", "-c", 'read -r go && exec "$@"', "sh")

_log = logging.getLogger(__name__)


class Jail:
    """A jail. `Supervisor.prepare` makes it; `close` is always called, whatever happened before."""

    def __init__(
        self,
        jail_id: str,
        directory: Path,
        limits: Limits,
        *,
        noun: str = "sandbox",
        bwrap: str | None,
        cgroup: Cgroup,
        threads: Threads,
    ) -> None:
        self.jail_id: Final = jail_id
        self.home = walls.HOME if bwrap else str(directory / "home")
        """The home, as the jail's programs see it."""
        self.shared = walls.SHARED if bwrap else str(directory / "shared")
        """The shared directory, as the jail's programs see it."""
        self._directory = directory
        self._limits = limits
        self._noun = noun
        self._bwrap = bwrap
        self._cgroup = cgroup
        self._threads = threads
        self._user: UserId | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._process: Process | None = None
        self._starting: asyncio.Task[Process] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._outer: int | None = None
        """A pidfd of the process that the service started."""
        self._init: int | None = None
        """A pidfd of the first process of the jail's namespace."""
        self._init_pid = 0
        self._shared_directory: int | None = None
        self._places: dict[str, int] = {}
        """Descriptors of the directories that `binds` names, by their names in the shared directory."""
        self._reached: dict[str, int] = {}
        self._over = asyncio.Event()
        self._ended: Ended | None = None

    @property
    def jailed(self) -> bool:
        """Whether there are walls."""
        return self._bwrap is not None

    @property
    def shared_outside(self) -> Path:
        """The shared directory, as the service sees it. Not the same before and after `start`.

        What the service has put there before the start is there inside, too: files can only be read there.
        Afterwards it shows what the jail's programs write, who may have made symbolic links: prefer `reach`.
        """
        if self._shared_directory is not None:
            return Path(descriptor_path(self._shared_directory))
        return self._directory / "shared"

    async def start(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int] = (),
        binds: Mapping[str, str] | None = None,
        line_bytes: int = LINE_BYTES,
    ) -> Process:
        """Start the jail's program. Its whole environment is given; its standard input and output are pipes.

        Args:
            argv: of the program.
            environment: of the program; the jail's marker is added.
            pass_fds: descriptors that it inherits.
            binds: places outside of the shared directory that are seen there as subdirectories, such as
                {"/tmp/.X11-unix": "x11"}. Without walls there are none.
            line_bytes: the longest line that can be read from its standard output.

        Raises:
            SandboxError: it cannot be started.
        """
        if self._starting is not None or self._closing is not None:
            raise SandboxError("the jail was started or closed before")
        self._starting = asyncio.ensure_future(
            self._start(argv, dict(environment), tuple(pass_fds), dict(binds or {}), line_bytes)
        )
        try:
            return await self._starting
        except asyncio.CancelledError:
            if self._was_closed() and not _is_cancelled():
                raise SandboxGoneError(f"the {self._noun} was closed", SandboxEnd.CLOSED) from None
            raise

    async def _start(
        self,
        argv: Sequence[str],
        environment: dict[str, str],
        pass_fds: tuple[int, ...],
        binds: dict[str, str],
        line_bytes: int,
    ) -> Process:
        bounded = await self._threads.run(partial(self._prepare, environment))
        info, info_inside = os.pipe()
        try:
            if self._bwrap is None:
                command = [*self._unprivileged(bounded=bounded), *walls.start_words(argv)]
            else:
                inside = walls.Inside(
                    limits=self._limits,
                    etc=self._directory / "etc",
                    shared=self._directory / "shared",
                    places=binds,
                )
                command = await self._threads.run(partial(walls.bwrap, self._bwrap, inside, info=info_inside))
                command += [*self._unprivileged(bounded=bounded), *walls.start_words(argv)]
            process, outer = await self._spawn(command, environment, (*pass_fds, info_inside), line_bytes)
            await self._threads.run(partial(self._limit, process.pid, bounded=bounded))
            async with asyncio.timeout(START_SECONDS):
                await self._let_go(process)
            if self._bwrap is not None:
                self._init_pid = json.loads(os.read(info, 2**16))["child-pid"]
                self._init = os.pidfd_open(self._init_pid)
            await self._threads.run(partial(self._open_directories, binds))
        except (OSError, ValueError, TimeoutError) as error:
            raise SandboxError(f"the {self._noun} cannot be started: {error or 'it took too long'}") from error
        finally:
            os.close(info)
            os.close(info_inside)
        self._watching = asyncio.ensure_future(self._watch(process, outer))
        return process

    def _prepare(self, environment: dict[str, str]) -> bool:
        """Make what the program needs, in a thread. Return whether a cgroup bounds it."""
        environment[processes.MARKER] = self.jail_id
        if os.geteuid() == 0 and self._bwrap is not None:
            self._user = take_user_id()
            if self._user is None:
                raise OSError("all user ids of jails are taken")
        etc = self._directory / "etc"
        etc.mkdir()
        for name, text in walls.etc_files(self._uid(), self.jail_id).items():
            (etc / name).write_text(text)
            (etc / name).chmod(0o444)
        for directory, _names, files in os.walk(self._directory / "shared"):
            for name in files:
                place = Path(directory, name)
                place.chmod(place.stat().st_mode | 0o444)
        return self._cgroup.make(self._limits)

    def _uid(self) -> int:
        return self._user.number if self._user is not None else os.getuid()

    def _unprivileged(self, *, bounded: bool) -> list[str]:
        uid = None if self._user is None else self._user.number
        return walls.unprivileged(uid, None if bounded or self._bwrap is None else self._limits.processes)

    async def _spawn(
        self, command: Sequence[str], environment: Mapping[str, str], pass_fds: tuple[int, ...], line_bytes: int
    ) -> tuple[Process, int]:
        loop = asyncio.get_running_loop()
        protocol: SubprocessStreamProtocol
        # `create_subprocess_exec` would do, if it gave the transport, whose pipes have to be closed in the end.
        self._transport, protocol = await loop.subprocess_exec(
            lambda: SubprocessStreamProtocol(limit=line_bytes, loop=loop),
            *_GATE,
            *command,
            env=dict(environment),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            pass_fds=pass_fds,
            cwd=None if self._bwrap is not None else self.home,
            start_new_session=True,
        )
        self._process = Process(self._transport, protocol, loop)
        self._outer = os.pidfd_open(self._process.pid)
        return self._process, self._outer

    def _limit(self, pid: int, *, bounded: bool) -> None:
        """Set the limits of a process that has not begun, in a thread."""
        if bounded:
            self._cgroup.add(pid)
        else:
            resource.prlimit(pid, resource.RLIMIT_DATA, (self._limits.memory_bytes,) * 2)
        if self._bwrap is None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (self._limits.disk_bytes,) * 2)
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        Path("/proc", str(pid), "oom_score_adj").write_text(str(OUT_OF_MEMORY_SCORE))

    async def _let_go(self, process: Process) -> None:
        """Open the outer gate, and wait for the inner one."""
        stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise OSError("it has no pipes")
        with contextlib.suppress(ConnectionError):
            stdin.write(b"go\n")
            await stdin.drain()
        if await stdout.readline() != b"\n":
            problem = (await stderr.read(2**12)).decode(errors="replace").strip()
            raise OSError(problem or f"its program ended with status {await process.wait()}")

    def _open_directories(self, binds: Mapping[str, str]) -> None:
        """Open the directories over which the service sees the jail, in a thread."""
        flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
        if self._bwrap is None:
            self._shared_directory = os.open(self._directory / "shared", flags)
            return
        root = os.open(f"/proc/{self._init_pid}/root", flags)
        try:
            if self._init is None or processes.has_ended(self._init):  # the number may be another process's now
                raise OSError("its program ended at once")
            self._shared_directory = os.open(walls.SHARED[1:], flags, dir_fd=root)
            for place, name in binds.items():
                self._places[name] = os.open(place.lstrip("/"), flags, dir_fd=root)
        finally:
            os.close(root)

    async def _watch(self, process: Process, outer: int) -> None:
        """Wait until the program has ended, and tell why."""
        await _ended(outer)
        if self._bwrap is None:
            await self._threads.run(partial(processes.end_marked, [self.jail_id], END_SECONDS))
        status = await process.wait()
        out_of_memory = await self._threads.run(self._cgroup.out_of_memory)
        if self._ended is None:
            self._ended = ends.explain(status, out_of_memory, self._limits)
        self._over.set()

    async def ended(self) -> Ended:
        """Wait until the program has ended, and return why."""
        await self._over.wait()
        return self._ended or ends.CLOSED

    def gone(self) -> SandboxGoneError | None:
        """Return the error that says how the program ended; None while it runs."""
        if self._ended is None:
            return None
        return SandboxGoneError(f"the {self._noun} was ended: {self._ended.text}", self._ended.reason)

    def reach(self, name: str) -> str:
        """Return a short path of what lies in the shared directory, for a program of this process, until `close`.

        The path leads to what was there at this call: after a file was replaced, call again. A Unix socket can be
        connected by it, too, whose path may have 107 bytes only. Links inside of the jail are not followed.

        Raises:
            SandboxError: it does not exist, or is reached over a link.
        """
        first, _, rest = name.partition("/")
        directory = self._places.get(first)
        if directory is None:
            directory, rest = self._shared_directory, name
        if directory is None:
            raise SandboxError(f"the {self._noun} does not run")
        try:
            descriptor = open_below(directory, rest)
        except OSError as error:
            raise SandboxError(f"{name} of the {self._noun} cannot be opened: {error}") from error
        if (former := self._reached.pop(name, None)) is not None:
            os.close(former)
        self._reached[name] = descriptor
        return descriptor_path(descriptor)

    async def listen(self, port: int = 0) -> socket.socket:
        """Return a listening TCP socket on the jail's own loopback, served from outside: its only network.

        Whoever asked for it closes it.

        Raises:
            SandboxError: it cannot be opened.
        """
        if self._bwrap is None:
            return network.listen_here(port)
        if self._init is None:
            raise SandboxError(f"the {self._noun} does not run")
        try:
            namespace = network.network_of(self._init_pid)
        except OSError as error:
            raise self.gone() or SandboxError(f"the network of the {self._noun} cannot be entered: {error}") from error
        try:
            if processes.has_ended(self._init):  # the number may be another process's now
                raise self.gone() or SandboxGoneError(f"the {self._noun} has ended", SandboxEnd.CRASHED)
            return await network.listen_inside(namespace, port)
        finally:
            os.close(namespace)

    async def close(self) -> None:
        """End everything that runs in the jail, in time, and remove its files. A second call does nothing.

        If the caller is cancelled, it goes on in the background; a second call waits for it.
        """
        if self._closing is None:
            if self._ended is None:
                self._ended = ends.CLOSED
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    def _was_closed(self) -> bool:
        return self._closing is not None

    async def _close(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        gone = await self._end_processes()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        self._over.set()
        if self._transport is not None:
            self._transport.close()
        descriptors = [self._outer, self._init, self._shared_directory, *self._places.values(), *self._reached.values()]
        self._outer = self._init = self._shared_directory = None
        self._places.clear()
        self._reached.clear()
        for descriptor in descriptors:
            if descriptor is not None:
                os.close(descriptor)
        if gone and await self._threads.run(self._remove):
            return
        _log.error("%s %s is not wholly gone; the next start of the service tries again", self._noun, self.jail_id)

    async def _end_processes(self) -> bool:
        """End all processes, and return whether that succeeded."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                if self._init is not None:
                    processes.kill(self._init)
                    await _ended(self._init)  # the kernel has ended the whole namespace before
                if self._outer is not None:
                    if self._init is None:
                        processes.kill(self._outer)
                    await _ended(self._outer)
                if self._init is None and self._process is not None:
                    await self._threads.run(partial(processes.end_marked, [self.jail_id], END_SECONDS))
                if self._process is not None:
                    await self._process.wait()
                return True
        return False

    def _remove(self) -> bool:
        """Remove what is left, in a thread. Return whether nothing is."""
        try:
            self._cgroup.end_processes(END_SECONDS)
            self._cgroup.remove()
        except OSError as error:
            _log.warning("a cgroup of %s cannot be removed: %s", self.jail_id, error)
            return False
        if self._user is not None:
            self._user.free()
        return remove(self._directory)


def _is_cancelled() -> bool:
    """Return whether the task that calls this is being cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _ended(descriptor: int) -> None:
    """Wait until the process of a pidfd has ended."""
    loop = asyncio.get_running_loop()
    # A descriptor of its own: two may wait for the same process, and the event loop knows one reader of each.
    own = os.dup(descriptor)
    ended: asyncio.Future[None] = loop.create_future()

    def tell(*_: Any) -> None:
        loop.remove_reader(own)
        if not ended.done():
            ended.set_result(None)

    loop.add_reader(own, tell)
    try:
        await ended
    finally:
        loop.remove_reader(own)
        os.close(own)
