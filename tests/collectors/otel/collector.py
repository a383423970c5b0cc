"""A collector of OpenTelemetry's protocol for tests: it keeps every request, and answers as told."""

import contextlib
import queue
from collections.abc import Iterator

import attrs
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.web_servers import Asked, answering

SECONDS = 20.0
"""After so long a test that waits has failed."""


@attrs.define
class OtlpCollector:
    """What arrived, in order."""

    url: str = ""
    status: int = 200
    """Of the next answers."""
    asked: list[Asked] = attrs.field(factory=list)
    _arrived: queue.SimpleQueue[ExportMetricsServiceRequest] = attrs.field(factory=queue.SimpleQueue)

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(asked)
        self._arrived.put(ExportMetricsServiceRequest.FromString(asked.body))
        return self.status, b""

    def next(self) -> ExportMetricsServiceRequest:
        """Return the next request, waiting for it."""
        return self._arrived.get(timeout=SECONDS)

    def rest(self) -> list[ExportMetricsServiceRequest]:
        """Return all that arrived and was not taken yet."""
        return [self._arrived.get() for _ in range(self._arrived.qsize())]


@contextlib.contextmanager
def collecting() -> Iterator[OtlpCollector]:
    """Run a collector on a free port."""
    collector = OtlpCollector()
    with answering(collector.answer) as (url, _):
        collector.url = url
        yield collector
