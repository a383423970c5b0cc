"""Without a newer Prometheus the script says why, in one line, and leaves nothing in the cache."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.system_tools import require_program

SCRIPT = Path(__file__).parents[2] / "tools" / "newer_prometheus.sh"


def run(cache, **variables):
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), **variables}
    return subprocess.run([str(SCRIPT)], capture_output=True, text=True, check=False, env=environment)


def test_what_is_in_the_cache_is_not_fetched_again(tmp_path):
    place = tmp_path / "gui-agents" / "prometheus-debian-forky"
    place.mkdir(parents=True)
    done = run(tmp_path, DEBIAN_MIRROR="http://127.0.0.1:1/debian")
    assert (done.returncode, done.stdout) == (0, f"{place}/usr/bin\n")


@pytest.mark.system_tools
def test_a_mirror_that_does_not_answer_is_the_reason(tmp_path):
    require_program("apt-get")
    done = run(tmp_path, DEBIAN_MIRROR="http://127.0.0.1:1/debian")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("no newer Prometheus: ")
    assert "127.0.0.1" in line
    assert list((tmp_path / "gui-agents").iterdir()) == []
