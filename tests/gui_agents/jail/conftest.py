"""What several tests of jails need."""

import os
import subprocess

import pytest

from gui_agents.jail import processes


@pytest.fixture
def sleeper():
    """Return what starts a process with a marker; it is ended afterwards."""
    started = []

    def start(jail_id):
        started.append(subprocess.Popen(["sleep", "100"], env={**os.environ, processes.MARKER: jail_id}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
