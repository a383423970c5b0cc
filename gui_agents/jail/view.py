"""The files of a jail as the service sees them, which follows no link that the jail's programs have made.

The service has more rights than a jail. By a symbolic link, a program inside could let it open any file of the
machine. So each step of a path is opened for itself, and not if it is a link.
"""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from gui_agents.jail import pidfds, walls

DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
STEP: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class View:
    """The shared directory of a jail, held by descriptors until `close`."""

    def __init__(self, shared: int, places: Mapping[str, int]) -> None:
        self._shared = shared
        self._places = dict(places)
        self._reached: dict[str, int] = {}

    @classmethod
    def of_directory(cls, directory: Path) -> "View":
        """Return the view of a shared directory of this machine."""
        return cls(os.open(directory, DIRECTORY), {})

    @classmethod
    def of_jail(cls, pid: int, init: int, places: Mapping[str, str]) -> "View":
        """Return the view of the shared directory inside of a jail.

        Args:
            pid: the jail's first process.
            init: its descriptor.
            places: other directories inside that are seen in the shared one: place -> name.

        Raises:
            OSError: the jail has ended.
        """
        with contextlib.ExitStack() as opened:
            root = os.open(f"/proc/{pid}/root", DIRECTORY)
            try:
                if pidfds.has_ended(init):  # the number may be another process's now
                    raise ProcessLookupError("it has ended")
                names = {"": walls.SHARED, **{name: place for place, name in places.items()}}
                found = {}
                for name, place in names.items():
                    found[name] = os.open(place.lstrip("/"), DIRECTORY, dir_fd=root)
                    opened.callback(os.close, found[name])
            finally:
                os.close(root)
            opened.pop_all()
        return cls(found.pop(""), found)

    @property
    def path(self) -> Path:
        """The shared directory."""
        return Path(path_of(self._shared))

    def reach(self, name: str) -> str:
        """Return a short path of what lies in the shared directory now.

        Raises:
            OSError: it does not exist, or is reached over a link.
        """
        first, _, rest = name.partition("/")
        directory = self._places.get(first)
        found = open_below(self._shared, name) if directory is None else open_below(directory, rest)
        if (former := self._reached.pop(name, None)) is not None:
            os.close(former)
        self._reached[name] = found
        return path_of(found)

    def close(self) -> None:
        """Close all descriptors."""
        for descriptor in (self._shared, *self._places.values(), *self._reached.values()):
            os.close(descriptor)


def open_below(directory: int, path: str) -> int:
    """Return a descriptor (O_PATH) of what lies at `path` below a directory's descriptor.

    Raises:
        OSError: it does not exist, or the way there has a link or leaves the directory.
    """
    found = os.dup(directory)
    for name in PurePosixPath(path).parts:
        try:
            below = _open_step(found, name)
        finally:
            os.close(found)
        found = below
    return found


def _open_step(directory: int, name: str) -> int:
    if name in {"..", "/"}:
        raise PermissionError(f"{name} leaves the directory")
    found = os.open(name, STEP, dir_fd=directory)
    if stat.S_ISLNK(os.fstat(found).st_mode):
        os.close(found)
        raise PermissionError(f"{name} is a link")
    return found


def path_of(descriptor: int) -> str:
    """Return a short path of what a descriptor of this process stands for."""
    return f"/proc/self/fd/{descriptor}"
