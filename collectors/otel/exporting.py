"""The export: a thread that takes one snapshot per interval and hands it to the SDK's exporter.

Theory of operation. The SDK's instruments would ask for each metric at a moment of its own, and know no histogram that
is read rather than recorded. So a collection here is what a scrape is: one instant, read section by section within the
same boundaries, made into the SDK's own data classes. The exporter, which knows endpoints, headers, TLS, compression,
timeouts and retries from the variables that OpenTelemetry defines, does the rest.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData, ResourceMetrics
from opentelemetry.sdk.metrics.export import ScopeMetrics as Scope
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from collectors.exposition.reading import Instant, SectionReader
from collectors.metrics import catalogue
from collectors.metrics.definitions import Section
from collectors.otel.points import Span, section_metrics
from gui_agents.snapshot import SnapshotSource

FLUSH_SECONDS: Final = 5.0
"""How long the last export may take when the service ends."""
ABANDON_SECONDS: Final = 1.0
"""How long an export that was told to give up may take to do so."""
SERVICE_NAME: Final = "gui_agents"

_log = logging.getLogger(__name__)


class OtelExport:
    """Exports from `start` to `stop`, and once more at the end."""

    def __init__(
        self,
        source: SnapshotSource,
        exporter: MetricExporter,
        *,
        sections: Iterable[Section],
        resource: Resource,
        interval_seconds: float,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._source = source
        self._exporter = exporter
        self._reader = SectionReader(sections)
        self._resource = resource
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._monotonic = monotonic
        self._began, self._began_monotonic = clock(), monotonic()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="otel export", daemon=True)
        self._failures = 0
        self._failing = False

    @property
    def failures(self) -> int:
        """How many exports did not reach the endpoint."""
        return self._failures

    def start(self) -> None:
        """Export in intervals, the first time after one of them."""
        self._thread.start()

    def stop(self) -> None:
        """Export once more, within FLUSH_SECONDS, and end the thread."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(FLUSH_SECONDS)
        # An exporter that is shut down stops retrying.
        self._exporter.shutdown()
        if self._thread.is_alive():
            self._thread.join(ABANDON_SECONDS)

    def collect(self) -> MetricsData:
        """Return all metrics as of one instant; a section that fails is left out and reported."""
        span = self._span()
        metrics = self._reader.read(
            Instant(self._source), lambda section, subject: section_metrics(section, subject, span)
        )
        scope = Scope(InstrumentationScope("collectors"), metrics, "")
        return MetricsData([ResourceMetrics(self._resource, [scope], "")])

    def _span(self) -> Span:
        """Return the time that this collection covers. It begins anew only if the wall clock was set to before it."""
        taken = self._clock()
        if taken < self._began:
            self._began = taken - (self._monotonic() - self._began_monotonic)
        return Span(self._began, taken)

    def _run(self) -> None:
        while not self._ending.wait(self._interval_seconds):
            self._export()
        self._export()

    def _export(self) -> None:
        try:
            failed = self._exporter.export(self.collect()) is not MetricExportResult.SUCCESS
        except Exception:  # noqa: BLE001 - the boundary of the export's loop: logged and counted
            _log.exception("the export of metrics failed")
            failed = True
        self._failures += failed
        # Told when it begins and when it is over; the exporter itself tells the reason of each failure.
        if failed and not self._failing:
            _log.warning("metrics do not reach the OTLP endpoint; trying again every %g s", self._interval_seconds)
        elif self._failing and not failed:
            _log.info("metrics reach the OTLP endpoint again; %d exports have failed", self._failures)
        self._failing = failed


def otel_export(
    source: SnapshotSource, *, version: str, instance: str, interval_seconds: float, disabled: Collection[str] = ()
) -> OtelExport:
    """Return the export of `source` to the endpoint that the OTEL_EXPORTER_OTLP_… variables name.

    Args:
        source: tells how the service stands; asked from the export's thread.
        version: the service's, for the resource.
        instance: tells this process from others of the service; it should be the same after a restart.
        interval_seconds: from one export to the next.
        disabled: optional families that are neither read nor sent.

    A variable that is wrong is the exporter's to tell: it warns, and goes on with its default.

    Raises:
        ConfigError: `disabled` names what is no optional family.
    """
    return OtelExport(
        source,
        OTLPMetricExporter(),
        sections=catalogue.sections(disabled),
        resource=service_resource(version, instance),
        interval_seconds=interval_seconds,
    )


def service_resource(version: str, instance: str) -> Resource:
    """Return who sends; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before what is said here."""
    ours = {"service.name": SERVICE_NAME, "service.version": version, "service.instance.id": instance}
    return Resource.create(ours).merge(OTELResourceDetector().detect())
