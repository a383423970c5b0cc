"""Finds the sockets of X servers without walls, which stay in the machine's directory of them if a server is killed."""

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

SOCKETS: Final = Path("/tmp/.X11-unix")  # noqa: S108 - where X servers listen, whatever TMPDIR says
PROC: Final = Path("/proc")


def sockets_of(pid: int) -> set[Path]:
    """Return the sockets by which a process serves displays."""
    found = set()
    with contextlib.suppress(OSError):  # it has ended
        held = set(_held(PROC / str(pid) / "fd"))
        for line in (PROC / "net" / "unix").read_text(errors="replace").splitlines():
            # Num, RefCount, Protocol, Flags, Type, St, Inode, and the path if it has one.
            words = line.split(maxsplit=7)
            if len(words) > 7 and f"socket:[{words[6]}]" in held and Path(words[7]).parent == SOCKETS:  # noqa: PLR2004
                found.add(Path(words[7]))
    return found


def _held(descriptors: Path) -> Iterator[str]:
    """Yield what a process has open.

    Raises:
        OSError: it has ended.
    """
    for place in descriptors.iterdir():
        with contextlib.suppress(OSError):  # it was closed meanwhile
            yield str(place.readlink())


def sockets_of_users(users: Collection[int]) -> set[Path]:
    """Return the sockets of displays that belong to one of these users."""
    found = set()
    with contextlib.suppress(OSError):  # there are none
        for place in SOCKETS.iterdir():
            if place.lstat().st_uid in users:
                found.add(place)
    return found


def remove(sockets: Collection[Path]) -> None:
    """Remove the sockets of displays that were ended."""
    for place in sockets:
        with contextlib.suppress(OSError):  # it is gone, or somebody else's
            place.unlink()
