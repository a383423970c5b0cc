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
RUNBOOKS = {
    f"collectors/operations/runbook_pages/{file.name}"
    for file in (ROOT / "collectors" / "operations" / "runbook_pages").iterdir()
}
STEPS = {
    f"gui_agents/storage/migrations/{file.parent.name}/{file.name}"
    for file in (ROOT / "gui_agents" / "storage" / "migrations").glob("*/*.sql")
}
GENERATED = {f"gui_agents/proto/agent_{suffix}" for suffix in ("pb2.py", "pb2.pyi", "pb2_grpc.py")}
OF_DEVELOPERS = {"conftest.py", "dashboard_guide.py", "dashboard_guide_opening.md", "gallery.py", "generate.py"}
"""What nobody needs who runs the service."""
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


def build(directory: Path) -> tuple[Path, Path]:
    """Return the sdist, and the wheel that is built from it."""
    probe = pip(Path(sys.executable), "download", "--no-deps", "--dest", str(directory / "probe"), "editables")
    if probe.returncode != 0 and not os.environ.get("CI"):
        pytest.skip(f"the package index is out of reach: {probe.stderr.strip().splitlines()[-1]}")
    succeed(run(sys.executable, "-m", "build", "--outdir", str(directory), str(ROOT)))
    (sdist,), (wheel,) = directory.glob("*.tar.gz"), directory.glob("*.whl")
    return sdist, wheel


def install(wheel: Path, directory: Path) -> Path:
    """Return the programs of an environment that holds the wheel and what it requires, no extra and no checkout."""
    venv.create(directory, with_pip=True)
    succeed(pip(directory / "bin" / "python", "install", "--only-binary", ":all:", str(wheel)))
    return directory / "bin"


def test_what_is_built_holds_what_its_users_need_and_runs_a_task(tmp_path):
    """One test, as two workers would build twice."""
    sdist, wheel = build(tmp_path / "built")
    check_sdist(sdist)
    check_wheel(wheel)
    installed = install(wheel, tmp_path / "environment")
    check_service(installed, tmp_path)
    check_hint(installed)


def check_sdist(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    of_developers = {"tools/generate.py", "tools/checks/__main__.py", "tests/test_wheel.py", "docs/prometheus.yml"}
    assert names >= of_developers | {"Makefile", "constraints.txt"}


def check_wheel(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names >= GENERATED | PAGE | RUNBOOKS | STEPS | {
        "gui_agents/py.typed",
        "collectors/py.typed",
        "gui_agents/proto/agent.proto",
        "gui_agents/proto/operator.proto",
    }
    assert {name.split("/")[0] for name in names} == {"gui_agents", "collectors"}
    modules = {name.split("/")[-1] for name in names}
    assert {name for name in modules if name.startswith("test_")} | modules & OF_DEVELOPERS == set()


def check_service(installed: Path, tmp_path: Path) -> None:
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
    assert 'pip install "gui-agents-service[prometheus]"' in log


def check_hint(installed: Path) -> None:
    """The command in the log installs the extra, although no index has the distribution."""
    succeed(pip(installed / "python", "install", "--only-binary", ":all:", "gui-agents-service[prometheus]"))
    reply = run(installed / "gui-agents", "doctor", "--json")
    findings = {row["subject"]: row["verdict"] for row in map(json.loads, reply.stdout.splitlines())}
    assert findings["extra prometheus"] == "ok"


def _ports(service: subprocess.Popen[str], file: Path) -> dict[str, int]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        if file.is_file() and file.read_text().endswith("}"):
            return dict(json.loads(file.read_text()))
        time.sleep(0.05)
    pytest.fail(f"the service did not start (exit status {service.poll()})")
