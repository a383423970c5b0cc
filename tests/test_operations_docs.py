"""What docs/operations.md says can be done as it says, and the unit of systemd fits the service."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gui_agents import cli, config
from gui_agents.commands import serve
from gui_agents.commands.exits import ExitCode
from tests.serving import serving_app
from tests.system_tools import require_program

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "operations.md").read_text("utf-8")
UNIT = DOCS / "gui-agents.service"
HOME = "/var/lib/gui-agents"
PROGRAM = "/opt/gui-agents/bin/gui-agents"


class Repeated(dict):
    """Keeps all values of a key that is written several times, a line each."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


@pytest.fixture
def unit():
    parser = configparser.ConfigParser(dict_type=Repeated, strict=False, interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str
    parser.read(UNIT)
    return {name: {key: value.split("\n") for key, value in parser[name].items()} for name in parser.sections()}


@pytest.mark.system_tools
def test_systemd_finds_nothing_to_complain_about_in_the_unit(tmp_path):
    analyze = require_program("systemd-analyze")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text("utf-8").replace(PROGRAM, sys.executable), "utf-8")
    done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    exposure = [analyze, "security", "--offline=true", "--threshold=25", str(copy)]
    done = subprocess.run(exposure, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_unit_has_the_sections_of_one_and_its_variables_are_the_services(unit):
    assert list(unit) == ["Unit", "Service", "Install"]
    variables = dict(line.split("=", 1) for line in unit["Service"]["Environment"])
    assert variables.keys() <= {setting.variable for setting in config.settings()}
    loaded = config.load(variables)
    assert str(loaded.process.runtime_dir) == HOME == f"/var/lib/{unit['Service']['StateDirectory'][0]}"
    assert loaded.monitoring.enable_prometheus


def test_the_unit_starts_the_service_and_waits_for_its_end(unit):
    [command] = unit["Service"]["ExecStart"]
    program, *arguments = command.split()
    assert program == PROGRAM
    assert cli.parser().parse_args(arguments).execute is serve.execute
    assert float(unit["Service"]["TimeoutStopSec"][0]) > 2 * config.load({}).service.drain_seconds
    assert unit["Service"]["RestartPreventExitStatus"] == [str(int(ExitCode.USAGE))]


async def test_a_backup_is_made_and_restored_as_the_page_says(tmp_path, monkeypatch):
    commands = re.findall(rf"^\$ RUNTIME_DIR={HOME} gui-agents (.*)$", PAGE, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["backup", "restore"]
    backup, restore = (command.replace("/mnt/backup", str(tmp_path)).split() for command in commands)
    stored, empty = tmp_path / "stored", tmp_path / "empty"
    settings = {"TASK_STORAGE_BACKEND": "sqlite"}
    monkeypatch.setenv("TASK_STORAGE_BACKEND", "sqlite")
    async with serving_app(settings, stored) as served:
        await served.run("finish")
        monkeypatch.setenv("RUNTIME_DIR", str(served.app.config.process.runtime_dir))
        assert cli.main(backup) == ExitCode.DONE
    monkeypatch.setenv("RUNTIME_DIR", str(empty))
    assert cli.main(restore) == ExitCode.DONE
    assert (empty / "tasks.sqlite").is_file()


def test_what_the_page_links_is_there():
    for name in re.findall(r"\]\(([\w./-]+)", PAGE):
        assert (DOCS / name).exists(), name
