"""The log: lines that a thread of its own writes, so that a reader who does not read stops nothing but the log.

A pipe that nobody reads is full after 64 KiB, and then a plain handler blocks whoever logs: the event loop. Here a
line goes into a bounded queue. If the queue is full, the line is lost and counted, and the next line that is written
says how many were.
"""

import contextlib
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from typing import Final

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MAX_LINES: Final = 10_000
"""Lines that wait to be written."""
MAX_CHARACTERS: Final = 16_384
"""Of one line, a traceback included; the rest is cut off."""
FLUSH_SECONDS: Final = 1.0
"""How long the end of the process waits for the last lines."""
CHATTY_LOGGERS: Final = ("httpcore2",)
"""Libraries that would log each step of each request."""


class LogWriter(logging.Handler):
    """Hands lines over to the thread that writes them; never blocks."""

    def __init__(self, descriptor: int, max_lines: int = MAX_LINES) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(FORMAT))
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._max_lines = max_lines
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
            line = f"{record.levelname} {record.name}: a line that cannot be formatted: {record.msg!r:.200}"
        if len(line) > MAX_CHARACTERS:
            line = f"{line[:MAX_CHARACTERS]}… ({len(line)} characters)"
        with self._changed:
            if len(self._lines) >= self._max_lines:
                self._lost += 1
                return
            self._lines.append(line)
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
                self._lost = 0
                self._writing = True
            yield "".join(f"{line}\n" for line in lines)
            if lost:
                yield f"WARNING {__name__}: {lost} lines were lost: the log was not read fast enough\n"


def log_to_stderr(level: str) -> LogWriter:
    """Log from `level` on, a line an event; warnings of Python are logged, too."""
    writer = LogWriter(sys.stderr.fileno())
    logging.basicConfig(level=level, handlers=[writer])
    logging.captureWarnings(capture=True)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    return writer
