import json

import pytest
from dotenv import dotenv_values

from gui_agents import cli, config
from gui_agents.commands.config import dotenv_example
from gui_agents.commands.exits import ExitCode
from gui_agents.config.reference import FORMER


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


def test_a_broken_file_of_prices_is_found(capsys, monkeypatch, tmp_path):
    prices = tmp_path / "prices.json"
    prices.write_text('{"m": {"input": "cheap"}}')
    monkeypatch.setenv("MODEL_PRICES_FILE", str(prices))
    assert cli.main(["config", "check"]) == ExitCode.USAGE
    assert str(prices) in capsys.readouterr().err


def test_an_entry_of_the_price_file_that_matches_nothing_is_a_warning(capsys, monkeypatch, tmp_path):
    prices = tmp_path / "prices.json"
    prices.write_text('{"openai/gpt-4o": {"input": 1, "output": 2}}')
    monkeypatch.setenv("MODEL_PRICES_FILE", str(prices))
    assert cli.main(["config", "check"]) == ExitCode.DONE
    assert "warning: MODEL_PRICES_FILE: the entry 'openai/gpt-4o' begins" in capsys.readouterr().err


def test_budgets_are_shown_as_they_are_written(capsys, monkeypatch):
    monkeypatch.setenv("DAILY_MAX_COST", "5 USD, 30.50 CNY")
    assert cli.main(["config", "check", "--json"]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)["DAILY_MAX_COST"]
    assert shown == {"value": "5 USD, 30.50 CNY", "source": "environment"}


def test_a_default_model_without_a_key_is_found(capsys, monkeypatch):
    monkeypatch.setenv("DEFAULT_MODEL", "openai/gpt-4o")
    assert cli.main(["config", "check", "--json"]) == ExitCode.FAILED
    printed = capsys.readouterr()
    assert json.loads(printed.out)["DEFAULT_MODEL"]["value"] == "openai/gpt-4o"
    missing = "set OPENAI_API_KEY: there is no key for https://api.openai.com/v1"
    assert printed.err == f"warning: DEFAULT_MODEL=openai/gpt-4o cannot be called: {missing}\n"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-key")
    assert cli.main(["config", "check"]) == ExitCode.DONE


def test_unknown_variables_are_told_with_a_hint(capsys, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("GRPC_PROT=1\nMINE=2\n\nno variable at all\n")
    monkeypatch.setenv("LYBIC_LLM_API_KEY", "sk-secret")
    monkeypatch.setenv("TASK_NOBODY_KNOWS", "x")
    monkeypatch.setenv("TASK_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of another program")
    assert cli.main(["config", "check"]) == ExitCode.FAILED
    printed = capsys.readouterr().err
    assert printed.splitlines() == [
        "warning: GRPC_PROT has no effect: this service has no such variable; is it GRPC_PORT?",
        "warning: MINE has no effect: this service has no such variable",
        "warning: .env line 4 is no NAME=VALUE and is not read",
        f"warning: LYBIC_LLM_API_KEY has no effect: {FORMER['LYBIC_LLM_API_KEY'].text}",
        "warning: TASK_NOBODY_KNOWS has no effect: this service has no such variable",
    ]


def test_a_name_of_another_program_leads_to_ours(capsys, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text(
        "OPENAI_API_BASE=http://llm/v1\nHTTPS_PROXY=http://proxy\nMETRICS_PASSWORD=x\nTASK_STEPS\n"
    )
    assert cli.main(["config", "check"]) == ExitCode.FAILED
    base, proxy, alone = capsys.readouterr().err.splitlines()
    assert base == "warning: OPENAI_API_BASE has no effect: write OPENAI_BASE_URL"
    assert proxy.startswith("warning: HTTPS_PROXY has no effect: it is read from the environment of the process only")
    assert alone == "warning: .env line 4 is no NAME=VALUE and is not read"


def test_what_other_programs_read_from_the_environment_is_no_doubt(capsys, monkeypatch):
    for name in (
        "HTTPS_PROXY",
        "no_proxy",
        "PYTHONPATH",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "XAI_API_KEY",
        "METRICS_PASSWORD",
    ):
        monkeypatch.setenv(name, "x")
    assert cli.main(["config", "check"]) == ExitCode.DONE
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "changed",
    [{}, {"GRPC_PORT": "x"}, {"GRPC_PROT": "1"}, {"DEFAULT_MODEL": "openai/x"}, {"LYBIC_PRECREATE_SID": "x"}],
    ids=str,
)
def test_json_ends_with_the_same_exit_status(capsys, monkeypatch, changed):
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["config", "check", "--json"]) == cli.main(["config", "check"])


def test_variables_of_the_reference_alone_fail_no_check(capsys, monkeypatch):
    monkeypatch.setenv("BOCHA_API_KEY", "sk-secret")
    assert cli.main(["config", "check"]) == ExitCode.DONE
    printed = capsys.readouterr()
    assert printed.err.startswith("warning: BOCHA_API_KEY has no effect: ")
    assert "secret" not in printed.err + printed.out


def test_a_web_configuration_that_locks_nothing_is_a_warning(capsys, monkeypatch, tmp_path):
    (tmp_path / "web.yml").touch()
    monkeypatch.setenv("PROMETHEUS_WEB_CONFIG", str(tmp_path / "web.yml"))
    assert cli.main(["config", "check", "--json"]) == ExitCode.DONE
    printed = capsys.readouterr()
    assert json.loads(printed.out)["ENABLE_PROMETHEUS"]["value"] is False
    assert printed.err.startswith("warning: PROMETHEUS_WEB_CONFIG locks nothing: ")


def test_the_file_of_tokens_is_read(capsys, monkeypatch, tmp_path):
    (tmp_path / "tokens").touch()
    monkeypatch.setenv("ACCESS_TOKENS_FILE", "tokens")
    assert cli.main(["config", "check"]) == ExitCode.DONE
    assert "warning: ACCESS_TOKENS_FILE tokens has no token, so no call is let in" in capsys.readouterr().err
    (tmp_path / "tokens").write_text("ci wrong")
    assert cli.main(["config", "check"]) == ExitCode.USAGE
    assert "ACCESS_TOKENS_FILE tokens line 1, roles: is missing" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ({}, False),
        ({"DAILY_MAX_COST": "5 USD"}, True),
        ({"TASK_MAX_COST": "1"}, True),
        ({"DAILY_MAX_COST": "5 USD", "ALLOW_UNBUDGETED_MODELS": "true"}, False),
        ({"DAILY_MAX_COST": "5 USD", "MODELS_FILE": "models.yaml"}, False),
    ],
)
def test_a_default_model_that_no_budget_can_hold_is_told(capsys, monkeypatch, tmp_path, budget, told):
    (tmp_path / "models.yaml").write_text('ollama/*:\n  price: {input: "1", output: "2"}\n')
    for variable, value in {"DEFAULT_MODEL": "ollama/own", **budget}.items():
        monkeypatch.setenv(variable, value)
    assert cli.main(["config", "check"]) == (ExitCode.FAILED if told else ExitCode.DONE)
    said = "cannot be called: the price of 'ollama/own' is not known, and there is a budget of money"
    assert (said in capsys.readouterr().err) is told
