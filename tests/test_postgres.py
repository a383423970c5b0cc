"""The server of the tests: it is no process of root, keeps its data, and ends with whoever started it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests import postgres

pytestmark = pytest.mark.system_tools

STARTED_AND_KILLED = """
import os, signal
from tests import postgres
with postgres.server() as server:
    print(server.directory, *(process.pid for process in server.processes()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_process_of_the_server_is_that_of_root(postgres_server):
    assert all(process.uids().real for process in postgres_server.processes())


def test_data_survive_a_crash(postgres_running):
    database = postgres_running.create_database()
    postgres_running.run("CREATE TABLE t AS SELECT 1 AS a", database)
    postgres_running.kill()
    postgres_running.start()
    assert postgres_running.run("SELECT a FROM t", database) == [(1,)]


def test_a_server_ends_with_the_process_that_started_it():
    postgres.program("postgres")
    done = subprocess.run(
        [sys.executable, "-c", STARTED_AND_KILLED], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == -signal.SIGKILL
    directory, *pids = done.stdout.split()
    end = time.monotonic() + postgres.SECONDS
    while any(psutil.pid_exists(int(pid)) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.01)
    shutil.rmtree(Path(directory))


def test_databases_of_directories_that_are_gone_are_dropped(postgres_server, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for directory in (first, second):
        directory.mkdir()
    name = postgres_server.database_of(first)
    assert postgres_server.database_of(first) == name
    first.rmdir()
    assert postgres_server.database_of(second) != name
    assert (name,) not in postgres_server.run("SELECT datname FROM pg_database")
