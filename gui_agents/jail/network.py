"""Opens a listening socket on the loopback of a jail, which has no other network.

A socket belongs to the network namespace in which it was made, wherever it is used. A process of many threads may not
enter a user namespace, so a small program enters, makes the socket, and hands it out over a Unix socket.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from gui_agents.domain.sandbox import SandboxError
from gui_agents.jail import pidfds

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


def listen_inside(pid: int, pidfd: int, port: int, environment: Mapping[str, str]) -> socket.socket:
    """Return a listening socket on the loopback of a process's network namespace. Blocks for some 20 milliseconds.

    Args:
        pid: the process.
        pidfd: its descriptor.
        port: 0 takes a free one.
        environment: of the program that enters the namespace.

    Raises:
        SandboxError: it cannot be opened.
    """
    try:
        with _namespace(pid, pidfd) as namespace:
            return _sent_out(namespace, port, environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"port {port} inside cannot be opened: {error}") from error


@contextlib.contextmanager
def _namespace(pid: int, pidfd: int) -> Iterator[int]:
    """Open the network namespace of a process."""
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if pidfds.has_ended(pidfd):  # the number may be another process's now
            raise ProcessLookupError("it has ended")
        yield namespace
    finally:
        os.close(namespace)


def _sent_out(namespace: int, port: int, environment: Mapping[str, str]) -> socket.socket:
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        done = subprocess.run(  # noqa: S603 - all of it is ours
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(namespace), str(there.fileno()), str(port)],
            pass_fds=(namespace, there.fileno()),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise OSError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        _data, descriptors, _flags, _address = socket.recv_fds(here, 1, 1)
        return socket.socket(fileno=descriptors[0])
