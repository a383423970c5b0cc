"""Receives what Alertmanager delivers, and remembers when each alert fired and resolved."""

import asyncio
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

    def find(self, job: str, alert: str) -> list[Delivery]:
        """Return the latest delivery of each series of an alert."""
        with self._lock:
            latest = {
                tuple(sorted(delivery.labels.items())): delivery
                for delivery in self._deliveries
                if (delivery.labels.get("job"), delivery.labels["alertname"]) == (job, alert)
            }
        return list(latest.values())

    async def wait(self, job: str, alert: str, status: str, seconds: float) -> Delivery:
        """Return the last delivery of an alert when one series of it fires, or none of them does any more."""
        end = time.monotonic() + seconds
        choose = any if status == "firing" else all
        while time.monotonic() < end:
            found = self.find(job, alert)
            if found and choose(delivery.status == status for delivery in found):
                return max((one for one in found if one.status == status), key=lambda one: one.at)
            await asyncio.sleep(0.1)
        raise AssertionError(f"{alert} of {job} was not {status} within {seconds:g} s")


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
