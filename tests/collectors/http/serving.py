"""Endpoints and raw clients for tests; everything goes over real sockets."""

import contextlib
import gzip
import socket

import h11

from collectors import metrics_endpoint
from collectors.http.endpoint import Limits
from tests.collectors import golden
from tests.collectors.sources import Fixed

TIMEOUT = 20
"""Seconds after which a test has failed, rather than hang."""


@contextlib.contextmanager
def serving(source=None, *, port=0, ready=lambda: True, limits=None, disabled=(), **more):
    """Run an endpoint on a free port."""
    endpoint = metrics_endpoint(
        source or Fixed(golden.busy_snapshot()),
        host="127.0.0.1",
        port=port,
        ready=ready,
        limits=limits or Limits(),
        disabled=disabled,
        **more,
    )
    with endpoint:
        yield endpoint


class Client:
    """A connection that says exactly what a test wants."""

    def __init__(self, port, host="127.0.0.1", wrap=lambda plain: plain):
        self.socket = wrap(socket.create_connection((host, port), timeout=TIMEOUT))
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=2**20)
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def ask(self, target="/metrics", method="GET", **headers):
        """Send one request and return its answer."""
        self.request(target, method, **headers)
        return self.answer()

    def request(self, target="/metrics", method="GET", **headers):
        named = [("Host", "test"), *((name.replace("_", "-"), value) for name, value in headers.items())]
        self.send(self._http.send(h11.Request(method=method, target=target, headers=named)))
        self.send(self._http.send(h11.EndOfMessage()))

    def answer(self):
        """Read one answer; the connection can then be used again."""
        body = b""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(self.socket.recv(2**16))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                break
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        headers = {name.decode(): value.decode() for name, value in response.headers}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return response.status_code, headers, body

    def answer_pipelined(self):
        """Read one answer to a request that was sent by hand."""
        while b"\r\n\r\n" not in self._received:
            self._received += self.socket.recv(2**16)
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        length = int(dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:])[b"content-length"])
        while len(self._received) < length:
            self._received += self.socket.recv(2**16)
        body, self._received = self._received[:length], self._received[length:]
        return body

    def raw(self) -> bytes:
        """Read whatever comes until the server closes."""
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while data := self.socket.recv(2**16):
                received += data
        return received


def ask(endpoint, target="/metrics", method="GET", **headers):
    """Send one request over a connection of its own."""
    with Client(endpoint.port) as client:
        return client.ask(target, method, **headers)
