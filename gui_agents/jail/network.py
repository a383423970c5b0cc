"""Opens a listening socket on the loopback of a jail, which has no other network.

A socket belongs to the network namespace in which it was made, wherever it is used. A process of many threads may not
enter a user namespace, so a small program enters, makes the socket, and hands it out over a Unix socket.
"""

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import Final

from gui_agents.domain.sandbox import SandboxError

BACKLOG: Final = 128
SECONDS: Final = 10.0
NS_GET_USERNS: Final = 0xB701
"""From linux/nsfs.h: the user namespace that owns another namespace."""

_PROGRAM: Final = f"""
import ctypes, fcntl, os, socket, sys
network, out, port = map(int, sys.argv[1:])
libc = ctypes.CDLL(None, use_errno=True)
def enter(namespace):
    if libc.setns(namespace, 0):
        sys.exit(os.strerror(ctypes.get_errno()))
owner = fcntl.ioctl(network, {NS_GET_USERNS})
if os.fstat(owner).st_ino != os.stat("/proc/self/ns/user").st_ino:
    enter(owner)
enter(network)
listener = socket.create_server(("127.0.0.1", port), backlog={BACKLOG})
socket.send_fds(socket.socket(fileno=out), [b"."], [listener.fileno()])
"""


def listen_here(port: int) -> socket.socket:
    """Return a listening socket on this machine's loopback.

    Raises:
        SandboxError: it cannot be opened.
    """
    try:
        return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    except OSError as error:
        raise SandboxError(f"port {port} of the loopback cannot be opened: {error.strerror}") from error


async def listen_inside(network: int, port: int) -> socket.socket:
    """Return a listening socket on the loopback of a network namespace, which a descriptor stands for.

    Raises:
        SandboxError: it cannot be opened.
    """
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _PROGRAM, str(network), str(there.fileno()), str(port)),
            pass_fds=(network, there.fileno()),
            env={},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(SECONDS):
                _out, problem = await process.communicate()
        except TimeoutError as error:
            raise SandboxError(f"port {port} of the jail could not be opened in {SECONDS:.0f} s") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        try:
            _data, descriptors, _flags, _address = socket.recv_fds(here, 1, 1)
        except BlockingIOError as error:
            words = problem.decode(errors="replace").strip().rpartition("\n")[2]
            raise SandboxError(f"port {port} of the jail cannot be opened: {words}") from error
        return socket.socket(fileno=descriptors[0])


def network_of(pid: int) -> int:
    """Return a descriptor of a process's network namespace.

    Raises:
        OSError: the process has ended, or is not ours.
    """
    return os.open(Path("/proc", str(pid), "ns", "net"), os.O_RDONLY | os.O_CLOEXEC)
