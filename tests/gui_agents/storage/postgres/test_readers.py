"""The connections that read: how many there are, and which ones are used again."""

import threading

import pytest

from gui_agents.domain.storage import StorageError
from gui_agents.storage.postgres.readers import Readers
from gui_agents.storage.postgres.session import READING

pytestmark = pytest.mark.system_tools


def process(connection):
    """Return which process of the server reads."""
    return connection.execute("SELECT pg_backend_pid()").fetchone()[0]


@pytest.fixture
def readers(connect):
    opened = []

    def make(**options):
        opened.append(Readers(lambda: connect(settings=READING), **{"seconds": 30.0, **options}))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_one_after_the_other_uses_one_connection(readers):
    one = readers()
    assert len({one.read(process) for _ in range(5)}) == 1


def test_more_at_once_than_connections_wait_for_one(readers):
    two = readers(limit=2)
    together = threading.Barrier(2)

    def meet(connection):
        together.wait(10)
        return process(connection)

    used = []
    threads = [threading.Thread(target=lambda: used.append(two.read(meet))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(used) == 8
    assert len(set(used)) == 2


def test_whoever_waits_too_long_for_a_connection_is_told(readers):
    one = readers(limit=1, seconds=0.05)
    with pytest.raises(StorageError, match="all connections for reading are busy"):
        one.read(lambda _: one.read(process))


def test_connections_that_were_lost_while_nobody_used_them_are_opened_again(readers, postgres_running):
    some = readers()
    assert some.read(lambda _: some.read(lambda _: some.read(process)))
    postgres_running.kill()
    postgres_running.start()
    assert some.read(process)


def test_a_server_that_is_away_is_reported_and_found_again(readers, postgres_running):
    one = readers()
    one.read(process)
    postgres_running.stop()
    with pytest.raises(StorageError, match=r"connection to server .* failed"):
        one.read(process)
    postgres_running.start()
    assert one.read(process)


def test_a_server_that_says_nothing_is_not_asked_twice(readers, postgres_running):
    one = readers(seconds=0.1)
    one.read(process)
    asked = []
    postgres_running.pause()
    with pytest.raises(StorageError, match=r"no answer within 0\.1 s"):
        one.read(lambda connection: (asked.append(1), process(connection)))
    assert asked == [1]


def test_a_wrong_statement_keeps_the_connection(readers):
    one = readers()
    used = one.read(process)
    with pytest.raises(StorageError, match="does not exist"):
        one.read(lambda connection: connection.execute("SELECT a FROM b"))
    assert one.read(process) == used


def test_no_connection_stays_open(readers, open_files, watchdog):
    one = readers()
    one.read(process)
    before = open_files()
    one.close()
    assert open_files() == before - 2
    one.read(process)  # of a thread that was late
    assert open_files() == before - 2
