"""The built wheel, installed into an empty environment, starts the service: nothing of it is missing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = {f"collectors/http/assets/{file.name}" for file in (ROOT / "collectors" / "http" / "assets").iterdir()}
GENERATED = {f"gui_agents/proto/agent_{suffix}" for suffix in ("pb2.py", "pb2.pyi", "pb2_grpc.py")}
START_SECONDS = 30

pytestmark = pytest.mark.slow


def pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    constraints = str(ROOT / "constraints.txt")
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    return subprocess.run(
        [python, "-m", "pip", *arguments, *quiet],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PIP_CONSTRAINT": constraints, "PIP_BUILD_CONSTRAINT": constraints},
    )


def succeed(reply: subprocess.CompletedProcess[str]) -> None:
    assert reply.returncode == 0, reply.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheel")
    probe = pip(Path(sys.executable), "download", "--no-deps", "--dest", str(directory / "probe"), "editables")
    if probe.returncode != 0 and not os.environ.get("CI"):
        pytest.skip(f"the package index is out of reach: {probe.stderr.strip().splitlines()[-1]}")
    succeed(pip(Path(sys.executable), "wheel", "--no-deps", "--wheel-dir", str(directory), str(ROOT)))
    (built,) = directory.glob("gui_agents-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs of an environment that holds the wheel and what it requires, no extra and no checkout."""
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=True)
    succeed(pip(directory / "bin" / "python", "install", "--only-binary", ":all:", str(wheel)))
    return directory / "bin"


def test_the_wheel_holds_the_generated_files_the_page_and_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= GENERATED | PAGE | {"gui_agents/py.typed", "collectors/py.typed", "gui_agents/proto/agent.proto"}
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"gui_agents", "collectors"}


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
