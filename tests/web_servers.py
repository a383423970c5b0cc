"""Metrics pages for tests: the real endpoint over a real state, and a server that says whatever a test wants."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs

from collectors import metrics_endpoint
from gui_agents.snapshot import SnapshotSource


@contextlib.contextmanager
def serving(source: SnapshotSource, port: int = 0) -> Iterator[str]:
    """Serve the metrics of `source`, and yield the page's address."""
    with metrics_endpoint(source, host="127.0.0.1", port=port, ready=lambda: True) as endpoint:
        yield f"http://127.0.0.1:{endpoint.port}/metrics"


@attrs.frozen
class Asked:
    """One request that a server got."""

    method: str
    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


Answer = Callable[[Asked], tuple[int, bytes]]


@contextlib.contextmanager
def answering(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[Asked]]]:
    """Run a server that answers as told; yield its address and the requests that it gets."""
    requests: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = Asked(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            requests.append(request)
            status, body = answer(request)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - the names that the server looks up

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a client that breaks a handshake is what some tests want
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """Listen, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
