"""The line at the bottom of a terminal that says how long a followed task has taken, so that a long step looks alive.

Only a terminal gets it: pipes and files get the messages alone, without characters that control a terminal.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Final, TextIO

TICK_SECONDS: Final = 1.0
_ERASE: Final = "\r\x1b[K"


class WaitingLine:
    """One line that is drawn again each second, and erased before anything else is printed."""

    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._began = self._last = monotonic()
        self._shown = False

    def draw(self) -> None:
        """Draw it as of now, as wide as the terminal is now."""
        now = self._monotonic()
        text = f"{clock(now - self._last)} since the last message, {clock(now - self._began)} in all"
        # A line as wide as the terminal would wrap in some, and could not be erased.
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(f"{_ERASE}{text[:width]}")
        self._stream.flush()
        self._shown = True

    def erase(self) -> None:
        """Make place for something else."""
        if self._shown:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._shown = False

    def message_came(self) -> None:
        """Make place for a message, and count from it."""
        self.erase()
        self._last = self._monotonic()


def waiting_line() -> WaitingLine | None:
    """Return the line of standard output, or None if that is no terminal that can erase a line."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return None
    return WaitingLine(sys.stdout)


@contextlib.asynccontextmanager
async def ticking(line: WaitingLine | None) -> AsyncIterator[None]:
    """Draw the line each second while the block lasts, and erase it in the end."""
    if line is None:
        yield
        return
    drawing = asyncio.create_task(_draw(line))
    try:
        yield
    finally:
        drawing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await drawing
        line.erase()


async def _draw(line: WaitingLine) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        line.draw()


def clock(seconds: float) -> str:
    """Return a duration as a clock shows it, such as 0:07 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
