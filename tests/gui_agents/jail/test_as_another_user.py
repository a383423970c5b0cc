"""All of this works without root, too: where these tests run as root, they run once more as nobody."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.system_tools import require_program

NOBODY = 65534
ROOT = Path(__file__).parents[3]
SECONDS = 300


@pytest.mark.system_tools
def test_jails_work_for_a_user_that_is_not_root():
    if os.geteuid() != 0:
        pytest.skip("all tests run as another user already")
    require_program("bwrap")
    # The environment's interpreter may be below /root; the system's one knows the same packages by PYTHONPATH.
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    packages = [place for place in sys.path if place.endswith("site-packages")]
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *packages]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    able = [*user, python, "-c", "import sys, attrs, pytest_asyncio, hypothesis; assert sys.version_info >= (3, 11)"]
    if subprocess.run(able, env=environment, capture_output=True, check=False).returncode != 0:
        pytest.skip("another user cannot read the packages of this environment")
    with tempfile.TemporaryDirectory() as directory:  # pytest's own are below one that only root may enter
        os.chown(directory, NOBODY, NOBODY)
        done = subprocess.run(
            [
                *(*user, python, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *(f"--basetemp={directory}/tests", str(Path(__file__).parent)),
            ],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
