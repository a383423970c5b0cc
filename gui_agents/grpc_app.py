"""The composition root: configuration, service, monitoring, signals. `python -m gui_agents.grpc_app` runs it."""

import argparse
import asyncio
import errno
import logging
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

# Read when grpc is loaded: without it, each failed handshake is a line on stderr that is none of our log's.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

from gui_agents import config as configuration
from gui_agents import process
from gui_agents.config import Config
from gui_agents.domain.address import host_and_port
from gui_agents.domain.errors import ConfigError, RefusedError, StorageDownError
from gui_agents.domain.internet import is_loopback
from gui_agents.domain.model import BUILTIN_MODEL
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.storage import StorageError, StorageStartError
from gui_agents.log import log_to_stderr
from gui_agents.monitoring import monitoring, observed
from gui_agents.open_files import PER_SANDBOX, shared_out
from gui_agents.process import Ending, PortsFile, raise_open_files, shorten_pauses
from gui_agents.service import Parts, Service
from gui_agents.trimming import give_back, set_up_heap, trimmer

if TYPE_CHECKING:
    from collectors.metrics.definitions import Section

EXIT_OK: Final = 0
EXIT_WRONG_START: Final = 2
WRONG_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL})
"""Errors that are the fault of the address and not of the port."""
METRICS_CONNECTIONS: Final = 1000
METRICS_OVERHEAD: Final = 64
"""Files of the metrics endpoint besides its connections: those that make place, and a reserve."""
ENDING_SECONDS: Final = 4.0
"""How much longer than DRAIN_SECONDS the process may take to end, before it is ended."""
LEAVING_SECONDS: Final = 1.0
"""How long tasks and threads that outlive the service may take."""

_log = logging.getLogger("gui_agents")


class App:
    """One running service with its monitoring; started and stopped on one event loop."""

    def __init__(self, config: Config, parts: Parts | None = None, sections: "Sequence[Section]" = ()) -> None:
        """Put the service together; `sections` of metrics are shown after the catalogue's own."""
        self.config = config
        self._hard_limit = process.hard_limit_of_files()
        self._files = shared_out(
            hard=self._hard_limit,
            slots=config.tasks.slots,
            sandboxes=config.most_sandboxes * PER_SANDBOX.get(config.defaults.backend, 0),
            grpc=config.rpc.max_connections,
            metrics=METRICS_CONNECTIONS if config.monitoring.enable_prometheus else 0,
            overhead=METRICS_OVERHEAD,
        )
        rpc = attrs.evolve(config.rpc, max_connections=self._files.grpc)
        self.service = Service(attrs.evolve(config, rpc=rpc), parts, observed(config))
        self.monitoring = monitoring(self.service, sections, self._files.metrics)
        self._ports = PortsFile(config.process.runtime_dir)

    @property
    def metrics_port(self) -> int | None:
        """The port of the metrics endpoint, or None without one."""
        return None if self.monitoring is None else self.monitoring.port

    async def start(self) -> None:
        """Open the ports, the gRPC port last.

        Raises:
            ConfigError: with a line for each address or port that cannot be opened, and for a directory that cannot be
                written.
        """
        raise_open_files(self._files.wanted)
        if self._hard_limit is not None and self._files.wanted > self._hard_limit:
            _log.warning(
                "only %d files may be open, and %d may be needed, so gRPC takes %d connections at once and the metrics "
                "endpoint %d; raise the hard limit (ulimit -Hn)",
                self._hard_limit,
                self._files.wanted,
                self._files.grpc,
                self._files.metrics,
            )
        mistakes = []
        try:
            self.config.process.runtime_dir.mkdir(parents=True, exist_ok=True)
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
        except (StorageError, StorageDownError) as error:
            mistakes.append(_cannot_store(self.config, error))
        except ConfigError as error:
            mistakes.extend(error.mistakes)
        mistakes = mistakes or self._tell_ports()
        if mistakes:
            await self._close()
            raise ConfigError(mistakes)
        if self.monitoring is not None:
            self.monitoring.start_export()
        self._tell_start()

    def _tell_start(self) -> None:
        """Log where the service listens, and what an operator may not expect."""
        rpc = self.config.rpc
        tls = "" if rpc.tls_certificate is None else " over TLS"
        _log.info("gRPC on %s%s", host_and_port(rpc.host, self.service.port), tls)
        dangers = "; ".join(_dangers(self.config))
        if dangers:
            _log.warning("ALLOW_INSECURE opens the gRPC port to other machines: %s", dangers)
        if self.monitoring is not None and self.monitoring.scheme is not None:
            address = host_and_port(self.config.monitoring.host, self.metrics_port)
            _log.info("metrics on %s://%s/metrics", self.monitoring.scheme, address)
        problem = self.service.model_problem()
        if problem is not None:
            _log.warning("%s", configuration.default_model_advice(self.config, problem))
        if self.config.defaults.model == BUILTIN_MODEL:
            _log.info(
                "%s decides: it follows simple instructions, and is no language model", self.config.defaults.model
            )

    async def stop(self) -> None:
        """Accept nothing more, end every task within the configured seconds, and close; /metrics goes last."""
        _log.info("shutting down: running tasks have %g seconds to finish", self.config.service.drain_seconds)
        await self.service.drain()
        await self._close()
        self.forget_ports()
        _log.info("ended")

    def forget_ports(self) -> None:
        """Remove the file of the ports."""
        self._ports.remove()

    def _tell_ports(self) -> list[str]:
        """Write the ports to their file, and return what is wrong with it."""
        try:
            self._ports.write(grpc=self.service.port, metrics=self.metrics_port)
        except OSError as error:
            return [f"RUNTIME_DIR: {error}; name a directory that can be written"]
        return []

    async def _close(self) -> None:
        await self.service.stop()
        if self.monitoring is not None:
            await self.monitoring.stop()


