"""What exists only with monitoring on, and what PROMETHEUS_DISABLE and the native histograms mean for the service.

Nothing of `collectors` or prometheus_client is imported before monitoring is switched on.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gui_agents.config import Config
from gui_agents.domain.internet import is_loopback
from gui_agents.domain.packages import install_command
from gui_agents.rpc.accounting import Accounting
from gui_agents.runtime_files import sample_runtime_files
from gui_agents.service import Service
from gui_agents.state.heartbeat import Heartbeat
from gui_agents.state.service_state import HEARTBEAT_SECONDS
from gui_agents.state.stats import Observed

if TYPE_CHECKING:
    from collectors.http.endpoint import MetricsEndpoint
    from collectors.metrics.definitions import Section
    from collectors.otel import OtelExport

MODEL_DURATIONS: Final = "agent_model_request_duration_seconds"
PHASE_DURATIONS: Final = "agent_step_phase_duration_seconds"

_log = logging.getLogger(__name__)


def observed(config: Config) -> Observed:
    """Return which durations the service observes: what nobody will read costs nothing."""
    return Observed(
        native=config.monitoring.enable_prometheus and config.monitoring.native_histograms,
        model_durations=MODEL_DURATIONS not in config.monitoring.disable,
        phase_durations=PHASE_DURATIONS not in config.monitoring.disable,
    )


class Monitoring:
    """What exists only while monitoring is on: accounting, heartbeat, file count, the endpoint and the OTLP export."""

    def __init__(
        self, service: Service, endpoint: "MetricsEndpoint | None" = None, export: "OtelExport | None" = None
    ) -> None:
        self._service = service
        self._endpoint = endpoint
        self._export = export
        self._heartbeat = Heartbeat(service.state, HEARTBEAT_SECONDS)
        self._sampler: asyncio.Task[None] | None = None
        self.accounting = Accounting(service.state, service.clock)

    @property
    def port(self) -> int | None:
        """The port that the endpoint listens on, or None without an endpoint."""
        return None if self._endpoint is None else self._endpoint.port

    @property
    def scheme(self) -> str | None:
        """`http` or `https`, or None without an endpoint."""
        return None if self._endpoint is None else self._endpoint.scheme

    def start(self) -> None:
        """Listen, beat and count.

        Raises:
            OSError: the port is taken, or the address is not this machine's.
        """
        if self._endpoint is not None:
            self._endpoint.start()
        self._heartbeat.start()
        self._sampler = asyncio.create_task(
            sample_runtime_files(self._service.state, self._service.config.process.runtime_dir), name="runtime files"
        )

    def start_export(self) -> None:
        """Start the OTLP export, if it is on. A service that could not start sends nothing."""
        if self._export is not None:
            self._export.start()

    async def stop(self) -> None:
        """End all of it, the last export and the endpoint last."""
        if self._sampler is not None:
            self._sampler.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sampler
        self._heartbeat.stop()
        if self._export is not None:
            await asyncio.to_thread(self._export.stop)
        if self._endpoint is not None:
            await asyncio.to_thread(self._endpoint.stop)


def monitoring(service: Service, sections: "Sequence[Section]", connections: int) -> Monitoring | None:
    """Return the monitoring of a service, or None if it is off or its packages are missing.

    Args:
        service: what is monitored.
        sections: of metrics, which are shown after the catalogue's own.
        connections: that the endpoint may have open at once.
    """
    endpoint = _endpoint(service, sections, connections) if service.config.monitoring.enable_prometheus else None
    export = _export(service) if service.config.monitoring.enable_otel else None
    return None if endpoint is None and export is None else Monitoring(service, endpoint, export)


def _endpoint(service: Service, sections: "Sequence[Section]", connections: int) -> "MetricsEndpoint | None":
    """Return the metrics endpoint, or None, with a warning, if its packages are missing."""
    try:
        from collectors import Limits, TaskSource, metrics_endpoint  # noqa: PLC0415 - optional
    except ImportError as error:
        _log.warning(
            "ENABLE_PROMETHEUS is on, but %s is not installed; run: %s", error.name, install_command("prometheus")
        )
        return None
    config = service.config
    if service.guard.on and config.monitoring.web_config is None and not is_loopback(config.monitoring.host):
        _log.warning(
            "PROMETHEUS_HOST is %s, without TLS: tokens that are entered at /tasks can be read on their way; set "
            "PROMETHEUS_WEB_CONFIG with TLS, or enter tokens through a proxy that has it",
            config.monitoring.host,
        )
    return metrics_endpoint(
        service.state,
        host=config.monitoring.host,
        port=config.monitoring.port,
        ready=lambda: not service.runner.draining,
        more=sections,
        disabled=config.monitoring.disable,
        limits=Limits(connections=connections),
        lean=config.monitoring.lean,
        web_config=config.monitoring.web_config,
        open_probes=config.monitoring.open_probes,
        allowed_hosts=config.monitoring.allowed_hosts,
        access_log=config.monitoring.access_log,
        native_histograms=config.monitoring.native_histograms,
        healthy_stall_seconds=config.monitoring.healthy_stall_seconds,
        tasks=TaskSource(
            views=service.views,
            tokens=service.guard,
            open_without_tokens=config.access.allow_insecure or is_loopback(config.monitoring.host),
            turned_away=service.visitors.turned_away,
        ),
    )


def _export(service: Service) -> "OtelExport | None":
    """Return the OTLP export, or None, which the log says, if it is disabled or its packages are missing."""
    if service.config.monitoring.otel_disabled:
        _log.info("OTEL_SDK_DISABLED is true: no metrics are sent over OTLP")
        return None
    try:
        from collectors.otel import otel_export  # noqa: PLC0415 - optional
    except ImportError as error:
        _log.warning("ENABLE_OTEL_METRICS is on, but %s is not installed; run: %s", error.name, install_command("otel"))
        return None
    config, info = service.config, service.state.info
    return otel_export(
        service.state,
        version=info.version,
        # Host and port stay the same when the service starts again, so that its series go on.
        instance=f"{info.domain}:{config.rpc.port or os.getpid()}",
        interval_seconds=config.monitoring.export_milliseconds / 1000,
        disabled=config.monitoring.disable,
    )
