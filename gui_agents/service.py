"""The gRPC service, put together: state, runner, keeper, servicer and server. It knows nothing of monitoring."""

import asyncio
import logging
import platform
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from typing import Final

import attrs
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from gui_agents.access.audit import AuditLog
from gui_agents.access.guard import Guard
from gui_agents.access.owners import Owners
from gui_agents.access.visitors import Visitors
from gui_agents.access.watching import TokensWatch
from gui_agents.agent.spending import SpendingLimits
from gui_agents.config import Config, known_secrets
from gui_agents.domain.access import NO_QUOTAS
from gui_agents.domain.address import host_and_port
from gui_agents.domain.clock import Clock, SystemClock
from gui_agents.domain.cloud import CloudWish
from gui_agents.domain.errors import ConfigError, RefusedError
from gui_agents.domain.internet import is_loopback
from gui_agents.domain.journal import NO_JOURNAL, Journal
from gui_agents.domain.packages import DISTRIBUTION
from gui_agents.domain.recording import Recorded
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.spec import Defaults, ModelChoice, TaskSpec
from gui_agents.domain.storage import TaskStore
from gui_agents.domain.task import TaskLimits
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.models.prices import known_prices
from gui_agents.models.prices.price_list import PriceList
from gui_agents.models.registry import ModelFactory, configured_providers
from gui_agents.models.settings import SettingsOfModels
from gui_agents.pictures.files import PICTURES, PictureFiles
from gui_agents.pictures.recording import NO_RECORDING, Recording
from gui_agents.rpc.accounting import Accounting
from gui_agents.rpc.convert import Maxima
from gui_agents.rpc.door import Door
from gui_agents.rpc.handlers import method_handlers
from gui_agents.rpc.methods import OPERATOR, OPERATOR_METHODS, SERVICE, counted
from gui_agents.rpc.operator import OperatorServicer
from gui_agents.rpc.reception import Reception
from gui_agents.rpc.routes import ForeignRoutes, Routes, add_port, check_free
from gui_agents.rpc.servicer import AgentServicer
from gui_agents.rpc.settings import GlobalSettings
from gui_agents.rpc.tls import ServerTls, TlsFiles
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.snapshot import ServiceInfo
from gui_agents.state.access_stats import AccessStats
from gui_agents.state.budgets import Budgets, day_of
from gui_agents.state.service_state import ServiceState
from gui_agents.state.stats import EVERYTHING, Observed, ServiceStats
from gui_agents.state.streams import StreamManager
from gui_agents.storage.journal import journal_of
from gui_agents.storage.registry import open_store
from gui_agents.tasks.archive import Archive
from gui_agents.tasks.keeper import SandboxKeeper
from gui_agents.tasks.reaper import Reaper
from gui_agents.tasks.recovery import Recovery, Resume
from gui_agents.tasks.runner import TaskRunner
from gui_agents.tasks.treasury import default_model_problem
from gui_agents.tasks.views import StoredViews
from gui_agents.tasks.warm import WarmPool

REQUEST_ROOM_BYTES: Final = 64 * 2**10
"""How much more than the largest request the transport lets through, so that what is a little too large is refused by
us, with details. What is larger never gets into memory.
"""
AUDIT_FILE: Final = "audit.jsonl"
LOOKAHEAD_BYTES: Final = 16 * 2**10
"""Of each call, that the transport takes before we read."""
HANDSHAKE_MILLISECONDS: Final = 10_000
"""Until which a new connection has spoken TLS and HTTP/2; gRPC's own limit is two minutes."""
REPLY_MAX_BYTES: Final = 128 * 2**20
"""Of what we send."""
STOP_SECONDS: Final = 1.0
"""How long ended streams get to reach their clients."""

FLUSH_SECONDS: Final = 2.0
"""How long what is not stored yet may take at the end."""

