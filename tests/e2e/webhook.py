"""Receives what Alertmanager delivers, and remembers when each alert fired and resolved."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.frozen
class Delivery:
    """One alert of one notification."""

    receiver: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    at: float


class Inbox:
    """All deliveries so far."""

    def __init__(self) -> None:
        self.port = 0
        self._deliveries: list[Delivery] = []
        self._lock = threading.Lock()

    def add(self, receiver: str, alerts: list[dict[str, Any]]) -> None:
        """Remember the alerts of a notification."""
        now = time.monotonic()
        with self._lock:
            self._deliveries += [
                Delivery(receiver, alert["status"], alert["labels"], alert["annotations"], now) for alert in alerts
            ]

    def firing(self, job: str, alert: str) -> list[Delivery]:
        """Return the deliveries by which an alert fires now, one for each of its series."""
        return [delivery for delivery in self._series(job, alert) if delivery.status == "firing"]

    def latest(self, job: str, alert: str) -> Delivery:
        """Return the last delivery of an alert."""
        return max(self._series(job, alert), key=lambda delivery: delivery.at)

    def _series(self, job: str, alert: str) -> list[Delivery]:
        with self._lock:
            latest = {
                tuple(sorted(delivery.labels.items())): delivery
                for delivery in self._deliveries
                if (delivery.labels.get("job"), delivery.labels["alertname"]) == (job, alert)
            }
        return list(latest.values())


@contextlib.contextmanager
def inbox() -> Iterator[Inbox]:
    """Receive webhooks on a free port; the path names the receiver."""
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            box.add(self.path.strip("/"), body["alerts"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield box
        server.shutdown()
        thread.join()
