"""An administrator is told what to do."""

import pytest

from gui_agents.jail import machine


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("0", "allow user namespaces: sysctl -w user.max_user_namespaces=10000"),
        ("96364", "in a container, allow it to make namespaces: see docs/sandboxes.md"),
    ],
)
def test_an_administrator_is_told_which_switch_forbids_namespaces(tmp_path, monkeypatch, value, advice):
    (tmp_path / "switch").write_text(f"{value}\n")
    switches = {
        str(tmp_path / "none"): ("kernel.none", "0", "1"),
        str(tmp_path / "switch"): ("user.max_user_namespaces", "0", "10000"),
    }
    monkeypatch.setattr(machine, "SWITCHES", switches)
    assert machine.advice() == advice
