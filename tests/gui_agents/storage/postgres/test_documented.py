"""The commands of docs/storage.md, run as they stand there on a real server."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import TaskFilter, TaskOrder
from gui_agents.storage.postgres.store import PostgresStore
from tests import postgres
from tests.gui_agents.storage.postgres.lives import accepted, life

pytestmark = pytest.mark.system_tools

PAGE = (Path(__file__).parents[4] / "docs" / "storage.md").read_text()
COMMANDS = re.findall(r"^\$ ((?:createuser|createdb|psql|pg_dump|pg_restore) .*)$", PAGE, re.MULTILINE)
[CONNECTION_STRING] = re.findall(r"^POSTGRES_CONNECTION_STRING=(.*)$", PAGE, re.MULTILINE)
PLACE = "db.example.com"
PASSWORD = "of agents"  # noqa: S105 - of a server that ends with the tests


def command(name):
    [line] = [line for line in COMMANDS if line.startswith(f"{name} ")]
    return line


@pytest.fixture
def here(postgres_server):
    """Return what puts this machine's server in the place of the one that the page names."""
    place = f"127.0.0.1:{postgres_server.port}"
    return lambda text: text.replace(f"{PLACE}:5432", place).replace(PLACE, place).replace("?sslmode=verify-full", "")


@pytest.fixture
def run(postgres_server, here, tmp_path):
    """Return what runs a command of the page as an administrator, or as the role of the page."""

    def run(line, *, asked=PASSWORD):
        name, *words = shlex.split(here(line))
        environment = {
            "PATH": os.environ["PATH"],
            "PGPASSWORD": asked,
            "PGUSER": "postgres",
            "PGHOST": str(postgres_server.directory),
            "PGPORT": str(postgres_server.port),
            "PGDATABASE": "postgres",
        }
        done = subprocess.run(
            [postgres.program(name), *words], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


@pytest.fixture
def role(postgres_server):
    """Make the role of the page: `createuser --pwprompt` asks a terminal for the password."""
    postgres_server.run(f"CREATE ROLE agents LOGIN PASSWORD '{PASSWORD}'")
    yield
    postgres_server.run("DROP DATABASE IF EXISTS agents")
    postgres_server.run("DROP ROLE agents")


def stored(store):
    page = store.tasks(TaskFilter(), TaskOrder.CREATED, descending=False, limit=1000)
    ids = [task.task_id for task in page.tasks]
    return page, store.counts(TaskFilter()), [(store.task(i), store.messages(i), store.steps(i)) for i in ids]


def test_the_page_has_all_the_commands_that_are_tested_here():
    assert [line.partition(" ")[0] for line in COMMANDS] == ["createuser", "createdb", "psql", "pg_dump", "pg_restore"]


def test_a_database_is_backed_up_while_the_service_writes_and_restored_as_the_page_says(
    role, run, here, postgres_server, tmp_path
):
    run(command("createdb"))
    store = PostgresStore(Secret(here(CONNECTION_STRING.replace("PASSWORD", PASSWORD.replace(" ", "%20")))))
    store.open()
    for number in range(20):
        store.write(life(number))
    run(command("pg_dump"))
    before = stored(store)
    store.write(accepted(99))  # after the backup
    store.close()

    postgres_server.run("DROP DATABASE agents")
    run(command("createdb"))
    run(command("pg_restore"))
    [count] = re.findall(r"^`(psql .*SELECT count.*)` counts", PAGE, re.MULTILINE)
    assert "20" in run(count)
    store.open()
    assert stored(store) == before
    indexes = postgres_server.run("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_text'", "agents")
    assert indexes == [(1,)]
    store.write(accepted(99))
    assert store.task("task-99") is not None
    store.close()


def test_an_administrator_can_create_the_extension_later(role, run, postgres_server):
    run(command("createdb"))
    assert "CREATE EXTENSION" in run(command("psql"))
    run(command("createuser").replace("--pwprompt agents", "--no-login former"))
    postgres_server.run("DROP ROLE former")
