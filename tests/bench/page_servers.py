"""Servers of metrics pages, each in a process of its own, which tells its port and its CPU time."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence

from tests.bench.scraper import Client, scrape, scrapers

WARM_UP_ROUNDS = 20
MEASURED_SCRAPES = 60
MEASUREMENTS = 12


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

    def cpu_per_round(self, everyone: Sequence[Client], rounds: int) -> float:
        """Return the server's CPU seconds for each round of scrapes."""
        began = self.cpu_seconds()
        scrape(everyone, rounds)
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


def least_cpu_seconds(*servers: PageServer, request: bytes, clients: int = 1) -> list[float]:
    """Return the CPU seconds of each server for a round of scrapes, in the best of many interleaved measurements.

    At its best, as timeit advises: neighbours on the machine only add to it, as they take caches and half of a core.
    """
    with contextlib.ExitStack() as stack:
        everyone = [stack.enter_context(scrapers(server.port, request, clients)) for server in servers]
        for some in everyone:
            scrape(some, WARM_UP_ROUNDS)
        rounds = max(MEASURED_SCRAPES // clients, 5)
        measured = [
            [server.cpu_per_round(some, rounds) for server, some in zip(servers, everyone, strict=True)]
            for _ in range(MEASUREMENTS)
        ]
    return [min(each) for each in zip(*measured, strict=True)]


def python_server(kind: str, *, burning: bool = False) -> contextlib.AbstractContextManager[PageServer]:
    """Run one of `tests.bench.page_server`."""
    return page_server(sys.executable, "-m", "tests.bench.page_server", kind, *(["burn"] if burning else []))
