"""Rules and thresholds are read without what serves metrics."""

import subprocess
import sys

import pytest

SERVERS = ("prometheus_client", "h11", "http.server", "asyncio", "socketserver", "collectors.http", "grpc", "psutil")
LOADED = "import sys, {module}; print(*sorted(sys.modules))"


def loaded(module):
    """Return the modules that importing one of them loads, in a Python that has loaded nothing else."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {LOADED.format(module=module)}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["thresholds", "rules", "sharding", "installation", "inspection"])
def test_operations_load_no_server(module):
    found = loaded(f"collectors.operations.{module}")
    assert f"collectors.operations.{module}" in found
    assert not {name for name in found for server in SERVERS if f"{name}.".startswith(f"{server}.")}


def test_a_server_would_be_noticed():
    found = loaded("collectors.http.endpoint")
    assert {"asyncio", "h11", "collectors.http"} <= found