_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_send_message_length", REPLY_MAX_BYTES),
    # What a call may send before it is read. The window of a message that is read grows to the message's size.
    ("grpc.http2.lookahead_bytes", LOOKAHEAD_BYTES),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.server_handshake_timeout_ms", HANDSHAKE_MILLISECONDS),
    ("grpc.server.max_pending_requests", 20_000),
    ("grpc.server.max_pending_requests_hard_limit", 40_000),
)

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Parts:
    """What a service is made with; each one can be replaced, for tests and for faults on purpose."""

    clock: Clock = attrs.field(factory=SystemClock)
    sandboxes: SandboxFactory | None = None
    models: ModelFactory | None = None
    streams: StreamManager | None = None
    store: TaskStore | None = None


def build_state(
    config: Config,
    prices: PriceList,
    clock: Clock,
    streams: StreamManager | None = None,
    observed: Observed = EVERYTHING,
    *,
    journal: Journal = NO_JOURNAL,
) -> ServiceState:
    """Return the state of a service that has just begun."""
    info = ServiceInfo(
        version=version(DISTRIBUTION),
        max_concurrent_tasks=config.tasks.slots,
        log_level=config.process.log_level,
        domain=platform.node(),
    )
    stats = ServiceStats(
        counted(tokens=config.access.tokens_file is not None),
        configured_providers(config.defaults, config.models),
        sorted(prices.currencies() | config.budgets.daily_max_cost.keys()),
        observed,
        AccessStats(
            tokens=config.access.tokens_file is not None,
            quotas=config.access.tokens_file is not None or config.owners.quotas() != NO_QUOTAS,
        ),
    )
    return ServiceState(
        info=info,
        limits=TaskLimits(
            config.tasks.slots, config.tasks.queue_size, config.tasks.retention, config.tasks.retention_bytes
        ),
        stats=stats,
        streams=streams or StreamManager(config.streams.log_messages),
        clock=clock,
        budgets=Budgets(config.budgets.daily_max_cost, _task_limits(config, prices)),
        journal=journal,
    )


def _task_limits(config: Config, prices: PriceList) -> Mapping[str, Decimal]:
    """Return what one task may spend, in each currency that it may be billed in."""
    limit = config.tasks.max_cost
    return {} if limit is None else dict.fromkeys(sorted(prices.currencies()), limit)


def endpoint_policy(config: Config) -> EndpointPolicy:
    """Return which endpoints clients may name; loopback only if nobody but this machine's users can ask."""
    return EndpointPolicy(loopback=only_local(config), allowed=config.models.endpoint_allow)


def only_local(config: Config) -> bool:
    """Tell whether nobody but this machine's users can ask."""
    return is_loopback(config.rpc.host)


def _may_limit_money(config: Config) -> bool:
    """Tell whether a budget or a quota names money, or may do so later."""
    return bool(
        config.budgets.daily_max_cost or config.tasks.max_cost or config.owners.cost or config.access.tokens_file
    )


def _audit_log(config: Config) -> AuditLog | None:
    """Return the audit log; with neither tokens nor a file named for it there is none."""
    access = config.access
    path = access.audit_log or (config.process.runtime_dir / AUDIT_FILE if access.tokens_file else None)
    return None if path is None else AuditLog(path, access.audit_log_bytes)


def _defaults(config: Config) -> Defaults:
    return Defaults(
        backend=config.defaults.backend, steps=config.tasks.steps, timeout_seconds=config.tasks.timeout_seconds
    )


def _warm_pool(config: Config, state: ServiceState, reaper: Reaper, sandboxes: SandboxFactory) -> WarmPool:
    """Return the pool of sandboxes for tasks that leave everything to the operator's defaults."""
    defaults, size, cloud = _defaults(config), config.sandboxes.warm, None
    if size:
        try:
            cloud = sandboxes.order(defaults.backend, CloudWish())
        except RefusedError as error:
            _log.warning("SANDBOX_WARM has no effect: %s", error)
            size = 0
    plain = TaskSpec(
        instruction="",
        backend=defaults.backend,
        steps=defaults.steps,
        timeout_seconds=defaults.timeout_seconds,
        # No model is ever asked for it.
        model=ModelChoice("", ""),
        config=defaults.as_config(),
        cloud=cloud,
    )
    return WarmPool(state, reaper, sandboxes, plain, size=size)


