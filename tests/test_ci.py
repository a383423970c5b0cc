"""The script of CI says at its end which proofs it could not make."""

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"
PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager", "amtool", "prometheus-pushgateway", "chromium")


@pytest.fixture
def run(tmp_path):
    """Run the script on a machine that has only these programs, where nobody is root and make does nothing."""

    def on_a_machine_with(*programs):
        for name, text in {"make": "exit 0", "id": "echo 1000", **dict.fromkeys(programs, "exit 0")}.items():
            path = tmp_path / name
            path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
            path.chmod(0o755)
        (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
        command = [shutil.which("bash"), str(RUN)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)})
        assert done.returncode == 0, done.stderr
        return done.stdout.partition("==> done")[2]

    return on_a_machine_with


def test_a_run_with_all_programs_has_nothing_to_add(run):
    assert "SKIPPED" not in run(*PROGRAMS)


@pytest.mark.parametrize("missing", PROGRAMS)
def test_a_run_without_a_program_ends_with_what_it_skipped(run, missing):
    told = run(*(name for name in PROGRAMS if name != missing))
    assert f"PROOFS SKIPPED (not root): {missing} is missing" in told
    assert "THIS RUN PROVES LESS THAN CI DOES" in told.splitlines()[-1]


def test_a_run_without_any_program_tells_all_of_them(run):
    assert run().count("PROOFS SKIPPED (not root)") == len(PROGRAMS)
