"""The composition root: configuration, service, monitoring, signals. `python -m gui_agents.grpc_app` runs it."""

import argparse
import asyncio
import contextlib
import errno
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gui_agents import config as configuration
from gui_agents.config import Config
from gui_agents.errors import ConfigError, RefusedError
from gui_agents.pulse import Heartbeat, sample_runtime_files
from gui_agents.rpc.accounting import Accounting
from gui_agents.service import Parts, Service
from gui_agents.state import HEARTBEAT_SECONDS

if TYPE_CHECKING:
    from collectors.definitions import Section
    from collectors.http.endpoint import MetricsEndpoint
    from collectors.otel import OtelExport

EXIT_OK: Final = 0
EXIT_WRONG_START: Final = 2
INSTALL_MONITORING: Final = 'pip install "gui-agents[prometheus]"'
INSTALL_OTEL: Final = 'pip install "gui-agents[otel]"'
PORTS_FILE: Final = "ports.json"
CHATTY_LOGGERS: Final = ("openai", "httpx", "httpx2", "httpcore", "httpcore2")
"""Libraries that would log each request, some of them whole, screenshots included; newer SDKs use the `…2` ones."""
WRONG_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL})
"""Why a port cannot be opened where the port is not to blame."""
FILES_PER_TASK: Final = 8
"""Open files that a running task may need: its client's connection, its model's, its sandbox's."""
FILES_BASE: Final = 1024
SWITCH_SECONDS: Final = 0.001
"""How long a thread may keep the interpreter from another one that waits for it."""

_log = logging.getLogger("gui_agents")


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
        """The port that the endpoint listens on, where there is one."""
        return None if self._endpoint is None else self._endpoint.port

    @property
    def scheme(self) -> str | None:
        """`http` or `https`, where there is an endpoint."""
        return None if self._endpoint is None else self._endpoint.scheme

    @property
    def files(self) -> int:
        """How many files the connections of the endpoint may hold open."""
        return 0 if self._endpoint is None else self._endpoint.files

    def start(self) -> None:
        """Listen, beat and count.

        Raises:
            OSError: the port is taken, or the address is not this machine's.
        """
        if self._endpoint is not None:
            self._endpoint.start()
        self._heartbeat.start()
        self._sampler = asyncio.create_task(
            sample_runtime_files(self._service.state, self._service.config.runtime_dir), name="runtime files"
        )

    def start_export(self) -> None:
        """Send metrics, where they are to be sent; a service that could not start sends none."""
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


class App:
    """One running service with its monitoring; started and stopped on one event loop."""

    def __init__(self, config: Config, parts: Parts | None = None, sections: "Sequence[Section]" = ()) -> None:
        """Put the service together; `sections` of metrics are shown after the catalogue's own."""
        self.config = config
        self.service = Service(config, parts)
        self.monitoring = _monitoring(self.service, sections)
        self._ports = config.runtime_dir / PORTS_FILE

    @property
    def metrics_port(self) -> int | None:
        """The port of the metrics endpoint, where there is one."""
        return None if self.monitoring is None else self.monitoring.port

    async def start(self) -> None:
        """Open the ports, the gRPC port last.

        Raises:
            ConfigError: with a line for each address or port that cannot be opened, and for a directory that cannot be
                written.
        """
        scraped = 0 if self.monitoring is None else self.monitoring.files
        _raise_open_files(FILES_BASE + FILES_PER_TASK * self.config.task_max_tasks + scraped)
        mistakes = []
        try:
            self.config.runtime_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            mistakes.append(f"RUNTIME_DIR: {error}; name a directory that can be made")
        if self.monitoring is not None:
            try:
                self.monitoring.start()
            except OSError as error:
                mistakes.append(_cannot_listen("PROMETHEUS", error))
        try:
            await self.service.start(None if self.monitoring is None else self.monitoring.accounting)
        except OSError as error:
            mistakes.append(_cannot_listen("GRPC", error))
        mistakes = mistakes or self._tell_ports()
        if mistakes:
            await self._close()
            raise ConfigError(mistakes)
        if self.monitoring is not None:
            self.monitoring.start_export()
        _log.info("gRPC on %s:%s", self.config.grpc_host, self.service.port)
        if self.monitoring is not None and self.monitoring.scheme is not None:
            host, port = self.config.prometheus_host, self.metrics_port
            _log.info("metrics on %s://%s:%s/metrics", self.monitoring.scheme, host, port)
        if self.config.default_model == configuration.BUILTIN_MODEL:
            _log.info("%s decides: it follows simple instructions, and is no language model", self.config.default_model)

    async def stop(self) -> None:
        """Accept nothing more, end every task within the configured seconds, and close; /metrics goes last."""
        _log.info("shutting down: running tasks have %g seconds to finish", self.config.drain_seconds)
        await self.service.drain()
        await self._close()
        self._forget_ports()
        _log.info("ended")

    def _tell_ports(self) -> list[str]:
        """Write the ports to their file, and return what is wrong with it."""
        try:
            self._ports.write_text(self._told_ports(), encoding="utf-8")
        except OSError as error:
            return [f"RUNTIME_DIR: {error}; name a directory that can be written"]
        return []

    def _told_ports(self) -> str:
        return json.dumps({"grpc": self.service.port, "metrics": self.metrics_port})

    def _forget_ports(self) -> None:
        """Remove the file of the ports, unless a service that started later has told its own there."""
        with contextlib.suppress(OSError):
            if self._ports.read_text(encoding="utf-8") == self._told_ports():
                self._ports.unlink()

    async def _close(self) -> None:
        await self.service.stop()
        if self.monitoring is not None:
            await self.monitoring.stop()


