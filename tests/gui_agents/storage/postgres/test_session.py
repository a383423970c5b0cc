"""Connections to a real server: their settings, and what becomes of them when the server says no, or nothing."""

import secrets
import threading
import traceback

import pytest

from gui_agents.domain.storage import StorageError
from gui_agents.storage.postgres.session import READING

pytestmark = pytest.mark.system_tools


def shown(session, setting):
    with session.use(seconds=10) as connection:
        return connection.execute("SELECT current_setting(%s)", [setting]).fetchone()[0]


def refused(session, statement, seconds=10):
    with pytest.raises(StorageError) as refusal, session.use(seconds=seconds) as connection:
        connection.execute(statement)
    return str(refusal.value)


def test_a_writer_waits_for_the_disk_whatever_the_server_is_set_to(connect, database, postgres_running):
    for weak in ("off", "local"):
        postgres_running.run(f"ALTER DATABASE {database} SET synchronous_commit = {weak}")
        assert shown(connect(), "synchronous_commit") == "on"
    postgres_running.run(f"ALTER DATABASE {database} SET synchronous_commit = remote_apply")
    assert shown(connect(), "synchronous_commit") == "remote_apply"


def test_a_reader_cannot_write(connect):
    assert "read-only transaction" in refused(connect(settings=READING), "CREATE TABLE t (a int)")


def test_the_server_notices_that_a_service_is_gone(connect):
    session = connect(over_tcp=True)
    assert [shown(session, f"tcp_keepalives_{name}") for name in ("idle", "interval", "count")] == ["10", "5", "3"]


def test_an_error_of_a_statement_keeps_the_session(connect):
    session = connect()
    assert refused(session, "SELECT a FROM b") == 'PostgreSQL: relation "b" does not exist'
    assert not session.lost
    assert shown(session, "jit") == "off"


def test_an_error_does_not_show_the_data_of_rows(connect):
    session = connect()
    with session.use(seconds=10) as connection:
        connection.execute("CREATE TABLE t (a text CHECK (a <> 'hunter2'))")
    with pytest.raises(ValueError, match="violates check constraint") as refusal, session.use(seconds=10) as connection:
        connection.execute("INSERT INTO t VALUES ('hunter2')")
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT 1 / 0", []),
        ("SELECT %s::text", ["\0"]),
        ("INSERT INTO t VALUES (%s)", [secrets.token_hex(5000)]),
        ("INSERT INTO t VALUES (%s)", [None]),
    ],
)
def test_a_value_that_can_never_be_stored_is_no_error_of_the_storage(connect, statement, parameters):
    """A writer tries again after an error of the storage, for ever."""
    session = connect()
    with session.use(seconds=10) as connection:
        connection.execute("CREATE TABLE t (a text PRIMARY KEY)")
    with pytest.raises(ValueError, match="PostgreSQL: "), session.use(seconds=10) as connection:
        connection.execute(statement.encode(), parameters)
    assert not session.lost


def test_a_session_that_the_server_ends_is_lost(connect, postgres_running):
    session = connect("gui-agents ended")
    postgres_running.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%ended'")
    assert "terminating connection" in refused(session, "SELECT 1")
    assert session.lost
    assert refused(session, "SELECT 1") == "PostgreSQL: the connection is closed"


@pytest.mark.parametrize("over_tcp", [False, True])
def test_a_server_that_says_nothing_is_given_up(connect, postgres_running, over_tcp):
    session = connect(over_tcp=over_tcp)
    postgres_running.pause()
    assert refused(session, "SELECT 1", seconds=0.1) == "PostgreSQL: no answer within 0.1 s"
    assert session.lost


def test_only_the_connection_that_takes_too_long_is_cut(connect, postgres_running):
    patient, hasty = connect(), connect()
    began = threading.Event()
    answers = []

    def wait():
        with patient.use(seconds=60) as connection:
            began.set()
            answers.append(connection.execute("SELECT 'done' FROM pg_sleep(0.5)").fetchone())

    thread = threading.Thread(target=wait)
    thread.start()
    began.wait()
    assert refused(hasty, "SELECT pg_sleep(60)", seconds=0.1) == "PostgreSQL: no answer within 0.1 s"
    thread.join()
    assert answers == [("done",)]


def test_a_session_in_the_middle_of_a_transaction_is_not_used_again(connect):
    session = connect()
    with session.use(seconds=10) as connection:
        connection.execute("BEGIN")
    assert "does not exist" in refused(session, "SELECT a FROM b")
    assert session.lost


def test_sessions_give_their_file_descriptors_back(connect, open_files):
    before = open_files()
    connect().close()
    assert open_files() == before
