"""Recorded pictures of tasks: one directory a task, below RUNTIME_DIR.

Theory of operation. One thread writes and removes; whoever hands something over never waits for a disk. What waits for
the thread is bounded in bytes, and so is what lies on the disk: the oldest pictures go first. A picture that finds no
room, or cannot be written, is lost; its task goes on. Files belong to the service's user alone.

A name is a number and how the picture is encoded, and nothing else is ever opened: no path comes from outside.
"""

import contextlib
import logging
import os
import shutil
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from gui_agents.domain.model_settings import ModelSettings, PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.pictures.encoding import PictureError, encode

PICTURES: Final = "pictures"
"""Their directory, below RUNTIME_DIR."""
MAX_FILES: Final = 50_000
MAX_FILE_BYTES: Final = 2**25
"""Of a picture; larger ones are neither written nor read."""
MAX_WAITING_BYTES: Final = 2**26
"""Of pictures that wait to be written."""
STOP_SECONDS: Final = 2.0
"""How long `close` waits for what is not written yet."""
MAX_ID: Final = 64
"""Characters of a task's id."""
MAX_DIGITS: Final = 7
SUFFIXES: Final = {PictureFormat.JPEG: "jpg", PictureFormat.PNG: "png"}
PART: Final = ".part"
"""The end of the name of a file that is not complete."""
RAW_AS: Final = ModelSettings(picture_formats=(PictureFormat.JPEG,))
"""How a picture is encoded that no model has taken."""

_log = logging.getLogger(__name__)


def picture_name(number: int, picture: Picture) -> str:
    """Return the name of the picture of a step."""
    return f"{number}.{SUFFIXES[picture.format or PictureFormat.JPEG]}"


def is_picture_name(name: str) -> bool:
    """Tell whether a name is one of `picture_name`."""
    number, _, suffix = name.partition(".")
    return number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS and suffix in SUFFIXES.values()


def is_task_id(text: str) -> bool:
    """Tell whether a text can be the id of a task, as far as directories are concerned."""
    return 0 < len(text) <= MAX_ID and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


class PictureFiles:
    """Writes, reads and removes pictures; from any thread."""

    def __init__(self, directory: Path, max_bytes: int, max_files: int = MAX_FILES) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._max_files = max_files
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._sizes: OrderedDict[Path, int] = OrderedDict()
        """Of all files, the oldest first."""
        self._bytes = 0
        self._losing = False

    def put(self, task_id: str, name: str, picture: Picture) -> None:
        """Write a picture soon; it is lost if too many wait already."""
        size = len(picture.data)
        with self._lock:
            full = self._waiting_bytes + size > MAX_WAITING_BYTES
            if not full:
                self._waiting_bytes += size
        if full:
            self._lost("they come faster than they can be written")
        elif is_task_id(task_id) and is_picture_name(name):
            self._do(partial(self._write, task_id, name, picture))

    def forget(self, task_ids: Collection[str]) -> None:
        """Remove the pictures of tasks soon."""
        self._do(partial(self._remove, [task_id for task_id in task_ids if is_task_id(task_id)]))

    def names(self, task_id: str) -> Collection[str]:
        """Return the names of a task's pictures; none for an unknown task."""
        if not is_task_id(task_id):
            return ()
        try:
            return [path.name for path in (self._directory / task_id).iterdir() if is_picture_name(path.name)]
        except OSError:
            return ()

    def read(self, task_id: str, name: str) -> bytes | None:
        """Return a picture; None if there is none of this name."""
        if not is_task_id(task_id) or not is_picture_name(name):
            return None
        try:
            file = os.open(self._directory / task_id / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            told = os.fstat(file)
            if not stat.S_ISREG(told.st_mode) or told.st_size > MAX_FILE_BYTES:
                return None
            with os.fdopen(file, "rb", closefd=False) as opened:
                return opened.read()
        except OSError:
            return None
        finally:
            os.close(file)

    def close(self) -> None:
        """Write what waits, within a bound of time. A second call does nothing."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._work.put(None)
            thread.join(STOP_SECONDS)

    def _do(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="recorded pictures", daemon=True)
                self._thread.start()
        self._work.put(work)

    # In the thread.

    def _run(self) -> None:
        self._sizes = OrderedDict(self._found())
        self._bytes = sum(self._sizes.values())
        while (work := self._work.get()) is not None:
            try:
                work()
            except (OSError, PictureError) as error:
                self._lost(str(error))
            del work

    def _found(self) -> Iterator[tuple[Path, int]]:
        """Yield the files of earlier services with their sizes, the oldest first; what was not completed is removed."""
        found = []
        for directory, _, names in os.walk(self._directory):
            for name in names:
                path = Path(directory, name)
                with contextlib.suppress(OSError):
                    told = path.lstat()
                    if name.endswith(PART):
                        path.unlink()
                    else:
                        found.append((told.st_mtime_ns, path, told.st_size))
        for _, path, size in sorted(found):
            yield path, size

    def _write(self, task_id: str, name: str, picture: Picture) -> None:
        with self._lock:
            self._waiting_bytes -= len(picture.data)
        data = picture.data if picture.format is not None else encode(picture, RAW_AS).data
        if len(data) > min(MAX_FILE_BYTES, self._max_bytes):
            raise PictureError(f"a picture has {len(data)} bytes, which is too many")
        folder = self._directory / task_id
        for directory in (self._directory, folder):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, part = folder / name, folder / f"{name}{PART}"
        try:
            opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(opened, "wb") as file:
                file.write(data)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self._bytes += len(data) - self._sizes.pop(path, 0)
        self._sizes[path] = len(data)
        self._losing = False
        while self._bytes > self._max_bytes or len(self._sizes) > self._max_files:
            oldest, size = self._sizes.popitem(last=False)
            self._bytes -= size
            oldest.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                oldest.parent.rmdir()

    def _remove(self, task_ids: Collection[str]) -> None:
        for task_id in task_ids:
            folder = self._directory / task_id
            for name in self.names(task_id):
                self._bytes -= self._sizes.pop(folder / name, 0)
            shutil.rmtree(folder, ignore_errors=True)

    def _lost(self, why: str) -> None:
        """Log that pictures are lost: once, until one is written again."""
        if not self._losing:
            self._losing = True
            _log.warning("pictures of tasks are lost: %s; their tasks go on", why)
