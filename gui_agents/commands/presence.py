"""What listens at an address that did not answer a call: nothing, a program that hangs, or another program."""

import socket
from enum import Enum, auto, unique
from typing import Final

PROBE_SECONDS: Final = 1.0
HELLO: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""The client's preface of HTTP/2 with empty settings (RFC 9113, 3.4). A server answers it at once."""
SETTINGS: Final = 4
"""The type of the frame that an HTTP/2 server sends first. The type is the fourth byte of a frame."""
FRAME_HEADER_BYTES: Final = 9


@unique
class Presence(Enum):
    """What a look at an address found."""

    ABSENT = auto()
    """Nobody accepts connections there."""
    UNREACHED = auto()
    """No connection came about and none was refused."""
    SILENT = auto()
    """Connections are accepted, and nothing is said. The kernel accepts them also for a process that is stopped."""
    HTTP2 = auto()
    """A server of HTTP/2 answers."""
    OTHER = auto()
    """Another program answers, or closes the connection."""


def presence(host: str, port: int) -> Presence:
    """Return what listens there; an IPv6 address stands without brackets."""
    try:
        connection = socket.create_connection((host, port), PROBE_SECONDS)
    except TimeoutError:
        return Presence.UNREACHED
    except (OSError, UnicodeError):
        return Presence.ABSENT
    with connection:
        try:
            connection.sendall(HELLO)
            answer = connection.recv(FRAME_HEADER_BYTES)
        except TimeoutError:
            return Presence.SILENT
        except OSError:
            return Presence.OTHER
    return Presence.HTTP2 if answer[3:4] == bytes([SETTINGS]) else Presence.OTHER


def hangs(seconds: float | None = None) -> str:
    """Return what to say of an address where somebody listens and nobody answers."""
    waited = "" if seconds is None else f" within {seconds:g} s"
    return (
        f"accepts connections and does not answer{waited}: the service hangs or is stopped, or another program "
        "listens there; look at its process and its log, and restart it"
    )


def away(seconds: float = PROBE_SECONDS) -> str:
    """Return what to say of an address that neither accepts nor refuses connections."""
    return (
        f"accepts no connection within {seconds:g} s: its host is down, a firewall drops connections, "
        "or the service hangs and its queue of connections is full"
    )