def _recording(pictures: PictureFiles, recorded: Recorded, task_id: str) -> Recording:
    """Return what takes the pictures of a task's steps."""
    return NO_RECORDING if recorded is Recorded.NONE else Recording(task_id, pictures, recorded)


class Service:
    """The gRPC service; made, started, drained and stopped on one event loop."""

    def __init__(self, config: Config, parts: Parts | None = None, observed: Observed = EVERYTHING) -> None:
        parts = Parts() if parts is None else parts
        self.config = config
        self.clock = parts.clock
        settings = SettingsOfModels.load(config.models.models_file)
        prices = PriceList.load(config.models.prices_file, settings)
        if _may_limit_money(config):
            # Submissions are checked on the event loop, which cannot spare the time for it.
            known_prices.load()
        for doubt in prices.doubts(config.defaults.model):
            _log.warning("%s", doubt)
        store = parts.store or open_store(config)
        self.pictures = PictureFiles(config.process.runtime_dir / PICTURES, config.recording.max_bytes)
        self.views = StoredViews(store, self.pictures)
        self._journal = journal_of(config.storage, store, self.pictures.forget)
        self.state = build_state(config, prices, self.clock, parts.streams, observed, journal=self._journal)
        self.archive = Archive(self.state, store, self._journal)
        sandboxes = parts.sandboxes or SandboxFactory(
            config.sandboxes, config.process.runtime_dir, loopback=only_local(config)
        )
        for doubt in sandboxes.doubts():
            _log.warning("%s", doubt)
        models = parts.models or ModelFactory(
            config.defaults, config.models, self.clock, endpoint_policy(config), settings=settings
        )
        self.guard = Guard(config.access.tokens_file, config.owners.quotas())
        owners = Owners(self.guard.quotas, self.clock.monotonic)
        self._audit = _audit_log(config)
        self._door = Door(self.guard, owners, self.state, self.clock, self._audit)
        self.visitors = Visitors(self.state.auth_failed, self._audit, self.clock.monotonic)
        self._watch = TokensWatch(self.guard, self._tokens_changed)
        reaper = Reaper(self.state)
        keeper = SandboxKeeper(
            reaper, slots=config.tasks.slots, capacity=config.kept_sandboxes, keep_seconds=config.sandboxes.keep_seconds
        )
        self._pool = _warm_pool(config, self.state, reaper, sandboxes)
        redactor = Redactor(known_secrets(config))
        self.runner = TaskRunner(
            state=self.state,
            keeper=keeper,
            pool=self._pool,
            sandboxes=sandboxes,
            models=models,
            prices=prices,
            spending=SpendingLimits(config.tasks.max_tokens, config.tasks.max_cost),
            owners=owners,
            clock=self.clock,
            journal=self._journal,
            unbudgeted=config.budgets.allow_unbudgeted_models,
            redactor=redactor,
            # By what it needs and not by this service, which timers of the runner would keep alive.
            recorder=partial(_recording, self.pictures, config.recording.screenshots),
        )
        self._recovery = Recovery(
            archive=self.archive,
            journal=self._journal,
            runner=self.runner,
            models=models,
            backends=sandboxes,
            resume=Resume(config.storage.resume),
            time=self.clock.time,
        )
        self._sandboxes = sandboxes
        self._models = models
        self._prices = prices
        self._servicer = AgentServicer(
            redactor=redactor,
            state=self.state,
            runner=self.runner,
            archive=self.archive,
            settings=GlobalSettings(_defaults(config)),
            models=models,
            backends=sandboxes,
            allow_set_global_config=config.access.allow_set_global_config,
            maxima=Maxima(config.tasks.max_steps, config.tasks.max_timeout_seconds),
            owners=owners,
        )
        self._operator = OperatorServicer(
            state=self.state,
            runner=self.runner,
            archive=self.archive,
            journal=self._journal,
            pictures=self.pictures.names,
        )
        self._reception = Reception(config.rpc.max_calls, config.rpc.max_message_bytes)
        self._health = health.aio.HealthServicer()
        files = TlsFiles.of(config.rpc)
        self._tls = None if files is None else ServerTls(files)
        self._server: grpc.aio.Server | None = None
        self.port = 0
        """The port that the server listens on, once it is started."""

    @property
    def alive(self) -> int:
        """Calls that are open, and tasks in memory."""
        return self._reception.open + self.state.kept

    async def start(self, accounting: Accounting | None = None) -> None:
        """Sweep what earlier services have left behind, open the port and serve; `accounting` counts the RPCs.

        Raises:
            OSError: the port is taken, or the address is not this machine's.
            StorageError: the storage cannot be used.
            ConfigError: the audit log cannot be written.
        """
        await self._journal.start(self.state)
        if self._audit is not None:
            try:
                self._audit.open()
            except OSError as error:
                raise ConfigError([f"AUDIT_LOG: {error}; name a file that can be written"]) from error
        await self._sandboxes.start(self.state)
        rpc = self.config.rpc
        limits = (
            ("grpc.max_receive_message_length", rpc.max_message_bytes + REQUEST_ROOM_BYTES),
            ("grpc.max_allowed_incoming_connections", rpc.max_connections),
            ("grpc.max_connection_idle_ms", round(rpc.idle_seconds * 1000)),
        )
        server = grpc.aio.server(options=(*_OPTIONS, *limits))
        routes = Routes(server, accounting)
        handlers = method_handlers(self._servicer, self._door, self._reception, rpc.max_message_bytes)
        routes.add_registered_method_handlers(SERVICE, handlers)
        handlers = method_handlers(self._operator, self._door, self._reception, rpc.max_message_bytes, OPERATOR_METHODS)
        routes.add_registered_method_handlers(OPERATOR, handlers)
        foreign = ForeignRoutes(routes, self._reception)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, foreign)
        reflected = (SERVICE, OPERATOR, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            reflection.aio.ReflectionServicer(reflected), ForeignRoutes(routes, self._reception, self._door)
        )
        host, port = self.config.rpc.host.strip("[]"), self.config.rpc.port
        try:
            check_free(host, port)
            self.port = add_port(server, host_and_port(host, port), self._tls)
        except (OSError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "grpc gives no reason"
            raise OSError(f"cannot listen on {host} port {port}: {reason}") from error
        await self._take_over()
        for name in ("", SERVICE, OPERATOR):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        await server.start()
        self._server = server
        self._pool.start()
        self._watch.start()

    async def _take_over(self) -> None:
        """Go on where an earlier service has stopped: this day's spending, and the tasks that have not ended."""
        day = day_of(self.clock.time())
        self.runner.day_restored(day, await self.archive.read(lambda store: store.spent(day)))
        await self._recovery.run()

    def model_problem(self) -> str | None:
        """Return why no task can be run with the default model, such as a missing key; None if one can."""
        return default_model_problem(self.config, self._models, self._prices)

    async def drain(self) -> None:
        """Accept nothing more, and end every task within the configured seconds."""
        await self._health.enter_graceful_shutdown()
        await self.runner.drain(self.config.service.drain_seconds)

    async def stop(self) -> None:
        """Let ended streams reach their clients, then close the port and what the sandboxes have shared.

        A service that was not drained ends its tasks and closes its sandboxes first, without waiting for tasks.
        """
        await self._watch.stop()
        await self.runner.drain(0)
        if self._server is not None:
            await self._server.stop(STOP_SECONDS)
        await self._sandboxes.stop()
        await self._journal.close(FLUSH_SECONDS)
        await asyncio.to_thread(self.pictures.close)
        if self._audit is not None:
            await asyncio.to_thread(self._audit.close)

    def _tokens_changed(self) -> None:
        self._door.tokens_changed()
        self.runner.quotas_changed()
