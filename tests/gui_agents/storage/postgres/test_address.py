"""The connection string: what it may look like, and that nobody sees its password."""

import psycopg
import pytest

from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import StorageStartError
from gui_agents.storage.postgres.address import DEFAULTS, EXAMPLE, Address


def said_of(connection_string):
    """Return why a connection string is refused."""
    with pytest.raises(StorageStartError) as refusal:
        Address(Secret(connection_string))
    assert refusal.value.variable == "POSTGRES_CONNECTION_STRING"
    assert refusal.value.__cause__ is None
    return str(refusal.value)


@pytest.mark.parametrize(
    "connection_string",
    [
        "hunter2",
        "mysql://agent:hunter2@db/tasks",
        "postgresql://agent:hunter%2@db/tasks",
        "host=db password=hunter2 tasks",
        "host=db password='hunter2",
        "postgresql://agent:hun@ter2@db/tasks",
        "postgresql://agent:hun/ter2@db/tasks",
        "postgresql://agent:12/hunter2@db/tasks",
        "postgresql://agent:hunter2@db/tasks?sslmod=require",
        "host=db port=hunter2",
    ],
)
def test_what_is_no_connection_string_is_refused_without_showing_it(connection_string):
    said = said_of(connection_string)
    assert EXAMPLE in said
    assert "hun" not in said
    assert "ter2" not in said


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_connection_string_is_refused(nothing):
    assert said_of(nothing) == f"POSTGRES_CONNECTION_STRING: must say where the database is, like {EXAMPLE}"


@pytest.mark.parametrize(
    ("connection_string", "parameters"),
    [
        (
            "postgresql://agent:p%40ss@db.internal:6432/tasks?sslmode=verify-full",
            {"user": "agent", "password": "p@ss", "host": "db.internal", "port": "6432", "sslmode": "verify-full"},
        ),
        ("postgresql://db1,db2:5433/tasks", {"host": "db1,db2", "port": ",5433", "target_session_attrs": "read-write"}),
        ("postgresql://agent:p?#ss@db/tasks", {"password": "p?#ss", "host": "db"}),
        ("dbname=tasks host=/run/postgresql", {"dbname": "tasks", "host": "/run/postgresql"}),
        ("postgresql:///tasks?host=/run/postgresql&connect_timeout=2", {"dbname": "tasks", "connect_timeout": "2"}),
    ],
)
def test_libpq_reads_it_and_it_goes_before_what_is_usual(connection_string, parameters):
    read = Address(Secret(connection_string))._parameters
    assert {**DEFAULTS, "client_encoding": "UTF8", **parameters}.items() <= read.items()


def test_an_error_is_one_line_without_the_password():
    address = Address(Secret("postgresql://agent:hunter2@db/tasks"))
    assert address.problem(psycopg.OperationalError("no\n\tway: hunter2")) == "no way: ********"
    assert address.problem(psycopg.OperationalError()) == "OperationalError"
    assert address.problem(psycopg.OperationalError("x" * 1000)) == "x" * 500 + "…"


def test_no_picture_of_it_shows_the_password():
    address = Address(Secret("postgresql://agent:hunter2@db/tasks"))
    assert "hunter2" not in repr(address)
