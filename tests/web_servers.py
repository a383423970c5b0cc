"""Metrics pages for tests: the real endpoint over a real state, and a server that says whatever a test wants."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import attrs
import bcrypt
import trustme

from collectors import metrics_endpoint
from gui_agents.snapshot import SnapshotSource


@contextlib.contextmanager
def serving(source: SnapshotSource, port: int = 0, web_config: Path | None = None) -> Iterator[str]:
    """Serve the metrics of `source`, and yield the page's address."""
    with metrics_endpoint(source, host="127.0.0.1", port=port, ready=lambda: True, web_config=web_config) as endpoint:
        yield f"{endpoint.scheme}://127.0.0.1:{endpoint.port}/metrics"


USER = "prometheus"
PASSWORD = "s3cret: with colon"  # noqa: S105 - of tests


@attrs.frozen
class Locked:
    """A page behind TLS and a password."""

    url: str
    web_config: Path
    authority: Path
    """Who signed its certificate; nobody else knows it."""


@contextlib.contextmanager
def locked(source: SnapshotSource, directory: Path, host: str = "127.0.0.1") -> Iterator[Locked]:
    """Serve the metrics of `source` to one user, with a certificate for `host` of an authority of its own."""
    authority = trustme.CA()
    issued = authority.issue_cert(host)
    issued.private_key_pem.write_to_path(directory / "server.key")
    issued.cert_chain_pems[0].write_to_path(directory / "server.crt")
    authority.cert_pem.write_to_path(directory / "ca.crt")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    web_config = directory / "web.yml"
    tls = {"cert_file": "server.crt", "key_file": "server.key"}
    web_config.write_text(json.dumps({"tls_server_config": tls, "basic_auth_users": {USER: hashed}}))
    with serving(source, web_config=web_config) as url:
        yield Locked(url, web_config, directory / "ca.crt")


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
def silent(scheme: str = "http") -> Iterator[str]:
    """Listen, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"


@contextlib.contextmanager
def full() -> Iterator[int]:
    """Listen at the port that is yielded, with a queue of connections that is full: no further one comes about."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
