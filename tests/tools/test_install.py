"""The script that makes the environment: which Python it takes, when it does nothing, and how it reports errors."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ("tools/install.sh", "tools/pythons.sh")
COMMANDS = ("cat", "cksum", "rm", "sh", "sort", "tail", "tr")


@pytest.fixture
def checkout(tmp_path):
    """What the installation reads, and nothing installed."""
    (tmp_path / "tools").mkdir()
    for name in ("pyproject.toml", "constraints.txt", *SCRIPTS):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def machine(tmp_path):
    """The directories of PATH on a machine that has the commands of the scripts, and no Python yet."""
    directories = [tmp_path / "first", tmp_path / "second"]
    for directory in directories:
        directory.mkdir()
    for command in COMMANDS:
        (directories[0] / command).symlink_to(shutil.which(command) or "")
    return directories


def program(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines]))
    path.chmod(0o755)
    return path


def python(path: Path, version: str, *, behind: str = "") -> Path:
    """Write a Python that says its version and the program behind it, and that makes no environment."""
    described = f"{version} {behind or path}"
    return program(
        path, f'case "$*" in *"-m venv"*) echo no; exit 1;; *ensurepip*) echo "{described}";; *) exit 1;; esac'
    )


def shim(path: Path) -> Path:
    """Write what pyenv puts in PATH for a version that is not activated."""
    return program(path, 'echo "pyenv: command not found" >&2', "exit 127")


def install(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": "", "VENV": "", **variables}
    return subprocess.run(
        ["tools/install.sh", "dev"], cwd=checkout, check=False, capture_output=True, text=True, env=environment
    )


def stamped(checkout: Path) -> bytes:
    """Return the stamp of an environment where everything is installed."""
    inputs = f"{checkout}\n".encode() + b"".join(
        (checkout / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")
    )
    return subprocess.run(["cksum"], input=inputs, capture_output=True, check=True).stdout


def path_of(machine: list[Path]) -> str:
    return ":".join(map(str, machine))


def listed(machine: list[Path], *directories: Path) -> list[str]:
    """Return the lines that `pythons` prints."""
    script = ". tools/pythons.sh; pythons " + " ".join(map(str, directories))
    environment = {"PATH": path_of(machine)}
    reply = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    assert reply.stderr == ""
    return reply.stdout.splitlines()


def test_the_pythons_of_a_machine_are_listed_by_minor_version_and_the_first_in_path_counts(machine, tmp_path):
    first, second = machine
    python(first / "python3", "3.11.2")
    python(second / "python3.11", "3.11.9")
    python(second / "python3.14", "3.14.2", behind="/opt/python/bin/python3.14")
    python(tmp_path / "elsewhere" / "python3.13", "3.13.0")
    shim(second / "python3.15")
    program(first / "python3-config", "echo 3.99.0 no Python")
    expected = [f"3.11.2 {first}/python3", "3.14.2 /opt/python/bin/python3.14"]
    assert listed(machine) == expected
    elsewhere = f"3.13.0 {tmp_path}/elsewhere/python3.13"
    assert listed(machine, tmp_path / "elsewhere") == [expected[0], elsewhere, expected[1]]


def test_an_environment_is_listed_as_the_python_that_it_was_made_with(machine):
    named = machine[1] / "python3"
    named.symlink_to(sys.executable)
    (line,) = listed(machine)
    version, _, behind = line.partition(" ")
    assert version == "{}.{}.{}".format(*sys.version_info)
    assert Path(behind).parent == Path(sys.base_prefix) / "bin"


VERSION = "collections.namedtuple('Version', 'major minor micro releaselevel serial')"


@pytest.mark.parametrize(
    ("pretended", "accepted"),
    [
        (f"sys.version_info = {VERSION}(3, 99, 1, 'final', 0)", True),
        (f"sys.version_info = {VERSION}(3, 10, 99, 'final', 0)", False),
        (f"sys.version_info = {VERSION}(3, 99, 0, 'candidate', 2)", False),
        ("sys.version += 'experimental free-threading build'", False),
        ("sys.implementation.name = 'pypy'", False),
        ("sys.modules['ensurepip'] = None", False),
    ],
)
def test_a_python_that_has_no_wheels_or_cannot_make_environments_is_passed_over(machine, pretended, accepted):
    program(machine[1] / "python3", f'exec {sys.executable} -c "import collections, sys; {pretended}; $2"')
    assert bool(listed(machine)) is accepted


def test_the_newest_python_is_taken(checkout, machine):
    for version in ("3.11.7", "3.14.0", "3.12.1"):
        python(machine[1] / f"python{version[:4]}", version)
    shim(machine[1] / "python3.15")
    reply = install(checkout, PATH=path_of(machine))
    newest = machine[1] / "python3.14"
    assert (reply.returncode, reply.stdout) == (2, f"Making .venv with {newest} (3.14.0)\n")
    assert reply.stderr == f"make: {newest} cannot make .venv: no\n"


def test_an_old_python_is_reported_in_one_line(checkout, machine):
    program(machine[1] / "python3", '[ "$1" = --version ] && echo Python 3.9.18 && exit 0', "exit 1")
    reply = install(checkout, PATH=path_of(machine))
    assert (reply.returncode, reply.stdout, reply.stderr.count("\n")) == (2, "", 1)
    assert "Python 3.11 or later is needed, and this machine has Python 3.9.18" in reply.stderr


def test_a_python_without_the_venv_module_is_reported_with_its_package(checkout, machine):
    bare = program(machine[1] / "python3", 'case "$*" in *ensurepip*) exit 1;; *) echo python3.13;; esac')
    reply = install(checkout, PATH=path_of(machine))
    assert (reply.returncode, reply.stdout) == (2, "")
    assert reply.stderr == f"make: {bare} lacks the venv module; on Debian and Ubuntu: apt install python3.13-venv\n"


def test_a_named_python_that_cannot_be_used_is_reported_in_one_line(checkout):
    reply = install(checkout, PYTHON="/nonexistent/python3")
    assert (reply.returncode, reply.stdout) == (2, "")
    assert reply.stderr == (
        "make: PYTHON=/nonexistent/python3 is not a Python 3.11 or later with the venv module; name another one\n"
    )


@pytest.mark.parametrize("place", ["", "build/python3.12"])
def test_what_is_installed_is_not_installed_again(checkout, place):
    environment = checkout / (place or ".venv")
    program(environment / "bin" / "python", "exit 1")
    (environment / "installed-dev").write_bytes(stamped(checkout))
    reply = install(checkout, VENV=place)
    assert (reply.returncode, reply.stdout, reply.stderr) == (0, "", "")


def test_a_named_python_replaces_an_environment_of_another_one(checkout):
    installed = python(checkout / ".venv" / "bin" / "python", "3.12.1", behind="/old/python")
    named = python(checkout / "python", "3.12.1", behind="/new/python")
    reply = install(checkout, PYTHON=str(named))
    assert reply.returncode == 2
    assert reply.stdout == f".venv is not of {named}: it is made again\nMaking .venv with /new/python (3.12.1)\n"
    assert not installed.exists()


def test_a_named_python_leaves_environments_elsewhere_alone(checkout):
    installed = python(checkout / ".venv" / "bin" / "python", "3.12.1")
    named = python(checkout / "python", "3.13.0")
    reply = install(checkout, PYTHON=str(named), VENV="build/other")
    assert reply.stdout == f"Making build/other with {named} (3.13.0)\n"
    assert installed.exists()


def test_a_named_python_keeps_its_own_environment(checkout):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    kept = checkout / ".venv" / "kept"
    kept.touch()
    (checkout / ".venv" / "installed-dev").write_bytes(stamped(checkout))
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    for named in (".venv/bin/python", str(base)):
        reply = install(checkout, PYTHON=named)
        assert (reply.returncode, reply.stdout, reply.stderr) == (0, "", "")
    assert kept.exists()


def distributions(environment: Path) -> set[str]:
    return {path.name for path in environment.glob("lib/python3*/site-packages/*.dist-info")}


@pytest.mark.parametrize(
    ("program", "left"),
    [
        ("lybic-guiagent-grpc = gui_agents.grpc_app:main", set()),
        ("another = gui_agents.s3.cli_app:main", {"gui_agents-0.1.0.dist-info"}),
    ],
)
def test_the_distribution_is_removed_under_its_former_name_and_another_projects_one_is_not(checkout, program, left):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    (packages,) = (checkout / ".venv").glob("lib/python3*/site-packages")
    pip = find_spec("pip")
    assert pip is not None
    (packages / "pip").symlink_to(Path(pip.origin or "").parent)
    former = packages / "gui_agents-0.1.0.dist-info"
    former.mkdir()
    (former / "METADATA").write_text("Metadata-Version: 2.4\nName: gui-agents\nVersion: 0.1.0\n")
    (former / "entry_points.txt").write_text(f"[console_scripts]\n{program}\n")
    (former / "RECORD").write_text(
        "".join(f"{former.name}/{name},,\n" for name in ("METADATA", "entry_points.txt", "RECORD"))
    )
    reply = install(checkout, PIP_NO_INDEX="1")
    assert (distributions(checkout / ".venv"), reply.returncode) == (left, 2)
    assert ("Removing the distribution's former name" in reply.stdout) is (left == set())
    assert "pip could not install gui-agents-service[dev]" in reply.stderr
