"""Ctrl-Z: `top` gives the terminal back before it stops, and takes it and draws again when it goes on.

The signals' handlers do it themselves, because a reading may take seconds. They may interrupt a frame that is being
drawn, so they write past rich, which would keep their codes until that frame is complete.
"""

import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.control import Control

LEAVE: Final = f"{Control.show_cursor(True)}{Control.alt_screen(False)}".encode()
ENTER: Final = f"{Control.alt_screen(True)}{Control.show_cursor(False)}".encode()

Modes = list[Any]
"""A terminal's modes, as termios has them."""


def keyboard_modes() -> Modes | None:
    """Return the modes of the keyboard's terminal, or None if keys do not come from one."""
    return termios.tcgetattr(sys.stdin.fileno()) if sys.stdin.isatty() else None


@contextlib.contextmanager
def suspending(console: Console, modes: Modes | None) -> Iterator[None]:
    """Let Ctrl-Z stop the process, with the shell's screen, cursor and `modes` in place.

    The block has taken the screen and the keys. Another process may have changed both when this one goes on, also
    after a stop that it could not see coming (`kill -STOP`), so SIGCONT takes them once more.
    """
    away = False

    def leave() -> None:
        nonlocal away
        away = True
        os.write(console.file.fileno(), LEAVE)
        if modes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, modes)

    def enter(*_: object) -> None:
        nonlocal away
        if modes is not None:
            # First: in the background it stops the process again, and nothing is written over the shell's lines.
            with contextlib.suppress(termios.error):
                tty.setcbreak(sys.stdin.fileno(), termios.TCSANOW)
        os.write(console.file.fileno(), ENTER)
        away = False

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        leave()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        # From here on the process goes on. If no shell could wake it up, the kernel has not stopped it.
        signal.signal(signal.SIGTSTP, stop)
        if away:
            enter()

    handlers = {signal.SIGTSTP: stop, signal.SIGCONT: enter}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
