"""The backends of sandboxes as data, and the making of a task's sandbox.

A new backend is a member of `Backend`, a row here, and a room that has the sandbox.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from gui_agents.config import SandboxesConfig
from gui_agents.domain.cloud import KIND_FIELDS, CloudOrder, CloudWish
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.packages import OptionalPackage
from gui_agents.domain.programs import Program, install_packages, install_programs
from gui_agents.domain.sandbox import Backend, Sandbox, SandboxType
from gui_agents.domain.spec import TaskSpec
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.jail import machine, walls
from gui_agents.jail.limits import Limits
from gui_agents.jail.supervisor import Supervisor
from gui_agents.sandboxes.chromium.program import PROGRAMS as CHROMIUM_PROGRAMS
from gui_agents.sandboxes.lybic import orders
from gui_agents.sandboxes.lybic.cloud import LIBRARY as OF_LYBIC
from gui_agents.sandboxes.lybic.cloud import Cloud
from gui_agents.sandboxes.lybic.sandbox import LybicSandbox
from gui_agents.sandboxes.x11 import apps as x11_apps
from gui_agents.simulated import SimulatedSandbox
from gui_agents.threads import Threads

if TYPE_CHECKING:
    from gui_agents.egress.proxy import EgressProxy

DEFAULT_RUNTIME_DIR: Final = Path("runtime")
DIRECTORY: Final = "sandboxes"
"""Below RUNTIME_DIR: what sandboxes need on this machine."""

SWEEP_SECONDS: Final = 10.0
"""How long the start of a service may take to remove what others have left behind."""
STOP_SECONDS: Final = 1.0
"""How long what sandboxes share may take to stop."""

_log = logging.getLogger(__name__)


class Records(Protocol):
    """The methods of the service's state that sandboxes need."""

    def sandboxes_swept(self, sandbox_type: SandboxType, count: int) -> None:
        """Count sandboxes that an earlier service has left behind, and that were removed."""

    def egress_connection(self, verdict: EgressVerdict) -> None:
        """Count a connection that a sandboxed browser asked for."""


Maker = Callable[[TaskSpec], Sandbox]
"""Returns a new sandbox for a task, which is not open yet."""


@attrs.frozen(kw_only=True)
class Ground:
    """What the sandboxes of one service stand on."""

    config: SandboxesConfig
    supervisor: Supervisor
    lybic: Cloud
    egress_connection: Callable[[EgressVerdict], None] = lambda _: None
    """Counts a connection that a browser asks for, once it is known what becomes of it."""
    at_stop: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    """Closed when the service stops: whoever makes what sandboxes share adds how that is closed."""


@attrs.frozen(kw_only=True)
class BackendRow:
    """One backend."""

    backend: Backend
    """As requests spell it."""
    needs: tuple[OptionalPackage, ...] = ()
    """The Python packages that must be installed."""
    programs: tuple[Program, ...] = ()
    """The programs that must be installed."""
    unjailed: Callable[[SandboxesConfig], bool] | None = None
    """Whether the operator allows its sandboxes without a jail; None if they need none."""
    choices: frozenset[str] = frozenset()
    """The fields of the contract's Sandbox by which a request may choose the kind of its sandbox."""
    of_lybic: bool = False
    """Whether its sandboxes are in Lybic's cloud, for which a task needs an account."""
    doubts: Callable[[SandboxesConfig], Iterable[str]] = lambda _config: ()
    """What of the settings is likely to be a mistake, for the log."""
    maker: Callable[[Ground], Maker]
    """Called once for each service, so that its sandboxes can share what there should be one of."""


def _simulated(drawing: Threads) -> Maker:
    return lambda _spec: SimulatedSandbox(drawing=drawing)


def _x11(ground: Ground) -> Maker:
    config, pictures = ground.config, Threads("frames", limit=2)
    apps = x11_apps.Apps(config.x11_apps)

    def make(_spec: TaskSpec) -> Sandbox:
        # Its packages are optional.
        from gui_agents.sandboxes.x11.sandbox import X11Sandbox  # noqa: PLC0415

        prepare = partial(ground.supervisor.prepare, Backend.X11, unjailed=config.x11_unjailed)
        return X11Sandbox(prepare, screen=config.screen, apps=apps, pictures=pictures)

    return make


