"""Waits for a key, a signal or the next reading; keys are not shown while `top` runs."""

import contextlib
import os
import select
import signal
import socket
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final

QUITTING: Final = frozenset(b"qQ")
ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENDING_BYTES: Final = frozenset(map(int, ENDING))


@contextlib.contextmanager
def ended() -> Iterator[Callable[[float], bool]]:
    """Yield a function that waits for so many seconds and returns whether `top` shall end.

    It ends on `q`, and on a signal of `ENDING`, which raises KeyboardInterrupt. Python drops that in a finalizer, and a
    sleep that begins at the moment of a signal goes on; so each signal also wakes the wait up. On any other one that
    has a handler the wait is over early. Whatever ends the block, terminal and signals are afterwards as they were.
    """
    with _signals() as signals, _keys() as keys:
        watched = [signals.fileno(), *keys]

        def wait(seconds: float) -> bool:
            deadline = monotonic() + seconds
            while True:
                ready = select.select(watched, [], [], max(0.0, deadline - monotonic()))[0]
                if not ready:
                    return False
                if signals.fileno() in ready:
                    return not _ENDING_BYTES.isdisjoint(signals.recv(1024))
                pressed = os.read(keys[0], 1024)
                if not QUITTING.isdisjoint(pressed):
                    return True
                if not pressed:
                    # Nobody can press a key any more.
                    watched.remove(keys[0])

        yield wait


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """Let the signals of ENDING raise KeyboardInterrupt; yield what receives the number of each signal, a byte each."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        woken_before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, signal.default_int_handler) for number in ENDING}
        try:
            yield ours
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(woken_before)


@contextlib.contextmanager
def _keys() -> Iterator[list[int]]:
    """Get keys as they are pressed, and do not show them; yield nothing if they do not come from a terminal."""
    if not sys.stdin.isatty():
        yield []
        return
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    try:
        tty.setcbreak(keyboard, termios.TCSANOW)
        yield [keyboard]
    finally:
        # A terminal that was closed has nothing left to restore.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(keyboard, termios.TCSANOW, before)
