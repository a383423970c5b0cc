"""The demo on real sandboxes: what it needs, what it asks for, and that success is judged by what is left behind."""

import shutil
import subprocess
import sys

import pytest

from gui_agents import cli
from gui_agents.commands.demo import programs, service, show
from gui_agents.commands.demo.browser import ELSEWHERE, BrowserStage
from gui_agents.commands.demo.linux import Left, LinuxStage
from gui_agents.commands.demo.stages import stage_of
from gui_agents.commands.exits import ExitCode
from gui_agents.config import parsers
from gui_agents.decider.grammar import parse
from gui_agents.decider.real.language import RealLanguage
from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.packages import install_command
from gui_agents.domain.programs import INSTALL
from gui_agents.domain.sandbox import SandboxType
from tests.system_tools import require_program


@pytest.mark.parametrize(
    ("backend", "kind"),
    [("simulated", SandboxType.SIMULATED), ("chromium", SandboxType.BROWSER), ("x11", SandboxType.LINUX)],
)
def test_each_backend_has_its_stage(backend, kind):
    stage = stage_of(backend)

    assert stage.sandbox_type is kind
    assert len({scene.instruction for scene in stage.scenes}) == len(stage.scenes) > 5
    stage.close()


OPTIONAL = (
    "dbus_fast",
    "httpcore2",
    "orjson",
    "genai_prices",
    "yaml",
    "bcrypt",
    "isal",
    "opentelemetry",
    "promql_parser",
)
"""What `make demo` does not install."""


