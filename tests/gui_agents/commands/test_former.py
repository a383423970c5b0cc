"""`gui-agents config check --from`: what happens with the lines of an old `.env` file."""

import json

import pytest

from gui_agents import cli, config
from gui_agents.commands import metrics_page, monitoring_check, push
from gui_agents.commands.exits import ExitCode
from gui_agents.config.elsewhere import OF_COMMANDS, OTHER_KEYS, OTHER_NAMES
from gui_agents.config.reference import DIFFERENCES, FORMER, LISTENS
from gui_agents.config.setting import file_variable
from gui_agents.domain.providers import PROVIDERS

FILE = """\
# Keys
LYBIC_API_KEY=sk-lybic-secret
OPENAI_API_KEY=sk-openai-secret

export LYBIC_LLM_API_KEY="sk-llm-secret"
BOCHA_API_KEY=sk-bocha-secret
GRPC_PORT=50051
LOG_LEVEL=WARN
TASK_STORAGE_BACKEND=postgres
OPENAI_API_KYE=sk-typo-secret
SOMETHING_ELSE=secret
not a variable: secret
GRPC_HOST=0.0.0.0
"""


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.env"
    path.write_text(FILE)
    return path


def test_each_line_is_told_with_what_happens(old, capsys):
    assert cli.main(["config", "check", "--from", str(old), "--json"]) == ExitCode.FAILED
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["line"], row["variable"], row["verdict"]) for row in rows] == [
        (2, "LYBIC_API_KEY", "used as it is"),
        (3, "OPENAI_API_KEY", "used as it is"),
        (5, "LYBIC_LLM_API_KEY", "renamed"),
        (6, "BOCHA_API_KEY", "remove"),
        (7, "GRPC_PORT", "used as it is"),
        (8, "LOG_LEVEL", "used as it is"),
        (9, "TASK_STORAGE_BACKEND", "wrong"),
        (10, "OPENAI_API_KYE", "unknown"),
        (11, "SOMETHING_ELSE", "unknown"),
        (12, "", "unreadable"),
        (13, "GRPC_HOST", "wrong"),
        (None, "PROMETHEUS_HOST", "not set"),
    ]
    told = {row["variable"]: row["text"] for row in rows}
    assert told["OPENAI_API_KYE"].endswith("is it OPENAI_API_KEY?")
    assert told["TASK_STORAGE_BACKEND"].startswith("is postgres, and POSTGRES_CONNECTION_STRING is not set")
    assert "OPENAI_BASE_URL" in told["LYBIC_LLM_API_KEY"]


@pytest.mark.parametrize("row", PROVIDERS, ids=str)
def test_the_variables_of_every_provider_are_used(row, old, capsys):
    values = {**dict.fromkeys(row.key_variables, "sk-1"), **dict.fromkeys(row.address_variables, "http://h/v1")}
    values |= {} if row.version_variable is None else {row.version_variable: "2024-10-21"}
    old.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    assert cli.main(["config", "check", "--from", str(old), "--json"]) == ExitCode.DONE
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["variable"]: row["verdict"] for row in rows if row["line"]} == dict.fromkeys(values, "used as it is")


def test_people_get_a_table_and_nobody_a_secret(old, capsys):
    cli.main(["config", "check", "--from", str(old)])
    printed = capsys.readouterr()
    assert "secret" not in printed.out + printed.err
    lines = printed.out.splitlines()
    assert lines[0].startswith("line 2   LYBIC_API_KEY        used as it is  it is sent to LYBIC_API_ENDPOINT only")
    assert lines[-1].startswith("         PROMETHEUS_HOST      not set        the metrics are served on 127.0.0.1 only")


def test_a_file_that_works_as_it_is_passes(old, capsys):
    old.write_text("LYBIC_API_KEY=sk\nTASK_MAX_TASKS=3\nALLOW_SET_GLOBAL_CONFIG=0\nEXA_API_KEY=x\n")
    assert cli.main(["config", "check", "--from", str(old)]) == ExitCode.DONE


