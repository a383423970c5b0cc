"""A process that the service starts, held at a gate until it has its limits."""

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from gui_agents.jail import pidfds

GATE: Final = ("/bin/sh", "-c", 'read -r go && exec "$@"', "sh")
"""Waits for a line, and becomes the command that follows. If the service ends before, it ends, too."""
SECOND_GATE: Final = ("/bin/sh", "-c", 'echo && read -r go && exec "$@" 2>/dev/null', "sh")
"""Writes a line, waits for one, and becomes the command that follows, of which standard error is not read."""
PROBLEM_BYTES: Final = 2**12
PROBLEM_SECONDS: Final = 1.0


@attrs.frozen(kw_only=True)
class Command:
    """What is started, and how."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()
    directory: Path | None = None
    line_bytes: int
    """The longest line that can be read from its standard output."""


class _Protocol(SubprocessStreamProtocol):
    """Tells when the process has ended, though others may hold its pipes, or nobody reads them."""

    def __init__(self, *, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=limit, loop=loop)
        self.exited = asyncio.Event()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        # Before 3.11.4, asyncio logs a pipe that is broken because its process has ended, if nobody waits for it.
        super().pipe_connection_lost(fd, None if isinstance(exc, ConnectionError) else exc)

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()


class Program:
    """A started process, with a session of its own."""

    def __init__(self, transport: asyncio.SubprocessTransport, process: Process, exited: asyncio.Event) -> None:
        self.process: Final = process
        self.descriptor: Final = os.pidfd_open(process.pid)
        self._transport = transport
        self._exited = exited

    @classmethod
    async def spawn(cls, command: Command) -> "Program":
        """Start a process, which waits at its gate.

        Raises:
            OSError: it cannot be started.
        """
        loop = asyncio.get_running_loop()
        protocol: _Protocol
        # Not `create_subprocess_exec`, which keeps the transport to itself: its pipes have to be closed in the end.
        transport, protocol = await loop.subprocess_exec(
            lambda: _Protocol(limit=command.line_bytes, loop=loop),
            *GATE,
            *command.argv,
            env=command.environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            pass_fds=command.pass_fds,
            cwd=command.directory,
            start_new_session=True,
        )
        try:
            return cls(transport, Process(transport, protocol, loop), protocol.exited)
        except OSError:  # it has ended at once
            transport.close()
            raise

    async def reach_second_gate(self) -> None:
        """Open the gate, and wait until the command is at the second one.

        Raises:
            OSError: it ended before, or something of it is closed; the text has what it wrote to standard error.
        """
        await self.open_gate()
        stdout, stderr = self.process.stdout, self.process.stderr
        if stdout is None or stderr is None:
            raise OSError("it has no pipes")
        if await stdout.readline() != b"\n":
            problem = b""
            with contextlib.suppress(TimeoutError):  # something else may hold the pipe
                async with asyncio.timeout(PROBLEM_SECONDS):
                    problem = await stderr.read(PROBLEM_BYTES)
            raise OSError(problem.decode(errors="replace").strip().rpartition("\n")[2] or "it ended at once")

    async def open_gate(self) -> None:
        """Let the process go on from the gate at which it is."""
        if self.process.stdin is not None:
            with contextlib.suppress(ConnectionError):  # it has ended, which is noticed elsewhere
                self.process.stdin.write(b"\n")
                await self.process.stdin.drain()

    def kill(self) -> None:
        """End the process, if it still runs."""
        pidfds.kill(self.descriptor)

    async def wait(self) -> int:
        """Wait until the process has ended, and return its status. Its pipes may still be open."""
        await self._exited.wait()
        return self.process.returncode or 0

    def close(self) -> None:
        """Close the pipes of a process that has ended."""
        os.close(self.descriptor)
        stdin = self._transport.get_pipe_transport(0)
        if isinstance(stdin, asyncio.WriteTransport) and not stdin.is_closing():
            stdin.abort()  # what was not read is not waited for
        self._transport.close()
