"""PostgreSQL as the configuration chooses it, and a machine without its package."""

import subprocess
import sys

import pytest

from gui_agents.config import load
from gui_agents.domain.errors import ConfigError, PreconditionError
from gui_agents.storage.postgres.store import PostgresStore
from gui_agents.storage.registry import open_store
from tests.gui_agents.storage.postgres.lives import accepted


def chosen(connection_string="postgresql://agents:hunter2@db/agents"):
    return load({"TASK_STORAGE_BACKEND": "postgres", "POSTGRES_CONNECTION_STRING": connection_string})


@pytest.mark.system_tools
def test_the_database_of_the_configuration_is_used(postgres_server, database):
    store = open_store(chosen(postgres_server.connection_string(database)))
    assert isinstance(store, PostgresStore)
    store.open()
    store.write(accepted(1))
    store.close()
    assert postgres_server.run("SELECT task_id FROM tasks", database) == [("task-1",)]


def test_a_database_must_be_named():
    with pytest.raises(ConfigError) as refusal:
        load({"TASK_STORAGE_BACKEND": "postgres"})
    assert refusal.value.mistakes == (
        "TASK_STORAGE_BACKEND is postgres, and POSTGRES_CONNECTION_STRING is not set; say where the database is",
    )


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("psycopg", "tasks in PostgreSQL need the psycopg package; pip install "),
        ("gui_agents.storage.postgres.store", "psycopg cannot be loaded (import of "),
    ],
)
def test_without_its_package_the_refusal_has_the_command_that_installs_it(monkeypatch, module, problem):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PreconditionError) as refusal:
        open_store(chosen())
    assert str(refusal.value).startswith(problem)
    assert "[postgres]" in str(refusal.value)


def test_a_service_that_stores_elsewhere_does_not_load_it():
    program = "import gui_agents.storage.registry, sys; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_no_picture_of_a_configuration_shows_the_password():
    assert "hunter2" not in repr(chosen())
