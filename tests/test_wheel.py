"""The built wheel, installed into an empty environment, starts the service: nothing is missing, nothing too much."""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = {f"collectors/http/assets/{file.name}" for file in (ROOT / "collectors" / "http" / "assets").iterdir()}
GENERATED = {f"gui_agents/proto/agent_{suffix}" for suffix in ("pb2.py", "pb2.pyi", "pb2_grpc.py")}
GENERATED |= {"collectors/exposition/native_pb2.py", "collectors/exposition/native_pb2.pyi"}
OF_DEVELOPERS = {
    "tests",
    "tools",
    "bench",
    "checks",
    "gallery",
    "dashboard_guide",
    "generate",
    "metrics_page",
    "conftest",
}
"""Modules and packages that nobody needs who runs the service."""
START_SECONDS = 30

pytestmark = pytest.mark.slow


def pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(python, "-m", "pip", *arguments, "--quiet", "--no-input", "--disable-pip-version-check")


def run(*command: Path | str) -> subprocess.CompletedProcess[str]:
    constraints = str(ROOT / "constraints.txt")
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PIP_CONSTRAINT": constraints, "PIP_BUILD_CONSTRAINT": constraints},
    )


def succeed(reply: subprocess.CompletedProcess[str]) -> None:
    assert reply.returncode == 0, reply.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A directory with the sdist, and the wheel that was built from it."""
    directory = tmp_path_factory.mktemp("built")
    probe = pip(Path(sys.executable), "download", "--no-deps", "--dest", str(directory / "probe"), "editables")
    if probe.returncode != 0 and not os.environ.get("CI"):
        pytest.skip(f"the package index is out of reach: {probe.stderr.strip().splitlines()[-1]}")
    succeed(run(sys.executable, "-m", "build", "--outdir", str(directory), str(ROOT)))
    return directory


@pytest.fixture(scope="module")
def wheel(built):
    (wheel,) = built.glob("gui_agents-*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs of an environment that holds the wheel and what it requires, no extra and no checkout."""
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=True)
    succeed(pip(directory / "bin" / "python", "install", "--only-binary", ":all:", str(wheel)))
    return directory / "bin"


def test_the_wheel_holds_the_generated_files_the_page_and_nothing_of_developers(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names >= GENERATED | PAGE | {"gui_agents/py.typed", "collectors/py.typed", "gui_agents/proto/agent.proto"}
    assert {name.split("/")[0] for name in names} == {"gui_agents", "collectors"}
    assert not {name for name in names if name.startswith("collectors/operations/checks")}
    words = {word.removesuffix(".py") for name in names for word in name.split("/")}
    assert not words & OF_DEVELOPERS
    assert not {word for word in words if word.startswith("test_")}


def test_the_sdist_holds_what_developers_need(built):
    (sdist,) = built.glob("gui_agents-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {
        "tools/generate.py",
        "tools/checks/__main__.py",
        "tests/test_wheel.py",
        "docs/prometheus.yml",
        "Makefile",
    }


def test_the_service_starts_from_the_wheel_and_runs_a_task(installed, tmp_path):
    settings = {"GRPC_PORT": "0", "PROMETHEUS_PORT": "0", "ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": "files"}
    inherited = {name: value for name, value in os.environ.items() if not re.match("PYTHON|GRPC_|TASK_", name)}
    service = subprocess.Popen(
        [installed / "lybic-guiagent-grpc"],
        cwd=tmp_path,
        env={**inherited, **settings},
        stderr=subprocess.PIPE,
        text=True,
    )
    with service:
        try:
            address = f"127.0.0.1:{_ports(service, tmp_path / 'files' / 'ports.json')['grpc']}"
            task = subprocess.run(
                [installed / "gui-agents", "run", "Calculate 12*7+5", "--follow", "--json", "--address", address],
                cwd=tmp_path,
                check=False,
                capture_output=True,
                text=True,
            )
        finally:
            service.send_signal(signal.SIGTERM)
            _, log = service.communicate(timeout=30)
    assert (task.returncode, task.stderr) == (0, "")
    assert json.loads(task.stdout.splitlines()[-1])["result"] == "89"
    assert service.returncode == 0
    assert 'pip install "gui-agents[prometheus]"' in log


def _ports(service: subprocess.Popen[str], file: Path) -> dict[str, int]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        if file.is_file() and file.read_text().endswith("}"):
            return dict(json.loads(file.read_text()))
        time.sleep(0.05)
    pytest.fail(f"the service did not start (exit status {service.poll()})")
