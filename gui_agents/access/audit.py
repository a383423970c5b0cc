"""The audit log: a JSON object a line for each change and each refusal, written by a thread of its own.

Who calls never waits for the disk: a line goes into a bounded queue. If the disk is full or slow, lines wait there and
are tried again each second; the log says so once. If the queue is full, too, lines are lost, and the next line that is
written says how many.

At half of the bytes that it may take, the file becomes the one before (its name with `.1`), in place of the last one.
"""

import json
import logging
import os
import stat
import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_log = logging.getLogger(__name__)

MAX_LINES: Final = 10_000
"""That wait to be written; a line has some hundred bytes."""
RETRY_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 1.0
"""How long the end of the service waits for the last lines."""
MOST_AT_ONCE: Final = 2**14
"""Bytes of one write, so that a file is never much larger than it may be."""
REPEAT_SECONDS: Final = 1.0
"""Refusals of the same kind within this time are one line, which counts them."""
MAX_KINDS: Final = 1024


class Repeats:
    """Refusals that come again and again: the first one of a second has a line, the others are counted."""

    def __init__(self) -> None:
        self._kinds: OrderedDict[tuple[str, ...], tuple[float, int]] = OrderedDict()

    def due(self, kind: tuple[str, ...], now: float) -> int | None:
        """Return how many of this kind had no line since the last one, or None if this one has none either."""
        last, without = self._kinds.pop(kind, (now - REPEAT_SECONDS, 0))
        if now - last < REPEAT_SECONDS:
            self._kinds[kind] = last, without + 1
            return None
        self._kinds[kind] = now, 0
        if len(self._kinds) > MAX_KINDS:
            self._kinds.popitem(last=False)
        return without


class AuditLog:
    """Writes lines to a file that takes at most `max_bytes`, its predecessor included."""

    def __init__(self, path: Path, max_bytes: int, retry_seconds: float = RETRY_SECONDS) -> None:
        self._path = path
        self._max_file_bytes = max_bytes // 2
        self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._lost = 0
        self._writing = False
        self._closing = False
        self._failing = False
        self._rest = b""
        """What is written next; it begins in the middle of a line if that is torn."""
        self._torn = False
        """Whether the file ends in the middle of a line: the disk was full."""
        self._descriptor: int | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Open the file, and start the thread that writes it.

        Raises:
            OSError: the file cannot be opened.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = self._opened()
        self._thread = threading.Thread(target=self._write, name="audit", daemon=True)
        self._thread.start()

    def record(self, event: Mapping[str, Any]) -> None:
        """Write what happened, with the time; never waits."""
        line = _line(event)
        with self._changed:
            if len(self._lines) >= MAX_LINES:
                self._lost += 1
                return
            self._lines.append(line)
            self._changed.notify_all()

    def close(self) -> None:
        """Write what waits, but not for long, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._lines and not self._writing, CLOSE_SECONDS)

    def _write(self) -> None:
        while self._next():
            try:
                self._append()
            except OSError as error:
                self._failed(error)
                with self._changed:
                    if self._changed.wait_for(lambda: self._closing, self._retry_seconds):
                        break
            else:
                self._works()
        with self._changed:
            self._writing = False
            self._changed.notify_all()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _next(self) -> bool:
        """Wait until there is something to write; False if there will be nothing more."""
        with self._changed:
            self._writing = bool(self._rest)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._lines or self._rest or self._closing)
            if not self._rest:
                self._rest = self._taken()
            self._writing = bool(self._rest)
            return self._writing

    def _taken(self) -> bytes:
        """Return the next lines, and what says how many were lost after them; the lock is held."""
        taken = bytearray()
        while self._lines and len(taken) < MOST_AT_ONCE:
            taken += self._lines.popleft()
        if self._lost and not self._lines:
            taken += _line({"lost": self._lost})
            self._lost = 0
        return bytes(taken)

    def _append(self) -> None:
        descriptor = self._current()
        while self._rest:
            written = os.write(descriptor, self._rest)
            self._torn = self._rest[written - 1 : written] != b"\n"
            self._rest = self._rest[written:]

    def _current(self) -> int:
        """Return the descriptor of the file at the path; a full one is exchanged, but not in the middle of a line."""
        if self._descriptor is not None:
            told = os.fstat(self._descriptor)
            full = told.st_size + len(self._rest) > self._max_file_bytes and told.st_size > 0
            if self._torn or not stat.S_ISREG(told.st_mode) or (self._is_at_path(told) and not full):
                return self._descriptor
            if full and self._is_at_path(told):
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            os.close(self._descriptor)
            self._descriptor = None
        self._descriptor = self._opened()
        return self._descriptor

    def _is_at_path(self, told: os.stat_result) -> bool:
        """Tell whether nobody has moved or removed the file."""
        try:
            return os.path.samestat(told, self._path.stat())
        except OSError:
            return False

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            _log.error("the audit log %s cannot be written (%s); up to %d lines wait", self._path, error, MAX_LINES)

    def _works(self) -> None:
        if self._failing:
            self._failing = False
            _log.warning("the audit log %s is written again", self._path)


def _line(event: Mapping[str, Any]) -> bytes:
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": time, **event}, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
