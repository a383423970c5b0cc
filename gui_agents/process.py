"""The process that a service runs in: its limits, its pauses, its end, and the file of its ports."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn, Self

EXIT_FORCED: Final = 1
"""The exit status of a process that did not end in time."""
SWITCH_SECONDS: Final = 0.001
"""How long a thread may keep the interpreter from another one that waits for it."""

_log = logging.getLogger(__name__)


class PortsFile:
    """The file in which other programs find the ports of the service."""

    def __init__(self, runtime_dir: Path) -> None:
        self._path = runtime_dir / "ports.json"
        self._told = ""

    def write(self, *, grpc: int, metrics: int | None) -> None:
        """Tell the ports; a reader sees the whole file or none.

        Raises:
            OSError: the file cannot be written.
        """
        self._told = json.dumps({"grpc": grpc, "metrics": metrics})
        beside = self._path.with_suffix(f".{os.getpid()}")
        try:
            beside.write_text(self._told, encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """Remove the file, unless a service that started later has written its own ports there."""
        with contextlib.suppress(OSError):
            told = self._told.encode()
            with self._path.open("rb") as file:
                ours = file.read(len(told) + 1) == told
            if ours:
                self._path.unlink()


class Ending:
    """The end of the process: SIGTERM or SIGINT asks for it, a second signal or a deadline forces it.

    The first signal sets an event, and from then on the process has `seconds` to end in good order. Whatever keeps it
    is not waited for: a thread that does not return, a task that swallows its cancel, a loop that stands still.
    `last` is called before the process is forced to end. Used as a context, on the event loop of the main thread.
    """

    def __init__(self, seconds: float, last: Callable[[], None]) -> None:
        self._seconds = seconds
        self._last = last
        self._loop = asyncio.get_running_loop()
        self._asked = asyncio.Event()
        self._ended = threading.Event()
        self._signals = 0

    def __enter__(self) -> Self:
        # Not by the loop, which is deaf while it stands still.
        self._before = {number: signal.signal(number, self._signalled) for number in _ENDING}
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    async def asked(self) -> None:
        """Return when the process is asked to end."""
        await self._asked.wait()

    def _signalled(self, number: int, _: object) -> None:
        self._signals += 1
        if self._signals > 1:
            self._force(128 + number)
        threading.Thread(target=self._watch, name="ending", daemon=True).start()
        self._loop.call_soon_threadsafe(self._asked.set)

    def _watch(self) -> None:
        if not self._ended.wait(self._seconds):
            _log.error("the process has not ended by itself after %g seconds; it is ended now", self._seconds)
            self._force(EXIT_FORCED)

    def _force(self, status: int) -> NoReturn:
        self._last()
        end_now(status)


_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


async def left_behind(seconds: float) -> list[str]:
    """Cancel all other tasks of this loop, and return the names of tasks and threads that do not end in time.

    Daemon threads do not count: Python does not wait for them.
    """
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        left = [task.get_name() for task in tasks if not task.done()]
        left += [thread.name for thread in threading.enumerate() if _holds(thread)]
        if not left:
            return []
        await asyncio.sleep(0.02)
    return left


def _holds(thread: threading.Thread) -> bool:
    """Tell whether Python would wait for a thread at the end."""
    return thread is not threading.main_thread() and not thread.daemon


def end_now(status: int) -> NoReturn:
    """End the process at once, whatever runs in it; the log is written first."""
    logging.shutdown()
    os._exit(status)


def shorten_pauses() -> None:
    """Set this process up for what it is: a loop that must not stand still, and a scraper that asks in between.

    What has been imported stays for good, so that no garbage collection looks through it again. A scrape gets the
    interpreter from a busy loop within a tenth of Python's usual time; it needs it several times.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def hard_limit_of_files() -> int | None:
    """Return how many files the process may open at most; None if there is no limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return None if hard == resource.RLIM_INFINITY else hard


def raise_open_files(wanted: int) -> None:
    """Raise the soft limit of open files to `wanted`, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
