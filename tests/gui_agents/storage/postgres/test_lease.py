"""The lock of a database: one service has it, as long as its connection."""

import threading

import pytest

from gui_agents.domain.storage import StorageError
from gui_agents.storage.postgres import lease

pytestmark = pytest.mark.system_tools


def test_one_session_has_the_lock_and_others_learn_which(connect):
    first, second = connect(), connect()
    assert lease.take_lock(first, wait_seconds=0)
    assert not lease.take_lock(second, wait_seconds=0)
    with first.use(seconds=10) as connection:
        pid = connection.info.backend_pid
    assert lease.holder(second) == f"on the machine of the server, the server's process {pid}"


def test_the_address_of_the_other_service_is_named(connect):
    first, second = connect(over_tcp=True), connect()
    assert lease.take_lock(first, wait_seconds=0)
    assert "on 127.0.0.1," in lease.holder(second)


def test_the_lock_ends_with_its_session(connect):
    first, second = connect(), connect()
    assert lease.take_lock(first, wait_seconds=0)
    first.close()
    assert lease.take_lock(second, wait_seconds=10)
    third = connect()
    assert not lease.take_lock(third, wait_seconds=0)


def test_whoever_waits_gets_the_lock_when_it_is_free(connect):
    first, second = connect(), connect()
    assert lease.take_lock(first, wait_seconds=0)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(lease.take_lock(second, wait_seconds=60)))
    thread.start()
    first.close()
    thread.join()
    assert taken == [True]


def test_nobody_has_a_lock_that_is_free(connect):
    assert lease.holder(connect()) == "it has just ended"


def test_databases_have_locks_of_their_own(connect, postgres_running):
    assert lease.take_lock(connect(), wait_seconds=0)
    other = postgres_running.create_database()
    assert postgres_running.run(f"SELECT pg_try_advisory_lock({lease.KEY})", other) == [(True,)]


def test_what_is_left_of_earlier_sessions_is_ended(connect):
    """A server may not have noticed that a connection is lost; its process would hold the lock."""
    former, other, again = connect("gui-agents a"), connect("gui-agents b"), connect("gui-agents a")
    assert lease.take_lock(former, wait_seconds=0)
    lease.end_former(again, "gui-agents a")
    assert lease.take_lock(again, wait_seconds=10)
    with other.use(seconds=10) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(StorageError, match="terminating connection"), former.use(seconds=10) as connection:
        connection.execute("SELECT 1")


def test_takeovers_are_counted(connect):
    with connect().use(seconds=10) as connection:
        connection.execute("CREATE TABLE takeover (number bigint NOT NULL)")
        connection.execute("INSERT INTO takeover VALUES (0)")
        assert [lease.count_takeover(connection) for _ in range(3)] == [1, 2, 3]
        assert lease.takeover(connection) == 3
