"""Every configurable backend can be made, and nothing else."""

import asyncio
from collections import Counter
from pathlib import Path

import attrs
import pytest

from gui_agents.config import load
from gui_agents.domain.cloud import Authorization, CloudWish
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.packages import OptionalPackage, install_command
from gui_agents.domain.programs import INSTALL, Program, install_packages, install_programs
from gui_agents.domain.sandbox import Backend, SandboxType
from gui_agents.domain.secret import Secret
from gui_agents.sandboxes import registry
from gui_agents.sandboxes.registry import SandboxFactory
from tests.fakes import a_spec, new_state
from tests.virtual_time import LoopClock, virtual


def factory() -> SandboxFactory:
    return SandboxFactory(load({}).sandboxes, Path("runtime"))


def test_every_backend_has_its_row():
    assert set(registry.ROWS) == set(Backend)


TYPES = {"simulated": "Simulated", "x11": "Linux", "chromium": "Browser", "lybic": "Linux", "lybic_mobile": "Android"}
ACCOUNT = CloudWish(request=Authorization("org", Secret("k")))


@pytest.mark.parametrize("backend", Backend)
def test_every_backend_is_made_anew_for_each_task(backend):
    sandboxes = factory()
    cloud = sandboxes.order(backend, ACCOUNT)
    first, second = (sandboxes.create(a_spec(backend=backend, cloud=cloud)) for _ in range(2))
    assert first.sandbox_id != second.sandbox_id
    assert first.sandbox_type == TYPES[backend]


def test_a_backend_whose_package_is_missing_is_refused_with_the_command_that_installs_it(monkeypatch):
    row = attrs.evolve(registry.ROWS["simulated"], needs=(OptionalPackage("no_such_module", "x11", "desktops"),))
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    with pytest.raises(PreconditionError) as refusal:
        factory().check("simulated", "runningConfig.backend")
    assert str(refusal.value) == f"desktops need the no_such_module package; {install_command('x11')}"


@pytest.mark.parametrize(("unjailed", "others"), [("false", " bubblewrap util-linux"), ("true", "")])
def test_one_command_installs_the_programs_of_a_backend_and_of_its_jail(monkeypatch, tmp_path, unjailed, others):
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = load({"CHROMIUM_UNJAILED": unjailed}).sandboxes
    with pytest.raises(PreconditionError) as refused:
        SandboxFactory(settings).check("chromium")
    assert str(refused.value).endswith(f"{INSTALL} chromium{others}")


def test_a_backend_whose_programs_are_missing_is_refused_with_the_command_that_installs_them(monkeypatch):
    programs = (Program("coreutils", ("true",)), Program("xvfb", ("no-such-program",)))
    row = attrs.evolve(registry.ROWS["simulated"], programs=programs)
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    with pytest.raises(PreconditionError) as refusal:
        factory().check("simulated", "runningConfig.backend")
    assert str(refusal.value) == (
        f"runningConfig.backend: the backend 'simulated' lacks programs of its machine; {install_programs(programs)}"
    )
    assert str(refusal.value).endswith(" xvfb")


@pytest.mark.parametrize("allowed", [False, True])
async def test_without_jails_a_backend_is_refused_unless_the_operator_allows_it(monkeypatch, tmp_path, allowed):
    row = attrs.evolve(registry.ROWS["x11"], needs=(), programs=(), unjailed=lambda config: config.x11_unjailed)
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    monkeypatch.setenv("PATH", str(tmp_path))
    sandboxes = SandboxFactory(load({"X11_UNJAILED": str(allowed)}).sandboxes, tmp_path)
    problem = await sandboxes.find_jail_problem()
    assert problem == "bwrap is not installed (Debian: apt-get install bubblewrap)"
    assert sandboxes.is_jailed(Backend.X11) is False
    if allowed:
        sandboxes.check("x11")
        return
    with pytest.raises(PreconditionError) as refusal:
        sandboxes.check("x11", "runningConfig.backend")
    assert str(refusal.value) == (
        f"runningConfig.backend: the backend 'x11' needs a jail: {problem}; or the operator sets X11_UNJAILED=true"
    )


@pytest.mark.parametrize("jailed", [False, True])
def test_a_program_that_a_jail_does_not_show_is_refused_with_the_package_to_install(monkeypatch, tmp_path, jailed):
    elsewhere = tmp_path / "opt" / "chrome"
    elsewhere.parent.mkdir()
    elsewhere.write_text("#!/bin/sh\n")
    elsewhere.chmod(0o755)
    (tmp_path / "google-chrome").symlink_to(elsewhere)
    programs = (Program("coreutils", ("true",)), Program("chromium", (str(tmp_path / "google-chrome"),)))
    row = attrs.evolve(registry.ROWS["chromium"], needs=(), programs=programs)
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    sandboxes = SandboxFactory(load({"CHROMIUM_UNJAILED": "true"}).sandboxes, tmp_path)
    sandboxes._jail_problem = None if jailed else "no jails"
    if not jailed:
        sandboxes.check("chromium")
        return
    with pytest.raises(PreconditionError) as refusal:
        sandboxes.check("chromium", "runningConfig.backend")
    assert str(refusal.value) == (
        "runningConfig.backend: the backend 'chromium' runs in a jail, which shows programs of the system only, "
        f"and not {elsewhere}; {install_packages(['chromium'])}"
    )