def _dangers(config: Config) -> Iterator[str]:
    """Yield what ALLOW_INSECURE makes possible for other machines."""
    if is_loopback(config.rpc.host):
        return
    if config.access.tokens_file is None:
        yield "whoever reaches it may run tasks"
    if config.rpc.tls_certificate is None:
        yield "what is sent can be read on its way"


def _cannot_listen(server: str, error: OSError) -> str:
    """Say why a server cannot listen, under the variable that is to be changed: its host, or else its port."""
    reason = error.__cause__
    if isinstance(reason, socket.gaierror) or (isinstance(reason, OSError) and reason.errno in WRONG_ADDRESS):
        return f"{server}_HOST: {error}; name an address of this machine (0.0.0.0 is all of them)"
    return f"{server}_PORT: {error}; free it, or set another one (0 takes a free one)"


def _cannot_store(config: Config, error: StorageError | StorageDownError) -> str:
    """Say why the storage cannot be used, under the variable that is to be changed."""
    if isinstance(error, StorageStartError):
        return str(error)
    problem = error.problem if isinstance(error, StorageDownError) else str(error)
    return f"TASK_STORAGE_BACKEND: the {config.storage.backend} storage does not answer: {problem}"


async def serve(config: Config, parts: Parts | None = None, sections: "Sequence[Section]" = ()) -> App:
    """Run the service until SIGTERM or SIGINT; a second signal, or too much time, ends the process at once.

    Returns what has run. grpc's poller needs it as long as the loop goes on.

    Raises:
        ConfigError: it cannot start; with a line for each mistake.
    """
    trim = trimmer()
    app = App(config, parts, sections)
    with Ending(config.service.drain_seconds + ENDING_SECONDS, last=app.forget_ports) as ending:
        shorten_pauses()
        await app.start()
        trimming = (
            None if trim is None else asyncio.create_task(give_back(trim, lambda: app.service.alive), name="trimming")
        )
        await ending.asked()
        if trimming is not None:
            trimming.cancel()
        await app.stop()
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service as the environment and `.env` say, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="lybic-guiagent-grpc",
        description="Runs the GUI-agents gRPC service, configured by environment variables and a .env file.",
        epilog=configuration.table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    set_up_heap()
    try:
        config = configuration.load(os.environ, Path(".env"))
        redactor = Redactor(configuration.known_secrets(config))
        log_to_stderr(config.process.log_level, config.process.log_format, redactor)
        for doubt in configuration.doubts(os.environ, Path(".env")):
            _log.warning("%s", doubt)
        run(config)
    except (ConfigError, RefusedError) as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG_START
    return EXIT_OK


def run(config: Config, parts: Parts | None = None, sections: "Sequence[Section]" = ()) -> None:
    """Run the service in a process that has nothing else to do: what outlives it is not waited for.

    Raises:
        ConfigError: it cannot start; with a line for each mistake.
    """
    asyncio.run(_serve_alone(config, parts, sections))


async def _serve_alone(config: Config, parts: Parts | None, sections: "Sequence[Section]") -> App:
    workers = ThreadPoolExecutor(thread_name_prefix="worker")
    asyncio.get_running_loop().set_default_executor(workers)
    app = await serve(config, parts, sections)
    workers.shutdown(wait=False, cancel_futures=True)
    left = await process.left_behind(LEAVING_SECONDS)
    if left:
        _log.warning("left behind: %s", ", ".join(left))
        process.end_now(EXIT_OK)
    return app


if __name__ == "__main__":
    sys.exit(main())
