import json
import os
import subprocess
import sys
from importlib import metadata

import pytest

from gui_agents import cli, config
from gui_agents.commands.exits import MEANINGS, ExitCode
from gui_agents.domain.packages import DISTRIBUTION

VERBS = (
    "run",
    "watch",
    "status",
    "cancel",
    "serve",
    "health",
    "top",
    "push",
    "monitoring",
    "config",
    "doctor",
    "token",
    "demo",
    "version",
)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(capsys, verb):
    with pytest.raises(SystemExit) as ended:
        cli.main([verb, "--help"])
    assert ended.value.code == 0
    assert f"examples:\n  gui-agents {verb}" in capsys.readouterr().out


def test_the_help_names_every_verb_and_exit_code(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    output = capsys.readouterr().out
    assert all(f"\n    {verb}" in output for verb in VERBS)
    assert all(f"\n  {code:d} " in output for code in ExitCode)
    assert MEANINGS in output


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["run"], ["run", "x", "--steps", "0"], ["run", "x", "--steps", "a"]]
)
def test_wrong_usage_has_the_usage_code(arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == ExitCode.USAGE


@pytest.mark.parametrize("option", ["--steps", "--timeout"])
def test_a_number_that_no_request_can_carry_is_wrong_usage(option, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "x", option, "99999999999"])
    assert ended.value.code == ExitCode.USAGE
    assert "must be a whole number from 1 to 2147483647" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["run", "x\udcff"], ["status", "x\udcff"], ["health", "--address", "\udcff:4"]])
def test_what_is_no_text_is_wrong_usage(arguments, capsys):
    assert cli.main(arguments) == ExitCode.USAGE
    assert capsys.readouterr().err.endswith("is not UTF-8\n")


def test_serve_lists_every_variable(capsys):
    with pytest.raises(SystemExit):
        cli.main(["serve", "--help"])
    output = capsys.readouterr().out
    assert all(f"\n  {setting.variable} " in output for setting in config.settings())


def test_version_is_the_packages_own(capsys):
    assert cli.main(["version"]) == ExitCode.DONE
    assert capsys.readouterr().out == f"gui-agents {metadata.version(DISTRIBUTION)}\n"


def test_version_as_an_option_needs_no_verb(capsys):
    with pytest.raises(SystemExit, match=r"\A0\Z"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"gui-agents {metadata.version(DISTRIBUTION)}\n"


def test_version_for_scripts(capsys):
    cli.main(["version", "--json"])
    assert sorted(json.loads(capsys.readouterr().out)) == ["grpcio", "gui-agents", "python"]


def test_a_reader_that_leaves_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from gui_agents.cli import main; sys.exit(main(['config', 'env']))"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (ExitCode.DONE, b"")


def test_the_command_line_loads_neither_server_nor_collectors():
    unwanted = ("collectors", "prometheus_client", "gui_agents.state")
    script = f"import sys, gui_agents.cli; print([name for name in sys.modules if name.startswith({unwanted})])"
    reply = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert reply.stdout == "[]\n"
