"""The files of the database: where they are, who has them, and that they are still there."""

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

from gui_agents.domain.storage import StorageError, StorageStartError

VARIABLE: Final = "RUNTIME_DIR"
DATABASE: Final = "tasks.sqlite"
LOCK: Final = f"{DATABASE}.lock"
COMPANIONS: Final = ("-wal", "-shm", "-journal")
"""What SQLite puts behind the name of a database for its own files."""
MODE: Final = 0o600


class Lock:
    """Held by the one service that has the database, and by the kernel's word given back when it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def taken(cls, directory: Path) -> "Lock":
        """Take the lock of a directory, which is made if it is not there.

        Raises:
            StorageStartError: another service has it, or the directory cannot be written.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
        except OSError as error:
            raise unusable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StorageStartError(
                VARIABLE,
                f"another service has the tasks in {directory / DATABASE}; end it, or name a directory of its own",
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise StorageStartError(
                VARIABLE, f"{directory / LOCK} cannot be locked ({error.strerror}); name a directory on a local disk"
            ) from error
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock back. A second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def made(path: Path) -> int:
    """Make the file of the database for nobody but us if it is not there, and return its inode.

    Raises:
        StorageStartError: it is none that can be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    except OSError as error:
        raise unusable(error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StorageStartError(VARIABLE, f"{path} is no file; move it away")
        if status.st_uid == os.geteuid():
            os.fchmod(descriptor, MODE)
    finally:
        os.close(descriptor)
    return status.st_ino


def check_present(path: Path, inode: int) -> None:
    """Check that the database is still the file that was opened: what is written to a removed file is lost.

    Raises:
        StorageError: it was removed or replaced.
    """
    try:
        present = path.stat().st_ino
    except OSError as error:
        raise StorageError(f"{path} cannot be found any more ({error.strerror}); put it back") from error
    if present != inode:
        raise StorageError(f"{path} was replaced by another file; restart the service")


def unusable(error: OSError) -> StorageStartError:
    """Return what to say of a file that cannot be made or opened."""
    name = error.filename or VARIABLE
    if error.errno == errno.EISDIR:
        return StorageStartError(VARIABLE, f"{name} is a directory; move it away")
    return StorageStartError(VARIABLE, f"{error.strerror}: {name}; name a directory that can be written")