def test_neither_the_environment_nor_dotenv_is_looked_at(old, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GRPC_PORT", "nonsense")
    (tmp_path / ".env").write_text("TASK_STEPS=nonsense\n")
    old.write_text("GRPC_PORT=50051\n")
    assert cli.main(["config", "check", "--from", str(old)]) == ExitCode.DONE


def test_a_file_that_is_not_there_is_a_usage_error(capsys):
    assert cli.main(["config", "check", "--from", "nowhere"]) == ExitCode.USAGE
    assert "there is no file nowhere" in capsys.readouterr().err


def verdicts(path, capsys):
    """Return the exit status of the check, and verdict and text of each variable."""
    code = cli.main(["config", "check", "--from", str(path), "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {(row["line"], row["variable"]): (row["verdict"], row["text"]) for row in rows if row["line"]}


ADVICE = {
    "OPENAI_API_BASE": ("renamed", "write OPENAI_BASE_URL"),
    "OPENAI_MODEL": ("renamed", "write DEFAULT_MODEL=openai/NAME"),
    "MISTRAL_API_KEY": (
        "no effect",
        "write OPENAI_API_KEY with OPENAI_BASE_URL=https://api.mistral.ai/v1 and DEFAULT_MODEL",
    ),
    "CLAUDE_API_KEY": ("renamed", "write ANTHROPIC_API_KEY"),
    "GEMINI_API_KY": ("unknown", "; is it GEMINI_API_KEY?"),
    "OPENAI_API_BSAE": ("unknown", "; if it is OPENAI_API_BASE: write OPENAI_BASE_URL"),
    "GRPC_PROT": ("unknown", "; is it GRPC_PORT?"),
    "HTTP_PROXY": ("export", "set it where the service is started"),
    "no_proxy": ("export", "set it where the service is started"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("export", "set it where the service is started"),
    "OTEL_METRICS_EXPORT_INTERVAL": ("unknown", "; is it OTEL_METRIC_EXPORT_INTERVAL?"),
    "PYTHONPATH": ("no effect", "it is a variable of the system or of Python"),
    "METRICS_PASSWORD": ("used as it is", "commands of gui-agents read it"),
}


@pytest.mark.parametrize("name", ADVICE)
def test_a_name_leads_to_what_does_its_work(old, capsys, name):
    old.write_text(f"{name}=x\n")
    code, told = verdicts(old, capsys)
    verdict, text = told[1, name]
    assert (verdict, ADVICE[name][1] in text) == (ADVICE[name][0], True), text
    assert code == (ExitCode.FAILED if verdict in {"renamed", "unknown", "export"} else ExitCode.DONE)


@pytest.mark.parametrize("name", ["OPENAI_API_TYPE", "ZAI_API_KEY", "GROK_HOME"])
def test_a_name_that_is_like_none_gets_no_guess(old, capsys, name):
    old.write_text(f"{name}=x\n")
    _, told = verdicts(old, capsys)
    assert told[1, name] == ("unknown", "neither the reference nor this service has it")


def test_of_a_name_that_is_given_twice_the_last_line_counts(old, capsys):
    old.write_text("GRPC_PORT=nonsense\nTASK_STEPS=5\nGRPC_PORT=50051\nTASK_STEPS=many\nGRPC_PORT\n")
    code, told = verdicts(old, capsys)
    assert {place: verdict for place, (verdict, _) in told.items()} == {
        (1, "GRPC_PORT"): "given again",
        (2, "TASK_STEPS"): "given again",
        (3, "GRPC_PORT"): "used as it is",
        (4, "TASK_STEPS"): "wrong",
        (5, "GRPC_PORT"): "unreadable",
    }
    assert told[2, "TASK_STEPS"][1] == "line 4 counts"
    assert code == ExitCode.FAILED


def test_a_default_that_contradicts_a_line_is_told(old, capsys):
    old.write_text("TASK_MAX_STEPS=10\n")
    assert cli.main(["config", "check", "--from", str(old)]) == ExitCode.FAILED
    wrong = [line.split() for line in capsys.readouterr().out.splitlines() if " wrong " in line]
    assert [line[:6] for line in wrong] == [["TASK_STEPS", "wrong", "is", "50,", "and", "TASK_MAX_STEPS"]]


@pytest.mark.parametrize(
    "text", ["GRPC_PORT=1\n", "GRPC_PORT=x\n", "XAI_API_KEY=x\n", "nothing\n", "", "\xff"], ids=ascii
)
def test_json_ends_with_the_same_exit_status(old, capsys, text):
    old.write_text(text, "latin-1")
    check = ["config", "check", "--from", str(old)]
    assert cli.main([*check, "--json"]) == cli.main(check)


def test_the_tables_name_what_exists():
    ours = {setting.variable for setting in config.settings()}
    assert ours & {*FORMER, *OTHER_NAMES, *OTHER_KEYS, *OF_COMMANDS} == set()
    assert not {*OTHER_NAMES, *OTHER_KEYS} & set(FORMER)
    assert {name.partition("=")[0] for name in OTHER_NAMES.values()} <= ours
    peers = (metrics_page.PEER, push.PEER, monitoring_check.PEER, monitoring_check.ALERTMANAGER)
    passwords = {peer.password_variable for peer in peers}
    assert passwords | {file_variable(name) for name in passwords} == OF_COMMANDS
    assert set(DIFFERENCES) | set(LISTENS) <= ours
