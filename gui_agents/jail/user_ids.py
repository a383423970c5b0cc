"""User ids of jails: each jail of a service that runs as root has one of its own, so that no jail touches another.

A taken id is held by an abstract Unix socket of this process. Other services on the machine see that it is taken, and
the kernel gives it back whenever the process ends.
"""

import random
import socket
from typing import Final

import attrs

USER_IDS: Final = range(61184, 65520)
"""The ids that systemd gives to services for the time that they run; no distribution gives them to anything else."""


@attrs.frozen
class UserId:
    """A user id that is taken until `free` is called."""

    number: int
    _held: socket.socket

    def free(self) -> None:
        """Give the id back."""
        self._held.close()


def take_user_id() -> UserId:
    """Return a user id that nobody has taken.

    Raises:
        OSError: all of them are taken.
    """
    # From a random one on: two containers on one machine do not see each other's sockets.
    first = random.randrange(len(USER_IDS))  # noqa: S311 - no secret
    for number in (*USER_IDS[first:], *USER_IDS[:first]):
        if (user := take_this_user_id(number)) is not None:
            return user
    raise OSError("all user ids of jails are taken")


def take_this_user_id(number: int) -> UserId | None:
    """Return a user id, or None if somebody has taken it."""
    held = socket.socket(socket.AF_UNIX)
    try:
        held.bind(f"\0gui-agents-uid-{number}")
    except OSError:
        held.close()
        return None
    return UserId(number, held)