def test_an_app_that_is_not_installed_is_doubted():
    sandboxes = SandboxFactory(load({"X11_APPS": "no-such-app"}).sandboxes, Path("runtime"))
    assert list(sandboxes.doubts()) == ["X11_APPS names no-such-app, which is not installed: no task can open it"]
    assert list(factory().doubts()) == []


def test_an_app_that_a_jail_does_not_show_is_doubted(monkeypatch, tmp_path):
    program = tmp_path / "code"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin")
    sandboxes = SandboxFactory(load({"X11_APPS": "code, env"}).sandboxes, Path("runtime"))
    (doubt,) = sandboxes.doubts()
    assert doubt == (
        f"X11_APPS names code, which is {program}: a jail shows only programs of the system, and none of /opt, "
        "/snap and /usr/local"
    )


@pytest.mark.parametrize("backend", ["", "X11", "Simulated", "x11\n", "\U0001f600" * 500])
def test_an_unknown_backend_is_refused_with_the_known_ones(backend):
    with pytest.raises(InvalidFieldError) as refusal:
        factory().check(backend, "commonConfig.backend")
    assert refusal.value.field == "commonConfig.backend"
    assert str(refusal.value).endswith(f"is none of: {', '.join(Backend)}")
    assert len(str(refusal.value)) < 200


class Broom:
    """Sweeps as it is told, and notes when it was closed."""

    def __init__(self, *swept: SandboxType, error: BaseException | None = None, seconds: float = 0.0) -> None:
        self.closed = 0
        self.sweepers: dict[str, object] = {}
        self._swept = swept
        self._error = error
        self._seconds = seconds

    async def problem(self) -> str | None:
        return None

    async def sweep(self) -> Counter[SandboxType]:
        await asyncio.sleep(self._seconds)
        if self._error is not None:
            raise self._error
        return Counter(self._swept)

    def close(self) -> None:
        self.closed += 1


def sweeping(monkeypatch: pytest.MonkeyPatch, broom: Broom) -> SandboxFactory:
    monkeypatch.setattr(registry, "Supervisor", lambda *_: broom)
    return factory()


@virtual
async def test_what_an_earlier_service_has_left_is_counted_and_logged(monkeypatch, caplog):
    state = new_state(LoopClock())
    sandboxes = sweeping(monkeypatch, Broom(SandboxType.LINUX, SandboxType.BROWSER, SandboxType.LINUX))
    await sandboxes.start(state)
    ended = state.snapshot().sandboxes.ended
    assert {key: count for key, count in ended.items() if count} == {("Linux", "swept"): 2, ("Browser", "swept"): 1}
    assert [record.getMessage() for record in caplog.records] == [
        "removed sandboxes of type Linux that an earlier service has left behind: 2",
        "removed sandboxes of type Browser that an earlier service has left behind: 1",
    ]
    await sandboxes.stop()


@pytest.mark.parametrize(
    ("broom", "problem"),
    [
        (Broom(seconds=1e6), "that takes longer than 10 seconds"),
        (Broom(error=PermissionError(13, "Permission denied", "runtime")), "[Errno 13] Permission denied: 'runtime'"),
    ],
)
@virtual
async def test_a_sweep_that_fails_or_hangs_does_not_hold_up_the_start(monkeypatch, caplog, broom, problem):
    sandboxes = sweeping(monkeypatch, broom)
    await sandboxes.start(new_state(LoopClock()))
    assert asyncio.get_running_loop().time() <= registry.SWEEP_SECONDS
    assert caplog.messages == [
        f"what an earlier service has left behind is not removed, the next start tries again: {problem}"
    ]
    await sandboxes.stop()


@virtual
async def test_what_sandboxes_share_is_closed_once_and_before_the_supervisor(monkeypatch):
    broom = Broom()
    closed = []

    def maker(ground):
        ground.at_stop.callback(lambda: closed.append(broom.closed))
        return lambda _: None

    row = attrs.evolve(registry.ROWS["simulated"], maker=maker)
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    sandboxes = sweeping(monkeypatch, broom)
    await sandboxes.start(new_state(LoopClock()))
    await sandboxes.stop()
    await sandboxes.stop()
    assert (closed, broom.closed) == ([0], 1)


@virtual
async def test_what_does_not_stop_is_given_up(monkeypatch, caplog):
    async def hang() -> None:
        await asyncio.Event().wait()

    def maker(ground):
        ground.at_stop.push_async_callback(hang)
        return lambda _: None

    row = attrs.evolve(registry.ROWS["simulated"], maker=maker)
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    sandboxes = sweeping(monkeypatch, Broom())
    await sandboxes.stop()
    assert asyncio.get_running_loop().time() == registry.STOP_SECONDS
    assert caplog.messages == ["what the sandboxes have shared does not stop within 1 seconds"]


@virtual
async def test_connections_of_browsers_are_counted_from_the_start_on(monkeypatch):
    grounds = []
    row = attrs.evolve(registry.ROWS["simulated"], maker=grounds.append)
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    state = new_state(LoopClock())
    sandboxes = sweeping(monkeypatch, Broom())
    grounds[0].egress_connection(EgressVerdict.ALLOWED)
    await sandboxes.start(state)
    grounds[0].egress_connection(EgressVerdict.DENIED_PRIVATE)
    assert state.snapshot().sandboxes.egress == {"allowed": 0, "denied_private": 1, "denied_list": 0, "failed": 0}
    await sandboxes.stop()
