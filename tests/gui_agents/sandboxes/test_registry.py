"""Every configurable backend can be made, and nothing else."""

from pathlib import Path

import attrs
import pytest

from gui_agents.config import load
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.packages import OptionalPackage, install_command
from gui_agents.domain.programs import Program, install_programs
from gui_agents.domain.sandbox import Backend
from gui_agents.sandboxes import registry
from gui_agents.sandboxes.registry import SandboxFactory
from tests.fakes import a_spec


def factory() -> SandboxFactory:
    return SandboxFactory(load({}).sandboxes, Path("runtime"))


TYPES = {Backend.SIMULATED: "Simulated", Backend.X11: "Linux", Backend.CHROMIUM: "Browser"}


def test_every_backend_has_its_row():
    assert set(registry.ROWS) == set(Backend)


@pytest.mark.parametrize("backend", Backend)
def test_every_backend_is_made_anew_for_each_task(backend):
    sandboxes = factory()
    first, second = (sandboxes.create(a_spec(backend=backend)) for _ in range(2))
    assert first.sandbox_id != second.sandbox_id
    assert first.sandbox_type == TYPES[backend]


def test_a_backend_whose_package_is_missing_is_refused_with_the_command_that_installs_it(monkeypatch):
    row = attrs.evolve(registry.ROWS["simulated"], needs=(OptionalPackage("no_such_module", "x11", "desktops"),))
    monkeypatch.setattr(registry, "ROWS", {row.backend: row})
    with pytest.raises(PreconditionError) as refusal:
        factory().check("simulated", "runningConfig.backend")
    assert str(refusal.value) == f"desktops need the no_such_module package; {install_command('x11')}"


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


def test_an_app_that_is_not_installed_is_doubted():
    sandboxes = SandboxFactory(load({"X11_APPS": "no-such-app"}).sandboxes, Path("runtime"))
    assert list(sandboxes.doubts()) == ["X11_APPS names no-such-app, which is not installed: no task can open it"]
    assert list(factory().doubts()) == []


@pytest.mark.parametrize("backend", ["", "X11", "Simulated", "x11\n", "\U0001f600" * 500])
def test_an_unknown_backend_is_refused_with_the_known_ones(backend):
    with pytest.raises(InvalidFieldError) as refusal:
        factory().check(backend, "commonConfig.backend")
    assert refusal.value.field == "commonConfig.backend"
    assert str(refusal.value).endswith("is none of: simulated, x11, chromium")
    assert len(str(refusal.value)) < 200
