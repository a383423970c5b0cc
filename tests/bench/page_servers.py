"""Servers of metrics pages, each in a process of its own, which tells its port and its CPU time."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.scraper import scrape

WARM_UP_SCRAPES = 40


class PageServer:
    """A process that prints its port, and for each line that it reads its CPU seconds so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._read())

    def cpu_seconds(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._read())

    def cpu_per_round(self, rounds: int, *, request: bytes, clients: int = 1) -> float:
        """Return the server's CPU seconds for a round of scrapes, each with its connection kept."""
        scrape(self.port, WARM_UP_SCRAPES // clients, request=request, clients=clients)
        began = self.cpu_seconds()
        scrape(self.port, rounds, request=request, clients=clients)
        return (self.cpu_seconds() - began) / rounds

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server has ended"
        return line


@contextlib.contextmanager
def page_server(*command: str, told: str = "") -> Iterator[PageServer]:
    """Run a server that reads `told` at first, and end it afterwards by closing its stdin."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(told)
        process.stdin.flush()
        yield PageServer(process)


def python_server(kind: str, *, burning: bool = False) -> contextlib.AbstractContextManager[PageServer]:
    """Run one of `tests.bench.page_server`."""
    return page_server(sys.executable, "-m", "tests.bench.page_server", kind, *(["burn"] if burning else []))
