"""The shell completes what the command has."""

import shutil
import subprocess

import pytest

from gui_agents import cli
from gui_agents.cli import VERBS
from gui_agents.commands.exits import ExitCode
from tests.system_tools import require_program


def script(capsys, shell: str) -> str:
    assert cli.main(["completion", shell]) == ExitCode.DONE
    return capsys.readouterr().out


def completed(script: str, *words: str) -> list[str]:
    """Return what bash offers for the last one of these words."""
    asked = f"""{script}
COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words) - 1}
_shtab_gui_agents gui-agents '{words[-1]}' '{words[-2]}'
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run([require_program("bash")], input=asked, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_offers_every_verb_and_the_options_of_each(capsys):
    bash = script(capsys, "bash")
    assert len(completed(bash, "gui-agents", "")) >= len(VERBS)
    assert completed(bash, "gui-agents", "mon") == ["monitoring"]
    assert completed(bash, "gui-agents", "run", "--fol") == ["--follow"]
    assert completed(bash, "gui-agents", "config", "ch") == ["check"]
    assert completed(bash, "gui-agents", "completion", "") == ["bash", "zsh", "fish"]


def test_bash_offers_files_where_a_file_is_meant(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.env").touch()
    assert completed(script(capsys, "bash"), "gui-agents", "config", "check", "--from", "ol") == ["old.env"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script_that_they_can_read(capsys, shell, tmp_path):
    text = script(capsys, shell)
    assert "gui-agents" in text
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(text)
    subprocess.run([program, "-n", tmp_path / "script"], check=True)