def without_optional_packages(code):
    blocked = f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL!r}))"
    return subprocess.run(
        [sys.executable, "-c", f"{blocked}; {code}"], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_demo_needs_no_package_of_another_backend():
    done = without_optional_packages(
        "from gui_agents.commands.demo.show import show; from gui_agents.commands.demo.stages import stage_of; "
        "stage_of('simulated').open(); print('opened')"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "opened\n", "")


def test_the_demo_on_a_backend_whose_package_is_missing_says_what_installs_it(monkeypatch):
    monkeypatch.setattr("gui_agents.domain.packages.find_spec", lambda _module: None)
    with pytest.raises(PreconditionError) as refusal:
        LinuxStage().open()
    assert str(refusal.value) == f"Linux desktops need the dbus_fast package; {install_command('x11')}"


@pytest.mark.parametrize("made", [BrowserStage, LinuxStage])
def test_every_instruction_is_understood(made):
    stage = made()
    for instruction in [*(scene.instruction for scene in stage.scenes), stage.example]:
        assert parse(instruction, RealLanguage())
    stage.close()


@pytest.mark.parametrize(
    ("backend", "packages"),
    [
        ("chromium", "chromium bubblewrap util-linux"),
        ("x11", "xvfb openbox dbus at-spi2-core mousepad galculator bubblewrap util-linux"),
    ],
)
def test_without_its_programs_the_command_that_installs_all_of_them_is_told(monkeypatch, capsys, backend, packages):
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    assert cli.main(["demo", "--backend", backend, "--exit"]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert f"gui-agents: the demo on {backend} needs programs that are not installed; on Debian, run: " in told
    assert told.endswith(f"{INSTALL} {packages}\n")


def test_one_of_several_browsers_is_enough(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "google-chrome" else None)

    programs.check("chromium")


@pytest.mark.parametrize("backend", ["chromium", "x11"])
def test_without_a_jail_it_is_told_what_to_do(monkeypatch, backend):
    monkeypatch.setattr(
        programs.machine, "problem", lambda: "bwrap is not installed (Debian: apt-get install bubblewrap)"
    )
    variable = f"{backend.upper()}_UNJAILED"

    with pytest.raises(PreconditionError, match=f"needs a jail: bwrap is not installed .*; or set {variable}=true"):
        programs.check_jail(backend, {})
    programs.check_jail(backend, {variable: "true"})
    programs.check_jail(backend, {variable: "perhaps"})


async def verdicts(stage: BrowserStage, *, completed: bool, told: str) -> list[bool]:
    return [await scene.judge(completed, told) for scene in stage.scenes]


async def test_a_claim_without_anything_on_the_site_is_no_success():
    stage = BrowserStage()

    assert not any(await verdicts(stage, completed=True, told="Done"))
    assert not stage._site.visits[1].messages
    stage.close()


async def test_what_the_site_received_is_a_success():
    stage = BrowserStage()
    visit = stage._site.visits
    visit[1].messages.append({"name": "Alice", "email": "alice@example.com", "topic": "Delivery", "answer": "phone"})
    visit[5].orders.remove("Assam")
    visit[6].pages.append("orders")
    visit[7].letters.append({"email": "carol@example.com", "monthly": "yes"})

    assert [number for number, fine in enumerate(await verdicts(stage, completed=True, told=""), 1) if fine] == [
        1,
        5,
        6,
        7,
    ]
    stage.close()


async def test_a_failure_has_to_say_why_and_to_leave_the_site_alone():
    stage = BrowserStage()
    told = f"there is no Refund; there are: Send message; {ELSEWHERE} is not allowed"
    assert [*await verdicts(stage, completed=False, told=told)][-2:] == [True, True]

    stage._site.visits[9].queries.append("x")
    assert [*await verdicts(stage, completed=False, told=told)][-2:] == [False, True]
    assert [*await verdicts(stage, completed=False, told="no")][-2:] == [False, False]
    stage.close()


async def test_files_and_displays_decide(monkeypatch):
    stage = LinuxStage()
    left = Left({"shopping.txt": b"Buy milk and bread"}, frozenset({"89"}))

    class Desktops:
        async def left(self, _instruction: str) -> Left:
            return left

    stage._desktops = Desktops()
    fine = [await scene.judge(True, "89") for scene in stage.scenes]
    assert [number for number, each in enumerate(fine, 1) if each] == [1, 2]
    left = Left({"shopping.txt": b"Buy milk"}, frozenset({"88"}))
    assert not any([await scene.judge(True, "89") for scene in stage.scenes])


def test_the_user_may_choose_limits_of_the_sandboxes(tmp_path):
    stage = BrowserStage()
    known = {"SANDBOX_MEMORY": "1073741824", "EGRESS_ALLOW": "10.0.0.0/8", "TASK_MAX_TASKS": "3", "GRPC_PORT": "0"}
    effective = service.demo_config(known | {"PROMETHEUS_PORT": "0"}, tmp_path, stage)
    stage.close()

    assert (effective.sandboxes.memory_bytes, effective.tasks.slots) == (1073741824, 3)
    assert effective.sandboxes.egress_allow == parsers.egress(stage._site.address)


async def played(stage, *numbers: int) -> str:
    stage.open()
    stage.scenes = [scene for number, scene in enumerate(stage.scenes, 1) if number in numbers]
    try:
        return await show.show(stage, leaves=True)
    finally:
        stage.close()


@pytest.mark.system_tools
async def test_real_browsers_fill_in_a_form_and_answer_a_dialog(monkeypatch, capsys):
    for program in ("chromium", "bwrap"):
        require_program(program)
    for variable in ("GRPC_PORT", "PROMETHEUS_PORT"):
        monkeypatch.setenv(variable, "0")

    assert await played(BrowserStage(), 1, 5, 7, 10) == ExitCode.DONE
    assert "4 of 4 led to the expected result, judged by what the site received." in capsys.readouterr().out


@pytest.mark.system_tools
async def test_real_desktops_save_a_file_and_calculate(monkeypatch, capsys):
    for program in ("Xvfb", "openbox", "dbus-daemon", "bwrap", "mousepad", "galculator"):
        require_program(program)
    for variable in ("GRPC_PORT", "PROMETHEUS_PORT"):
        monkeypatch.setenv(variable, "0")

    assert await played(LinuxStage(), 2, 3, 5, 8) == ExitCode.DONE
    assert "4 of 4 led to the expected result" in " ".join(capsys.readouterr().out.split())