def _chromium(ground: Ground) -> Maker:
    config, pictures = ground.config, Threads("pages", limit=2)
    proxies: list[EgressProxy] = []

    def make(_spec: TaskSpec) -> Sandbox:
        # Its proxy's packages are optional.
        from gui_agents.egress.policy import EgressPolicy  # noqa: PLC0415
        from gui_agents.egress.proxy import EgressProxy  # noqa: PLC0415
        from gui_agents.sandboxes.chromium.sandbox import ChromiumSandbox  # noqa: PLC0415

        if not proxies:
            proxies.append(EgressProxy(EgressPolicy(config.egress_allow), ground.egress_connection))
        prepare = partial(ground.supervisor.prepare, Backend.CHROMIUM, unjailed=config.chromium_unjailed)
        screen = (config.screen.width, config.screen.height)
        return ChromiumSandbox(prepare, proxy=proxies[0], screen=screen, pictures=pictures)

    return make


def _lybic(ground: Ground) -> Maker:
    def make(spec: TaskSpec) -> Sandbox:
        assert spec.cloud is not None  # noqa: S101 - for the type checker: whoever checked the backend ordered it
        used_seconds = spec.timeout_seconds + ground.config.keep_seconds
        return LybicSandbox(ground.lybic, spec.cloud, used_seconds=used_seconds, given=spec.sandbox_id)

    return make


ROWS: Final[Mapping[str, BackendRow]] = {
    row.backend: row
    for row in (
        BackendRow(backend=Backend.SIMULATED, maker=lambda _ground: _simulated(Threads("drawing", limit=2))),
        BackendRow(
            backend=Backend.X11,
            needs=(OptionalPackage("dbus_fast", extra="x11", purpose="Linux desktops"),),
            programs=x11_apps.PROGRAMS,
            unjailed=lambda config: config.x11_unjailed,
            doubts=lambda config: x11_apps.doubts(config.x11_apps),
            maker=_x11,
        ),
        BackendRow(
            backend=Backend.CHROMIUM,
            needs=(OptionalPackage("h11", extra="chromium", purpose="browsers"),),
            programs=CHROMIUM_PROGRAMS,
            unjailed=lambda config: config.chromium_unjailed,
            maker=_chromium,
        ),
        *(
            BackendRow(backend=each, needs=(OF_LYBIC,), choices=frozenset(KIND_FIELDS), of_lybic=True, maker=_lybic)
            for each in (Backend.LYBIC, Backend.LYBIC_MOBILE)
        ),
    )
}


def _check_shown(row: BackendRow, field: str) -> None:
    """Check that jails show the programs of a backend.

    Raises:
        PreconditionError: one is installed elsewhere, as those of snap and of other vendors are.
    """
    for program in row.programs:
        path = program.path()
        if path is not None and not walls.shows(path):
            raise PreconditionError(
                f"{field}: the backend {str(row.backend)!r} runs in a jail, which shows programs of the system only, "
                f"and not {os.path.realpath(path)}; {install_packages([program.package])}"
            )


