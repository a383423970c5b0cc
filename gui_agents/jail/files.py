"""Opens what lies in a jail, from outside, and follows no link that the jail's programs have made.

The service has more rights than a jail. By a symbolic link, a program inside could let it open any file of the
machine. So each step of a path is opened for itself, and not if it is a link.
"""

import os
import stat
from pathlib import PurePosixPath
from typing import Final

_STEP: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def open_below(directory: int, path: str) -> int:
    """Return a descriptor (O_PATH) of what lies at `path` below a directory's descriptor.

    Raises:
        OSError: it does not exist, or the way there has a link or leaves the directory.
    """
    found = os.dup(directory)
    try:
        for name in PurePosixPath(path).parts:
            below = _open_step(found, name)
            os.close(found)
            found = below
    except BaseException:
        os.close(found)
        raise
    return found


def _open_step(directory: int, name: str) -> int:
    if name in {"..", "/"}:
        raise OSError(f"{name} leaves the jail")
    found = os.open(name, _STEP, dir_fd=directory)
    if stat.S_ISLNK(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(f"{name} is a link")
    return found


def descriptor_path(descriptor: int) -> str:
    """Return a short path of what a descriptor of this process stands for."""
    return f"/proc/self/fd/{descriptor}"
