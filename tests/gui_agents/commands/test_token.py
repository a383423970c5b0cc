"""`gui-agents token`: the file it makes is the one that a service reads."""

import json
import stat
from pathlib import Path

import pytest

from gui_agents import cli
from gui_agents.access.guard import Guard
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.access import Identity, Role


def created(capsys, *words: str) -> tuple[str, str]:
    """Create a token, and return what is printed to both streams."""
    assert cli.main(["token", "create", *words]) == ExitCode.DONE
    return capsys.readouterr()


def test_a_token_is_printed_alone_once_and_its_file_is_private(capsys):
    printed, said = created(capsys, "ci", "--role", "submit", "--file", "tokens")
    token = printed.strip()
    assert printed == f"{token}\n"
    assert token.startswith("gat_")
    assert "start the service with ACCESS_TOKENS_FILE=" in said
    path = Path("tokens")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token not in path.read_text() + said
    caller = Guard(path).identify(f"Bearer {token}")
    assert caller == Identity("ci", frozenset({Role.SUBMIT}))


def test_the_variable_names_the_file(capsys, monkeypatch):
    monkeypatch.setenv("ACCESS_TOKENS_FILE", "elsewhere")
    _, said = created(capsys, "ci", "--role", "admin")
    assert said == "services that read elsewhere let the token in within a second\n"
    assert cli.main(["token", "list"]) == ExitCode.DONE
    assert capsys.readouterr().out == "ci  admin\n"


def test_the_list_shows_roles_and_quotas_and_no_hash(capsys):
    created(capsys, "ci", "--role", "submit", "--role", "read", "--running", "2", "--cost", "5 USD", "--file", "tokens")
    created(capsys, "anna", "--role", "admin", "--queued", "0", "--file", "tokens")
    assert cli.main(["token", "list", "--file", "tokens"]) == ExitCode.DONE
    assert capsys.readouterr().out == (
        "ci    submit,read         running=2 cost=5USD\nanna  admin               queued=0\n"
    )
    assert cli.main(["token", "list", "--json", "--file", "tokens"]) == ExitCode.DONE
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert records == [
        {"name": "ci", "roles": ["submit", "read"], "quotas": {"running": 2, "cost": {"USD": "5"}}},
        {"name": "anna", "roles": ["admin"], "quotas": {"queued": 0}},
    ]


def test_a_revoked_token_is_gone(capsys):
    created(capsys, "ci", "--role", "submit", "--file", "tokens")
    assert cli.main(["token", "revoke", "ci", "--file", "tokens"]) == ExitCode.DONE
    assert Path("tokens").read_text() == ""
    assert cli.main(["token", "revoke", "ci", "--file", "tokens"]) == ExitCode.FAILED
    assert capsys.readouterr().err.endswith("gui-agents: tokens has no token of ci\n")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["two words", "--role", "read"], "NAME has 1 to 64 letters"),
        (["ci", "--role", "read", "--running", "0"], "--running must be a whole number from 1"),
        (["ci", "--role", "read", "--cost", "five"], "--cost must list amounts of money above 0"),
    ],
)
def test_a_mistake_makes_no_file(capsys, words, problem):
    assert cli.main(["token", "create", *words, "--file", "tokens"]) == ExitCode.USAGE
    assert problem in capsys.readouterr().err
    assert not Path("tokens").exists()


def test_a_name_is_not_used_twice(capsys):
    created(capsys, "ci", "--role", "submit", "--file", "tokens")
    assert cli.main(["token", "create", "ci", "--role", "submit", "--file", "tokens"]) == ExitCode.USAGE
    assert "ci has a token already; revoke it first" in capsys.readouterr().err


def test_the_file_must_be_named(capsys):
    assert cli.main(["token", "list"]) == ExitCode.USAGE
    assert "name the file with --file, or set ACCESS_TOKENS_FILE" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["create", "ci", "--role", "submit"], ["revoke", "ci"]])
def test_a_file_that_cannot_be_written_is_one_clear_line(capsys, words):
    assert cli.main(["token", *words, "--file", "nowhere/tokens"]) == ExitCode.FAILED
    assert "nowhere/tokens cannot be changed: No such file or directory" in capsys.readouterr().err