class SandboxFactory:
    """Makes sandboxes as the configuration says."""

    def __init__(
        self, config: SandboxesConfig, runtime_dir: Path = DEFAULT_RUNTIME_DIR, *, loopback: bool = True
    ) -> None:
        """`loopback` says whether clients may name addresses of this machine: only its own users can ask."""
        limits = Limits(memory_bytes=config.memory_bytes, disk_bytes=config.disk_bytes, processes=config.processes)
        self._config = config
        self._jail_problem: str | None = None
        self._records: Records | None = None
        self._policy = EndpointPolicy(
            loopback=loopback, allowed=config.lybic_endpoint_allow, variable="LYBIC_ENDPOINT_ALLOW"
        )
        supervisor = Supervisor(runtime_dir / DIRECTORY, limits)
        self._ground = Ground(
            config=config,
            supervisor=supervisor,
            lybic=Cloud(config, self._policy, supervisor),
            egress_connection=self._count_egress,
        )
        # What was pushed first is closed last.
        self._ground.at_stop.callback(self._ground.supervisor.close)
        self._makers = {row.backend: row.maker(self._ground) for row in ROWS.values()}

    async def find_jail_problem(self) -> str | None:
        """Find out whether this machine can have jails; `check` knows it from then on. Return why not, in words."""
        self._jail_problem = await self._ground.supervisor.problem()
        return self._jail_problem

    def is_jailed(self, backend: Backend) -> bool | None:
        """Return whether sandboxes of a backend that can run get a jail here; None if they need none."""
        return None if ROWS[backend].unjailed is None else self._jail_problem is None

    async def start(self, records: Records) -> None:
        """Remove what services that were killed have left behind, before the first sandbox is made."""
        self._records = records
        if any(row.unjailed is not None and install_programs(row.programs) is None for row in ROWS.values()):
            await self.find_jail_problem()
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                swept = await self._ground.supervisor.sweep()
        except OSError as error:
            # It says nothing if it took too long.
            problem = str(error) or f"that takes longer than {SWEEP_SECONDS:g} seconds"
            _log.warning(
                "what an earlier service has left behind is not removed, the next start tries again: %s", problem
            )
            return
        for sandbox_type, count in swept.items():
            _log.warning(
                "removed sandboxes of type %s that an earlier service has left behind: %d", sandbox_type, count
            )
            records.sandboxes_swept(sandbox_type, count)

    async def stop(self) -> None:
        """Stop what the sandboxes have shared; they are closed already. A second call does nothing."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._ground.at_stop.aclose()
        except TimeoutError:
            _log.warning("what the sandboxes have shared does not stop within %g seconds", STOP_SECONDS)

    def _count_egress(self, verdict: EgressVerdict) -> None:
        if self._records is not None:
            self._records.egress_connection(verdict)

    def doubts(self) -> Iterator[str]:
        """Yield what of the settings is likely to be a mistake, a sentence each."""
        for row in ROWS.values():
            yield from row.doubts(self._config)

    def check(self, backend: str, field: str = "backend") -> None:
        """Check that a backend can be used; `field` of a request names it.

        Raises:
            InvalidFieldError: it is unknown.
            PreconditionError: it is known, but cannot run here; the text says what is missing.
        """
        if backend not in ROWS:
            raise InvalidFieldError(field, f"{backend!r:.80} is none of: {', '.join(ROWS)}")
        row = ROWS[backend]
        for package in row.needs:
            package.check()
        jailed = row.unjailed is not None and not row.unjailed(self._config)
        command = install_programs(row.programs, also=machine.PROGRAMS if jailed else ())
        if command is not None:
            raise PreconditionError(f"{field}: the backend {backend!r} lacks programs of its machine; {command}")
        if self._jail_problem is not None and jailed:
            raise PreconditionError(
                f"{field}: the backend {backend!r} needs a jail: {self._jail_problem}; "
                f"or the operator sets {backend.upper()}_UNJAILED=true"
            )
        if self._jail_problem is None and row.unjailed is not None:
            _check_shown(row, field)

    def check_wishes(self, backend: str, wishes: tuple[str, ...]) -> None:
        """Check that a request may choose these fields of its sandbox, for a backend that was checked.

        Raises:
            PreconditionError: the sandboxes of the backend are all of one kind.
        """
        for field in wishes:
            if field not in ROWS[backend].choices:
                raise PreconditionError(
                    f"sandbox.{field}: the backend {backend!r} has sandboxes of one kind; leave the field out, "
                    "or set runningConfig.backend to another backend"
                )

    def order(self, backend: str, wish: CloudWish) -> CloudOrder | None:
        """Return what a task asks of the cloud of a backend that was checked; None if it has none.

        Raises:
            InvalidFieldError: a field of the request cannot be what it is.
            PreconditionError: there is no account, or the request may not name its endpoint.
        """
        return orders.order(backend, wish, self._config, self._policy) if ROWS[backend].of_lybic else None

    def create(self, spec: TaskSpec) -> Sandbox:
        """Return a new sandbox, which is not open yet, for a task whose backend was checked."""
        return self._makers[Backend(spec.backend)](spec)
