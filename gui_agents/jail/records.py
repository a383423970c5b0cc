"""What a service writes down before it makes it, so that the next start finds exactly that.

    DIRECTORY/OWNER/            one service that runs, or was killed
        lock                    locked (flock) as long as that service lives, by the kernel
        JAIL_ID/                one jail
            record.json         what it is: written before anything of it is started
            shared/, home/      its files
        note-ID.json            something that is not on this machine

Several services may share a directory: each sweeps only what belongs to owners whose lock is free.
"""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

RECORD: Final = "record.json"
LOCK: Final = "lock"
NOTE: Final = "note-*.json"

_log = logging.getLogger(__name__)


class Owner:
    """The directory of one service, held by a lock from the first use until `close`."""

    def __init__(self, directory: Path, descriptor: int) -> None:
        self.directory: Final = directory
        self._descriptor = descriptor

    @classmethod
    def new(cls, parent: Path) -> "Owner":
        """Make the directory of a service.

        Raises:
            OSError: that failed.
        """
        while True:
            directory = parent / uuid.uuid4().hex
            directory.mkdir(mode=0o700, parents=True)
            # Another service may sweep the directory before it is locked: then there is another one.
            with contextlib.suppress(FileNotFoundError):
                if (owner := cls._locked(directory)) is not None:
                    return owner

    @classmethod
    def dead(cls, parent: Path) -> Iterator["Owner"]:
        """Take over the directories of services that are gone, one after the other."""
        try:
            directories = sorted(place for place in parent.iterdir() if place.is_dir())
        except FileNotFoundError:
            return
        for directory in directories:
            try:
                owner = cls._locked(directory)
            except FileNotFoundError:  # another service has swept it
                continue
            except OSError as error:
                _log.warning("%s cannot be swept: %s; remove it by hand", directory, error.strerror)
                continue
            if owner is not None:
                yield owner

    @classmethod
    def _locked(cls, directory: Path) -> "Owner | None":
        """Return the owner if its lock was free, and None if another process holds it, or has removed it."""
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if os.fstat(descriptor).st_nlink == 0:
            os.close(descriptor)
            return None
        return cls(directory, descriptor)

    def jails(self) -> list[Path]:
        """Return the directories of the jails."""
        return sorted(place for place in self.directory.iterdir() if place.is_dir())

    def notes(self) -> list[Path]:
        """Return the notes."""
        return sorted(self.directory.glob(NOTE))

    def close(self) -> None:
        """Remove the directory if nothing is left in it, and give the lock back."""
        with contextlib.suppress(OSError):
            if [place.name for place in self.directory.iterdir()] == [LOCK]:
                (self.directory / LOCK).unlink()
                self.directory.rmdir()
        os.close(self._descriptor)


def write(place: Path, data: Mapping[str, Any]) -> None:
    """Write a record, whole or not at all.

    Raises:
        OSError: that failed.
    """
    draft = place.with_suffix(".draft")
    draft.write_text(json.dumps(data))
    draft.replace(place)


def read(place: Path) -> Mapping[str, Any] | None:
    """Return a record; None if there is none, or if it cannot be read, which is logged."""
    try:
        data = json.loads(place.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("the record %s cannot be read: %s; look for what it stands for, and remove it", place, error)
        return None
    return data if isinstance(data, dict) else None


def remove_all(files: Path, directory: Path) -> bool:
    """Remove a jail's files and then the directory of its record. Return whether they are gone."""
    return _remove(files) and _remove(directory)


def _remove(directory: Path) -> bool:
    """Remove a directory and everything in it. Return whether it is gone; if not, that is logged."""
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        pass
    except OSError as error:
        _log.warning("%s cannot be removed: %s; remove it by hand", directory, error)
        return False
    return True
