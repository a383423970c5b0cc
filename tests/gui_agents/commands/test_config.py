import json

import pytest
from dotenv import dotenv_values

from gui_agents import cli, config
from gui_agents.commands.config import dotenv_example
from gui_agents.commands.exits import ExitCode


def shown(capsys) -> dict[str, list[str]]:
    rows = (line.split() for line in capsys.readouterr().out.splitlines())
    return {row[0]: row[1:] for row in rows}


def test_every_variable_is_shown_with_its_source(capsys, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("GRPC_PORT=6000\nTASK_STEPS=7\n")
    monkeypatch.setenv("TASK_STEPS", "9")
    assert cli.main(["config", "check"]) == ExitCode.DONE
    rows = shown(capsys)
    assert list(rows) == [setting.variable for setting in config.settings()]
    assert rows["GRPC_PORT"] == ["6000", ".env"]
    assert rows["TASK_STEPS"] == ["9", "environment"]
    assert rows["ENABLE_PROMETHEUS"] == ["false", "default"]


def test_the_columns_stand_below_each_other(capsys):
    cli.main(["config", "check"])
    lines = capsys.readouterr().out.splitlines()
    assert {line.rindex(" default") for line in lines if line.endswith(" default")} == {lines[0].rindex(" default")}


def test_help_names_every_variable_apart_from_its_meaning(capsys):
    with pytest.raises(SystemExit):
        cli.main(["serve", "--help"])
    printed = capsys.readouterr().out
    for setting in config.settings():
        assert f"  {setting.variable} " in printed


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_secrets_are_masked(capsys, monkeypatch, options):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    assert cli.main(["config", "check", *options]) == ExitCode.DONE
    output = capsys.readouterr().out
    assert "********" in output
    assert "very-secret" not in output


def test_json_has_values_of_their_own_types(capsys):
    cli.main(["config", "check", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert rows["ENABLE_PROMETHEUS"] == {"value": False, "source": "default"}
    assert rows["RUNTIME_DIR"] == {"value": "runtime", "source": "default"}
    assert rows["OPENAI_API_KEY"] == {"value": None, "source": "default"}


def test_every_mistake_is_reported_at_once(capsys, monkeypatch):
    monkeypatch.setenv("GRPC_PORT", "many")
    monkeypatch.setenv("DEFAULT_BACKEND", "moon")
    assert cli.main(["config", "check"]) == ExitCode.USAGE
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["GRPC_PORT", "DEFAULT_BACKEND"]


def test_a_web_configuration_that_locks_nothing_is_a_warning(capsys, monkeypatch, tmp_path):
    (tmp_path / "web.yml").touch()
    monkeypatch.setenv("PROMETHEUS_WEB_CONFIG", str(tmp_path / "web.yml"))
    assert cli.main(["config", "check", "--json"]) == ExitCode.DONE
    printed = capsys.readouterr()
    assert json.loads(printed.out)["ENABLE_PROMETHEUS"]["value"] is False
    assert printed.err.startswith("warning: PROMETHEUS_WEB_CONFIG locks nothing: ")


def test_env_prints_a_file_that_changes_nothing(capsys, tmp_path):
    assert cli.main(["config", "env"]) == ExitCode.DONE
    printed = capsys.readouterr().out
    (tmp_path / ".env").write_text(printed)
    assert printed == dotenv_example()
    assert config.load({}, tmp_path / ".env") == config.load({})


def test_env_with_every_line_in_force_changes_nothing(tmp_path):
    lines = (line.removeprefix("# ") for line in dotenv_example().splitlines())
    variables = [setting.variable for setting in config.settings()]
    (tmp_path / ".env").write_text("\n".join(line for line in lines if line.partition("=")[0] in variables))
    assert list(dotenv_values(tmp_path / ".env")) == variables
    assert config.load({}, tmp_path / ".env") == config.load({})
