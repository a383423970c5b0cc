"""Ports for what listens later, or again after a pause: a server that a test starts, restarts or expects to be away.

A port of the kernel's own choice is in the range from which every outgoing connection of the machine takes one, and can
be gone a moment later. These are below that range, which begins at 32768 on Linux: only another server takes them.
"""

import itertools
import os
import socket
from typing import Final

FIRST: Final = 20_000
COUNT: Final = 12_000
APART: Final = 101
"""How far from each other processes with neighbouring numbers begin."""

_turns = itertools.count(os.getpid() * APART)


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free, another one each time."""
    while True:
        port = FIRST + next(_turns) % COUNT
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