def _cannot_listen(server: str, error: OSError) -> str:
    """Say why a server cannot listen, under the variable that is to be changed: its host, or else its port."""
    reason = error.__cause__
    if isinstance(reason, socket.gaierror) or (isinstance(reason, OSError) and reason.errno in WRONG_ADDRESS):
        return f"{server}_HOST: {error}; name an address of this machine (0.0.0.0 is all of them)"
    return f"{server}_PORT: {error}; free it, or set another one (0 takes a free one)"


def _monitoring(service: Service, sections: "Sequence[Section]") -> Monitoring | None:
    """Return the monitoring of a service, or None where none is wanted, or can be had."""
    endpoint = _endpoint(service, sections) if service.config.enable_prometheus else None
    export = _export(service) if service.config.enable_otel_metrics else None
    return None if endpoint is None and export is None else Monitoring(service, endpoint, export)


def _endpoint(service: Service, sections: "Sequence[Section]") -> "MetricsEndpoint | None":
    """Return the metrics endpoint, or None, with a warning, where its packages are missing."""
    try:
        from collectors import metrics_endpoint  # noqa: PLC0415 - optional
    except ImportError as error:
        _log.warning("ENABLE_PROMETHEUS is on, but %s is not installed; run: %s", error.name, INSTALL_MONITORING)
        return None
    config = service.config
    return metrics_endpoint(
        service.state,
        host=config.prometheus_host,
        port=config.prometheus_port,
        ready=lambda: not service.runner.draining,
        more=sections,
        disabled=config.prometheus_disable,
        web_config=config.prometheus_web_config,
        open_probes=config.prometheus_open_probes,
        access_log=config.prometheus_access_log,
        native_histograms=config.prometheus_native_histograms,
    )


def _export(service: Service) -> "OtelExport | None":
    """Return the OTLP export, or None, with a warning, where its packages are missing."""
    try:
        from collectors.otel import otel_export  # noqa: PLC0415 - optional
    except ImportError as error:
        _log.warning("ENABLE_OTEL_METRICS is on, but %s is not installed; run: %s", error.name, INSTALL_OTEL)
        return None
    config, info = service.config, service.state.info
    return otel_export(
        service.state,
        version=info.version,
        # Host and port stay the same when the service starts again, so that its series go on.
        instance=f"{info.domain}:{config.grpc_port or os.getpid()}",
        interval_seconds=config.otel_metric_export_interval / 1000,
        disabled=config.prometheus_disable,
    )


async def serve(config: Config, parts: Parts | None = None) -> None:
    """Run the service until SIGTERM or SIGINT; a second signal ends it at once.

    Raises:
        ConfigError: it cannot start; with a line for each mistake.
    """
    app = App(config, parts)
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, told.set)
    shorten_pauses()
    await app.start()
    await told.wait()
    for number in signals:
        loop.remove_signal_handler(number)
    await app.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service as the environment and `.env` say, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="lybic-guiagent-grpc",
        description="Runs the GUI-agents gRPC service, configured by environment variables and a .env file.",
        epilog=configuration.table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    try:
        config = configuration.load(os.environ, Path(".env"))
        _log_to_stderr(config.log_level)
        asyncio.run(serve(config))
    except (ConfigError, RefusedError) as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_START
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return EXIT_OK


def shorten_pauses() -> None:
    """Set this process up for what it is: a loop that must not stand still, and a scraper that asks in between.

    What has been imported stays for good, so that no garbage collection looks through it again. A scrape gets the
    interpreter from a busy loop within a fifth of Python's usual time; it needs it several times.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _raise_open_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if limit < wanted:
        _log.warning(
            "only %d files may be open, and %d may be needed; raise the hard limit (ulimit -Hn)", limit, wanted
        )
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


if __name__ == "__main__":
    sys.exit(main())
