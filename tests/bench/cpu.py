"""Server CPU per scrape: asked by this process, told by the server's own."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence

from tests.bench.scraper import Client

WARM_UP = 50


class Server:
    """A process that prints its port, and its CPU seconds so far for each line that it reads."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._read())

    def cpu_seconds(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server has ended"
        return line


@contextlib.contextmanager
def server(command: Sequence[str]) -> Iterator[Server]:
    """Run a server, and end it afterwards."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()


def page_server(kind: str) -> contextlib.AbstractContextManager[Server]:
    """Run one of `tests.bench.page_server`."""
    return server((sys.executable, "-m", "tests.bench.page_server", kind))


class Scrapers:
    """Some scrapers of one server that keep their connections, and ask all at once."""

    def __init__(self, server: Server, request: bytes, count: int = 1) -> None:
        self._server = server
        self._clients = [Client(server.port, request) for _ in range(count)]
        self._scrape(WARM_UP)

    def cpu_seconds(self, rounds: int) -> float:
        """Return the server's CPU seconds for each round, in which all scrapers get a page."""
        began = self._server.cpu_seconds()
        self._scrape(rounds)
        return (self._server.cpu_seconds() - began) / rounds

    def _scrape(self, rounds: int) -> None:
        for _ in range(rounds):
            for client in self._clients:
                client.ask()
            for client in self._clients:
                client.take()
