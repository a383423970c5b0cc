"""Scrapers, for the process that measures: they and the server must not share an interpreter.

Each asks for its connection to be kept, and opens another one where it is not.
"""

import contextlib
import socket
import time
from collections.abc import Iterator, Sequence


def _request(*headers: str) -> bytes:
    return "\r\n".join(("GET /metrics HTTP/1.1", "Host: bench", *headers, "", "")).encode()


OPENMETRICS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
MESSAGES = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
_PROMETHEUS = ("User-Agent: Prometheus/2.42.0", "Accept-Encoding: gzip", "X-Prometheus-Scrape-Timeout-Seconds: 10")

PLAIN = _request("Connection: keep-alive", "Accept: text/plain")
PROMETHEUS = _request(*_PROMETHEUS, f"Accept: {OPENMETRICS}")
"""As Prometheus 2.42 asks."""
PROTOBUF = _request(*_PROMETHEUS, f"Accept: {MESSAGES},{OPENMETRICS}")
"""As it asks if it stores native histograms."""

SMALLEST_PAGE = 3_000
"""Bytes of a whole page, compressed; an answer that is shorter is not what was asked for."""


class Client:
    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self._socket: socket.socket | None = None

    def ask(self) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(self._request)

    def take(self) -> bytes:
        """Read one answer and return its body."""
        assert self._socket is not None
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(2**18)
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:])
        chunked = fields.get(b"transfer-encoding") == b"chunked"
        length = int(fields.get(b"content-length", b"-1"))
        while not (body.endswith(b"\r\n0\r\n\r\n") if chunked else len(body) == length) and (
            data := self._socket.recv(2**18)
        ):
            body += data
        unbounded = length < 0 and not chunked
        if unbounded or fields.get(b"connection") == b"close" or head.startswith(b"HTTP/1.0"):
            self.close()
        return _joined(body) if chunked else body

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _joined(body: bytes) -> bytes:
    """Return what comes in chunks: each is its size in hexadecimal digits, its bytes, and a line end after both."""
    parts = []
    while size := int(body.partition(b"\r\n")[0], 16):
        start = body.index(b"\r\n") + 2
        parts.append(body[start : start + size])
        body = body[start + size + 2 :]
    return b"".join(parts)


@contextlib.contextmanager
def scrapers(port: int, request: bytes = PLAIN, count: int = 1) -> Iterator[list[Client]]:
    """Run some scrapers, and close their connections at the end."""
    everyone = [Client(port, request) for _ in range(count)]
    yield everyone
    for client in everyone:
        client.close()


def scrape(everyone: Sequence[Client], rounds: int, pause: float = 0.0) -> list[float]:
    """Return the seconds of each round, in which all scrapers ask at once, until all have their pages."""
    seconds = []
    for _ in range(rounds):
        time.sleep(pause)
        started = time.perf_counter()
        for client in everyone:
            client.ask()
        assert all(len(client.take()) > SMALLEST_PAGE for client in everyone)
        seconds.append(time.perf_counter() - started)
    return seconds


def page(port: int) -> str:
    """Return a page as text."""
    with scrapers(port) as (client,):
        client.ask()
        return client.take().decode()
