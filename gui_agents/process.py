"""The process that a service runs in: its log, its limits, its pauses, its signals, and the file of its ports."""

import asyncio
import contextlib
import gc
import json
import logging
import resource
import signal
import sys
from pathlib import Path
from typing import Final

CHATTY_LOGGERS: Final = ("openai", "httpx", "httpx2", "httpcore", "httpcore2")
"""Libraries that would log each request, some of them whole, screenshots included; newer SDKs use the `…2` ones."""
SWITCH_SECONDS: Final = 0.0005
"""How long a thread may keep the interpreter from another one that waits for it."""

_log = logging.getLogger(__name__)


class PortsFile:
    """The file in which other programs find the ports of the service."""

    def __init__(self, runtime_dir: Path) -> None:
        self._path = runtime_dir / "ports.json"
        self._told = ""

    def write(self, *, grpc: int, metrics: int | None) -> None:
        """Tell the ports.

        Raises:
            OSError: the file cannot be written.
        """
        self._told = json.dumps({"grpc": grpc, "metrics": metrics})
        self._path.write_text(self._told, encoding="utf-8")

    def remove(self) -> None:
        """Remove the file, unless a service that started later has written its own ports there."""
        with contextlib.suppress(OSError):
            if self._path.read_text(encoding="utf-8") == self._told:
                self._path.unlink()


class Signals:
    """SIGTERM and SIGINT as one event; once it has come, the next signal ends the process as it usually does."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        for number in _ENDING:
            self._loop.add_signal_handler(number, self._told.set)

    async def wait(self) -> None:
        """Return when one of them has come."""
        await self._told.wait()
        for number in _ENDING:
            self._loop.remove_signal_handler(number)


_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def shorten_pauses() -> None:
    """Set this process up for what it is: a loop that must not stand still, and a scraper that asks in between.

    What has been imported stays for good, so that no garbage collection looks through it again. A scrape gets the
    interpreter from a busy loop within a tenth of Python's usual time; it needs it several times.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def log_to_stderr(level: str) -> None:
    """Log from `level` on, a line an event."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def raise_open_files(wanted: int) -> None:
    """Raise the soft limit of open files to `wanted`; warn if the hard limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if limit < wanted:
        _log.warning(
            "only %d files may be open, and %d may be needed; raise the hard limit (ulimit -Hn)", limit, wanted
        )
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
