"""Backups: a tar file with the database and the pictures, made while the service runs, and put back while none does.

    tasks.sqlite                the database as of one instant, without a write-ahead log
    pictures/TASK_ID/NAME       pictures of the screen; those that are deleted meanwhile are left out

A backup gets its name when it is complete, and so does a restored database: a crash on the way leaves what was there.
"""

import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Final

import attrs

from gui_agents.domain.errors import GuiAgentsError
from gui_agents.storage.sqlite.connections import connected
from gui_agents.storage.sqlite.files import COMPANIONS, DATABASE, MODE, Lock
from gui_agents.storage.sqlite.opening import problem_of

PICTURES: Final = "pictures"
PICTURE_PARTS: Final = 3
"""Of the name of a picture's file in a backup."""


class BackupError(GuiAgentsError):
    """A backup cannot be made or put back; the text says why."""


@attrs.frozen
class Contents:
    """What is in a backup."""

    tasks: int
    pictures: int


def back_up(directory: Path, file: Path) -> Contents:
    """Write a backup of the tasks below `directory`, which a service may be writing.

    Raises:
        BackupError: it cannot be made.
    """
    source = directory / DATABASE
    if not source.is_file():
        raise BackupError(f"no tasks are stored in {source}")
    part = file.with_name(f"{file.name}.part")
    try:
        # Beside the backup, where there must be room for it anyway.
        with tempfile.TemporaryDirectory(dir=file.absolute().parent) as place, _whole(part) as descriptor:
            copy = Path(place, DATABASE)
            _copy(source, copy)
            with os.fdopen(descriptor, "wb", closefd=False) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
                tar.add(copy, DATABASE)
                pictures = _add_pictures(tar, directory / PICTURES)
            tasks = _tasks(copy)
            os.fsync(descriptor)
        part.replace(file)
        _sync(file.absolute().parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"the backup failed: {error}") from error
    return Contents(tasks, pictures)


def restore(file: Path, directory: Path, *, force: bool) -> Contents:
    """Put a backup in place of the tasks below `directory`; only `force` replaces tasks that are there.

    Raises:
        BackupError: it is damaged or of a newer service, or there are tasks already. Nothing was changed.
        StorageStartError: a service has the directory, or it cannot be written.
    """
    lock = Lock.taken(directory)
    try:
        target = directory / DATABASE
        if target.exists() and not force:
            raise BackupError(f"there are tasks in {target}; --force replaces them")
        with tempfile.TemporaryDirectory(dir=directory, prefix="restore-") as place:
            pictures = _unpacked(file, Path(place))
            copy = Path(place, DATABASE)
            _check(copy, file)
            tasks = _tasks(copy)
            _put_in_place(Path(place), directory)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise BackupError(f"{file} cannot be restored: {error}") from error
    finally:
        lock.release()
    return Contents(tasks, pictures)


@contextmanager
def _whole(part: Path) -> Iterator[int]:
    """Open a new file for nobody but us. It is removed again if anything fails."""
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    try:
        yield descriptor
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _copy(source: Path, copy: Path) -> None:
    """Copy a database as of one instant. In one step, as a copy in steps begins again whenever the service writes."""
    with closing(connected(source, read_only=True)) as ours, closing(sqlite3.connect(copy)) as theirs:
        ours.backup(theirs)
        theirs.execute("PRAGMA journal_mode = DELETE")


def _add_pictures(tar: tarfile.TarFile, pictures: Path) -> int:
    number = 0
    for picture in sorted(pictures.glob("*/*")):
        if picture.is_symlink() or not picture.is_file():
            continue
        with suppress(FileNotFoundError):
            tar.add(picture, f"{PICTURES}/{picture.relative_to(pictures)}")
            number += 1
    return number


def _unpacked(file: Path, place: Path) -> int:
    """Unpack a backup, and return how many pictures it has. What is no part of a backup is refused."""
    pictures = 0
    with tarfile.open(file, mode="r:") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            is_picture = len(name.parts) == PICTURE_PARTS and name.parts[0] == PICTURES and ".." not in name.parts
            content = tar.extractfile(member) if member.isreg() else None
            if content is None or not (is_picture or member.name == DATABASE):
                raise BackupError(f"{file} is no backup of this service: it has {member.name!r:.80}")
            path = place / name
            path.parent.mkdir(exist_ok=True, parents=True)
            with content, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as stream:
                shutil.copyfileobj(content, stream)
                stream.flush()
                os.fsync(stream.fileno())
            pictures += is_picture
    if not (place / DATABASE).exists():
        raise BackupError(f"{file} is no backup of this service: {DATABASE} is not in it")
    return pictures


def _check(copy: Path, file: Path) -> None:
    with closing(connected(copy, read_only=True)) as connection:
        problem = problem_of(connection)
        if problem is not None:
            raise BackupError(f"the database in {file} {problem.text}")
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise BackupError(f"the database in {file} is damaged ({found})")


def _tasks(copy: Path) -> int:
    with closing(connected(copy, read_only=True)) as connection:
        (number,) = connection.execute("SELECT count(*) FROM tasks").fetchone()
    return int(number)


def _put_in_place(place: Path, directory: Path) -> None:
    target = directory / DATABASE
    if target.exists():
        # A log that belongs to the former database would be taken for one of the new one.
        with suppress(sqlite3.Error), closing(connected(target, read_only=False)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    for companion in COMPANIONS:
        Path(f"{target}{companion}").unlink(missing_ok=True)
    Path(place, DATABASE).replace(target)
    former, pictures = place / "former", directory / PICTURES
    if pictures.exists():
        pictures.replace(former)
    if (place / PICTURES).exists():
        (place / PICTURES).replace(pictures)
    _sync(directory)


def _sync(directory: Path) -> None:
    """Make what was renamed in a directory survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
