"""One jail: a program, everything that it starts, and its files.

Theory of operation. A jail is one `bwrap` with namespaces of its own for processes, mounts, network and System V IPC.
Its first process is the jail's program; when that ends, or when `bwrap` is killed, the kernel ends every process of
the namespace. The home is a tmpfs, which bounds what the jail can write. The only way in and out, besides standard
input and output, is one directory that the jail shares with the service.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError

HOME: Final = "/home/user"
"""The home inside of a jail, as large as `Limits.disk_bytes`."""
SHARED: Final = "/run/shared"
"""The shared directory inside of a jail."""
END_SECONDS: Final = 5.0


@attrs.frozen(kw_only=True)
class Limits:
    """What a jail may use."""

    memory_bytes: int
    disk_bytes: int
    """Of its home, and as much again of its temporary files."""
    processes: int


@attrs.frozen
class Ended:
    """How a jail's program ended."""

    reason: SandboxEnd
    text: str
    """In words, for the task's message."""


class Jail:
    """A jail. `Supervisor.prepare` makes it; `close` is always called, whatever happened before."""

    def __init__(self, jail_id: str, directory: Path, limits: Limits) -> None:
        self.jail_id: Final = jail_id
        self.home = HOME
        """The home, as the jail's programs see it."""
        self.shared = SHARED
        """The shared directory, as the jail's programs see it."""
        self._directory = directory
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None

    @property
    def shared_outside(self) -> Path:
        """The shared directory, as the service sees it. It exists before the program starts."""
        return self._directory / "shared"

    async def start(
        self, argv: Sequence[str], environment: Mapping[str, str], *, pass_fds: Sequence[int] = ()
    ) -> asyncio.subprocess.Process:
        """Start the jail's program. Its whole environment is given; its standard input and output are pipes.

        Raises:
            SandboxError: it cannot be started.
        """
        command = [
            *("bwrap", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc", "--symlink", "usr/lib", "/lib"),
            *("--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin"),
            *("--dev", "/dev", "--proc", "/proc", "--ro-bind-try", "/var/cache/fontconfig", "/var/cache/fontconfig"),
            *("--perms", "1777", "--size", str(self._limits.disk_bytes), "--tmpfs", "/tmp"),  # noqa: S108 - in the jail
            *("--perms", "0777", "--size", str(self._limits.disk_bytes), "--tmpfs", HOME),
            *("--bind", str(self.shared_outside), SHARED, "--chdir", HOME),
            *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"),
            *("--", *argv),
        ]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        return self._process

    async def ended(self) -> Ended:
        """Wait until the program has ended, and return why."""
        if self._process is None:
            raise SandboxError("the jail has not been started")
        status = await self._process.wait()
        return Ended(SandboxEnd.CRASHED, f"its program ended with status {status}")

    def gone(self) -> SandboxGoneError | None:
        """Return the error that says how the program ended; None while it runs."""
        raise NotImplementedError

    async def listen(self, port: int = 0) -> socket.socket:
        """Return a listening TCP socket on the jail's own loopback, served from outside: its only network.

        Raises:
            SandboxError: it cannot be opened.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """End everything that runs in the jail, in time, and remove its files. A second call does nothing."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)
