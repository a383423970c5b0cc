"""A scraper in a process of its own, so that it and the service do not share an interpreter.

python -m tests.bench.scraper PORT SCRAPES CLIENTS PAUSE: prints the seconds of each round as JSON. In a round all
clients ask at once; it ends when all have their pages. Each asks for its connection to be kept, and opens another one
where it is not.
"""

import json
import socket
import sys
import time


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


class Client:
    def __init__(self, port: int, request: bytes = PLAIN) -> None:
        self._port = port
        self._request = request
        self._socket: socket.socket | None = None

    def ask(self) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(self._request)

    def take(self) -> int:
        """Read one page and return its size."""
        assert self._socket is not None
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._socket.recv(2**18)
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:])
        length = int(fields.get(b"content-length", b"-1"))
        size = len(body)
        while size != length and (data := self._socket.recv(2**18)):
            size += len(data)
        if length < 0 or fields.get(b"connection") == b"close" or head.startswith(b"HTTP/1.0"):
            self._socket.close()
            self._socket = None
        return size


def main() -> None:
    port, scrapes, clients = map(int, sys.argv[1:4])
    pause = float(sys.argv[4])
    everyone = [Client(port) for _ in range(clients)]
    seconds = []
    for _ in range(scrapes):
        time.sleep(pause)
        started = time.perf_counter()
        for client in everyone:
            client.ask()
        assert all(client.take() > 10_000 for client in everyone)
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))  # noqa: T201


if __name__ == "__main__":
    main()
