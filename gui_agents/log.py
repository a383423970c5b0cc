"""The log: lines that a thread of its own writes, so that a reader who does not read stops nothing but the log.

A pipe that nobody reads is full after 64 KiB, and then a plain handler blocks whoever logs: the event loop. Here a
line goes into a bounded queue. If the queue is full, the line is lost and counted, and the next line that is written
says how many were.

An event is one line: as text for people, where only a traceback takes more lines, or as a JSON object.
"""

import contextlib
import json
import logging
import os
import reprlib
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gui_agents.config import LogFormat
from gui_agents.domain.redaction import KNOWS_NO_KEYS, Redactor

TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MAX_LINES: Final = 10_000
"""Lines that wait to be written."""
MAX_WAITING_CHARACTERS: Final = 2 * 2**20
"""Of all of these lines."""
MAX_CHARACTERS: Final = 16_384
"""Of one event, a traceback included; the rest is cut off."""
FLUSH_SECONDS: Final = 1.0
"""How long the end of the process waits for the last lines."""
CHATTY_LOGGERS: Final = ("httpcore2",)
"""Libraries that would log each step of each request."""
METADATA_LOGGER: Final = "grpc._cython.cygrpc"
"""Logs an error with a traceback for each header that is not UTF-8: anybody can send those, and they may be tokens."""


class TextLines(logging.Formatter):
    """Writes an event as a line of text, and its traceback below it."""

    def __init__(self) -> None:
        super().__init__(TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class names it
        """Return the line; a message that has several lines stays on one."""
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line with its traceback."""
        text = super().format(record)
        return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}… ({len(text)} characters)"


class JsonLines(logging.Formatter):
    """Writes an event as a JSON object: time (UTC), level, logger, message; task_id and exception if it has them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. What is cut off makes it no less JSON: texts are cut, and `cut` says so."""
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        task_id = getattr(record, "task_id", None)
        if task_id is not None:
            event["task_id"] = str(task_id)
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        while len(line := json.dumps(event, ensure_ascii=False)) > MAX_CHARACTERS:
            longest = max(event, key=lambda name: len(str(event[name])))
            event[longest] = f"{event[longest][: len(event[longest]) // 2]}…"
            event["cut"] = True
        return line


FORMATTERS: Final[Mapping[LogFormat, type[logging.Formatter]]] = {LogFormat.TEXT: TextLines, LogFormat.JSON: JsonLines}


class LogWriter(logging.Handler):
    """Hands lines over to the thread that writes them; never blocks."""

    def __init__(
        self,
        descriptor: int,
        max_lines: int = MAX_LINES,
        *,
        log_format: LogFormat = LogFormat.TEXT,
        redactor: Redactor = KNOWS_NO_KEYS,
    ) -> None:
        super().__init__()
        self._redactor = redactor
        self.setFormatter(FORMATTERS[log_format]())
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._max_lines = max_lines
        self._characters = 0
        """Of the lines that wait."""
        self._lost = 0
        # The handler's own lock, which a thread may take twice: the garbage collector may log in the middle of a line.
        self._changed = threading.Condition(self.lock)
        self._writing = False
        threading.Thread(target=self._write, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over; it is lost if too many wait."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - a wrong format must not end whoever logs
            said = f"a line that cannot be formatted: {reprlib.repr(record.msg)}"
            line = self.format(_event(record.name, record.levelno, said))
        line = self._redactor.redacted(line)
        with self._changed:
            if len(self._lines) >= self._max_lines or self._characters + len(line) > MAX_WAITING_CHARACTERS:
                self._lost += 1
                return
            self._lines.append(line)
            self._characters += len(line)
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all lines are written, but not for long: their reader may have stopped reading."""
        with self._changed:
            self._changed.wait_for(lambda: not self._lines and not self._writing, FLUSH_SECONDS)

    def _write(self) -> None:
        for text in self._texts():
            # Past Python's own stream: its lock would hold up the end of the process while the pipe is full. A closed
            # pipe loses lines, as it would without a thread.
            unwritten = text.encode(errors="backslashreplace")
            with contextlib.suppress(OSError):
                while unwritten:
                    unwritten = unwritten[os.write(self._descriptor, unwritten) :]

    def _texts(self) -> Iterator[str]:
        """Yield what is to be written, as it comes."""
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._lines)
                lines, lost = [*self._lines], self._lost
                self._lines.clear()
                self._characters = 0
                self._lost = 0
                self._writing = True
            yield "".join(f"{line}\n" for line in lines)
            if lost:
                said = f"{lost} lines were lost: the log was not read fast enough"
                yield f"{self.format(_event(__name__, logging.WARNING, said))}\n"


def _event(logger: str, level: int, message: str) -> logging.LogRecord:
    return logging.LogRecord(logger, level, "", 0, "%s", (message,), None)


def log_to_stderr(level: str, log_format: LogFormat = LogFormat.TEXT, redactor: Redactor = KNOWS_NO_KEYS) -> LogWriter:
    """Log from `level` on, a line an event, without keys; warnings of Python are logged, too."""
    writer = LogWriter(sys.stderr.fileno(), log_format=log_format, redactor=redactor)
    logging.basicConfig(level=level, handlers=[writer])
    logging.captureWarnings(capture=True)
    quieten_libraries()
    return writer


def quieten_libraries() -> None:
    """Leave out what libraries log and no operator may or need read."""
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(METADATA_LOGGER).addFilter(_is_not_metadata)


def _is_not_metadata(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Invalid encoding on")
