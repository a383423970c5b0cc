"""The script of CI: on which Pythons it runs what, and how its last line reports that."""

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"
PROGRAMS = (
    *("Xvfb", "openbox", "dbus-daemon", "bwrap", "mousepad", "galculator", "chromium", "prometheus", "promtool"),
    *("prometheus-alertmanager", "amtool", "prometheus-pushgateway", "xterm"),
)
ELSEWHERE = (Path("/usr/libexec/at-spi-bus-launcher").exists(), any(Path("/usr/lib/postgresql").glob("*/bin/postgres")))
"""Not in PATH, so these machines have what this one has."""
PACKAGES = (
    "xvfb openbox dbus at-spi2-core bubblewrap mousepad galculator chromium prometheus prometheus-alertmanager "
    "prometheus-pushgateway xterm postgresql"
)
LESS = f"THIS RUN PROVES LESS THAN CI DOES: install {PACKAGES} and run it again"


@pytest.fixture
def run(tmp_path):
    """Run the script on a machine that has only these programs, where nobody is root and make prints its arguments."""
    directory = tmp_path / "bin"

    def write(path, *lines):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["#!/bin/sh", *lines]))
        path.chmod(0o755)

    def on_a_machine_with(*programs, pythons=("3.11.2",), pyenv=(), make='echo "make $*"'):
        for name, line in {"make": make, "id": "echo 1000", **dict.fromkeys(programs, "exit 0")}.items():
            write(directory / name, line)
        for version in pythons:
            write(directory / f"python{version.rpartition('.')[0]}", f'echo "{version} /usr/bin/python"')
        for version in pyenv:
            write(tmp_path / "pyenv" / "versions" / version / "bin" / "python3", f'echo "{version} /pyenv/python"')
        for name in ("dirname", "sort", "tr"):
            (directory / name).symlink_to(shutil.which(name))
        environment = {"PATH": str(directory), "PYENV_ROOT": str(tmp_path / "pyenv")}
        return subprocess.run(
            [shutil.which("bash"), str(RUN)], capture_output=True, text=True, check=False, env=environment
        )

    return on_a_machine_with


def made(done):
    """Return the make commands that were called."""
    return [line for line in done.stdout.splitlines() if line.startswith("make ")]


DEMO = "DEMO_EXIT=1 GRPC_PORT=0 PROMETHEUS_PORT=0"
ORDINARY = (
    "ARGS=-n 3 --dist worksteal tests/gui_agents tests/collectors/exposition tests/collectors/metrics "
    "--ignore=tests/gui_agents/commands --ignore=tests/gui_agents/models "
    '-m "not slow and not system_tools and not hypothesis"'
)


def test_the_oldest_and_the_newest_python_run_the_tests_and_the_last_line_names_them(run):
    done = run(*PROGRAMS, pythons=("3.12.1", "3.11.2"), pyenv=("3.14.0", "3.13.0"))
    newest, oldest = ("PYTHON=/pyenv/python VENV=build/python3.14", "PYTHON=/usr/bin/python VENV=build/python3.11")
    assert made(done) == [
        f"make check {newest}",
        f"make test {newest}",
        f"make attack {newest} ARGS=--short",
        f"make demo {newest} {DEMO}",
        f"make test {oldest} {ORDINARY}",
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "CI passed: tests on Python 3.11.2 and 3.14.0"


def test_the_only_python_runs_everything_once(run):
    done = run(*PROGRAMS, pythons=("3.13.5",))
    only = "PYTHON=/usr/bin/python VENV=build/python3.13"
    assert made(done) == [
        f"make check {only}",
        f"make test {only}",
        f"make attack {only} ARGS=--short",
        f"make demo {only} {DEMO}",
    ]
    assert done.stdout.splitlines()[-1] == "CI passed: tests on Python 3.13.5, the only one here"


def test_without_a_python_make_says_what_is_missing(run):
    done = run(*PROGRAMS, pythons=())
    assert made(done) == ["make venv"]
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "CI FAILED: Pythons")


def test_a_run_that_fails_ends_with_what_failed(run):
    done = run(*PROGRAMS, make='[ "$1" != test ]')
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "CI FAILED: make test on Python 3.11.2")


@pytest.mark.parametrize("missing", PROGRAMS)
def test_a_run_without_a_program_ends_with_what_it_skipped(run, missing):
    done = run(*(name for name in PROGRAMS if name != missing))
    end = done.stdout.partition("==> done")[2].splitlines()[1:]
    assert end == [
        f"PROOFS SKIPPED (not root): {missing} is missing",
        f"CI passed: tests on Python 3.11.2, the only one here; {LESS}",
    ]


def test_a_run_without_any_program_names_all_of_them(run):
    assert run().stdout.partition("==> done")[2].count("PROOFS SKIPPED (not root)") == len(PROGRAMS) + ELSEWHERE.count(
        False
    )
