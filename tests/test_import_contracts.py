"""The import contracts of pyproject.toml fail when an arrow is turned round, also over a detour."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def broken(tmp_path):
    """Add imports to files of a copy, and return what the contracts forbid there: contracts, and chains of imports."""
    for package in ("gui_agents", "collectors"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def broken_with(imports):
        for file, module in imports.items():
            with (tmp_path / file).open("a") as text:
                text.write(f"\nimport {module}\n")
        reply = subprocess.run(
            [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line.partition(" (l.")[0].strip("- ") for line in reply.stdout.splitlines()]
        return reply.returncode, [line.removesuffix(" BROKEN") for line in lines if line.endswith(" BROKEN")], lines

    return broken_with


def test_an_arrow_that_is_turned_round_breaks_the_order(broken):
    code, contracts, lines = broken({"gui_agents/domain/clock.py": "gui_agents.agent"})
    assert (code, contracts) == (1, ["The service's packages import downwards only"])
    assert "gui_agents.domain.clock -> gui_agents.agent" in lines


def test_a_detour_over_the_other_package_breaks_it_too(broken):
    detour = {"gui_agents/domain/clock.py": "collectors.errors", "collectors/errors.py": "gui_agents.rpc.methods"}
    code, contracts, lines = broken(detour)
    assert code == 1
    assert "The service's packages import downwards only" in contracts
    assert "Collectors know the snapshot and the domain, and nothing else of the service" in contracts
    chain = lines.index("gui_agents.domain is not allowed to import gui_agents.rpc:")
    assert lines[chain + 2 : chain + 4] == [
        "gui_agents.domain.clock -> collectors.errors",
        "collectors.errors -> gui_agents.rpc.methods",
    ]


def test_the_order_of_the_collectors_is_held_as_well(broken):
    code, contracts, _ = broken({"collectors/errors.py": "collectors.metrics.catalogue"})
    assert (code, contracts) == (1, ["The collectors' packages import downwards only"])
