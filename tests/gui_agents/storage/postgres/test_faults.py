"""A server that is stopped, killed, restarted or full, connections that are ended, and a second service meanwhile."""

import contextlib
import itertools
import subprocess
import threading
import time

import pytest

from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import StorageError
from gui_agents.storage.postgres.store import PostgresStore
from tests.gui_agents.storage.postgres.lives import accepted, life
from tests.postgres import SECONDS

pytestmark = pytest.mark.system_tools

END_WRITERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name LIKE 'gui-agents %%' AND application_name <> 'gui-agents reader' AND datname = %s
"""
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"


def refused(write, *arguments):
    with pytest.raises(StorageError) as refusal:
        write(*arguments)
    return str(refusal.value)


def numbers(store):
    """Return which tasks of `lives` are there."""
    return sorted(int(task.record.task_id.removeprefix("task-")) for task in store.unfinished())


def until(holds):
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def write_late(store, postgres_running, database):
    """Return what begins to write a batch that the server holds up in its middle, until the context ends."""

    @contextlib.contextmanager
    def hold(entries):
        problems = []

        def write():
            try:
                store.write(entries)
            except StorageError as error:
                problems.append(str(error))

        with postgres_running.connected(database) as other:
            other.execute("LOCK TABLE messages IN SHARE MODE")
            thread = threading.Thread(target=write)
            thread.start()
            until(lambda: postgres_running.run(WAITING, "postgres", database) == [(1,)])
            yield problems
            other.rollback()
        thread.join()

    return hold


def test_a_connection_that_ends_in_the_middle_of_a_batch_leaves_nothing_of_it(
    store, write_late, postgres_running, database
):
    store.write(accepted(1))
    with write_late([*accepted(2), *accepted(3)]) as problems:
        postgres_running.run(END_WRITERS, "postgres", database)
        until(lambda: problems)
    assert "connection" in problems[0]
    assert numbers(store) == [1]
    store.write([*accepted(2), *accepted(3)])
    assert numbers(store) == [1, 2, 3]


def test_a_batch_that_is_only_late_is_written(store, write_late):
    with write_late(accepted(1)) as problems:
        assert problems == []
        assert numbers(store) == []
    assert numbers(store) == [1]
    assert problems == []


def test_a_server_that_is_stopped_is_given_up_and_used_again_when_it_goes_on(make_store, postgres_running):
    store = make_store(answer_seconds=0.2)
    store.open()
    store.write(accepted(1))
    assert numbers(store) == [1]
    postgres_running.pause()
    assert refused(store.write, accepted(2)) == "PostgreSQL: no answer within 0.2 s"
    assert refused(store.unfinished) == "PostgreSQL: no answer within 0.2 s"
    postgres_running.resume()
    # What was sent may have been written in the meantime; it is written again.
    store.write([*accepted(2), *accepted(3)])
    assert numbers(store) == [1, 2, 3]


def test_a_server_that_is_killed_and_restarted_has_all_that_was_written(store, postgres_running):
    for number in range(5):
        store.write(accepted(number))
    postgres_running.kill()
    for _ in range(3):
        assert "connection" in refused(store.write, accepted(5))
        assert "connection" in refused(store.task, "task-1")
    postgres_running.start()
    assert numbers(store) == [0, 1, 2, 3, 4]
    store.write(accepted(5))
    assert numbers(store) == [0, 1, 2, 3, 4, 5]


def test_nothing_that_was_acknowledged_is_lost_and_no_batch_is_torn_when_the_server_is_killed_under_load(
    make_store, postgres_running
):
    store = make_store()
    store.open()
    acknowledged, ending = [], threading.Event()

    def write():
        for batch in itertools.count():
            while not ending.is_set():
                with contextlib.suppress(StorageError):
                    store.write([entry for number in range(3) for entry in accepted(batch * 3 + number)])
                    acknowledged.append(batch)
                    break
            else:
                return

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(3):
        wanted = len(acknowledged) + 40
        until(lambda: len(acknowledged) >= wanted)  # noqa: B023 - called at once
        postgres_running.kill()
        postgres_running.start()
    until(lambda: len(acknowledged) > wanted)
    ending.set()
    thread.join()
    stored = numbers(store)
    assert stored == list(range(len(stored)))
    # The last batch may have been committed without anybody hearing of it.
    assert len(stored) // 3 - len(acknowledged) in {0, 1}
    assert len(stored) % 3 == 0


def test_a_server_that_restarts_while_nobody_writes_costs_one_error(store, postgres_running):
    store.write(accepted(1))
    postgres_running.stop()
    postgres_running.start()
    assert "connection" in refused(store.write, accepted(2))
    store.write(accepted(2))
    assert numbers(store) == [1, 2]


def test_readers_go_on_while_the_writer_is_lost(store, postgres_running, database):
    store.write(accepted(1))
    postgres_running.run(END_WRITERS, "postgres", database)
    assert numbers(store) == [1]


def test_the_writer_has_the_lock_again_after_its_connection_was_lost(store, postgres_running, database, make_store):
    postgres_running.run(END_WRITERS, "postgres", database)
    refused(store.write, accepted(1))
    store.write(accepted(1))
    assert "another service" in refused(make_store(start_seconds=0.1).open)


def test_a_service_that_has_lost_its_database_to_another_one_writes_nothing_any_more(
    store, make_store, postgres_running, database
):
    store.write(accepted(1))
    postgres_running.run(END_WRITERS, "postgres", database)
    refused(store.write, accepted(2))
    other = make_store()
    other.open()
    assert "another service has the database now (on the machine of the server, " in refused(store.write, accepted(2))
    other.write(accepted(3))
    other.close()
    for _ in range(2):
        assert "another service has had the database meanwhile; restart this one" in refused(store.write, accepted(2))
        assert "restart this one" in refused(lambda: store.expire(ended_before=1e12, max_bytes=None))
    assert numbers(store) == [1, 3]


def test_a_batch_is_written_whole_or_not_at_all_when_the_database_says_no(store, postgres_running, database):
    postgres_running.run("ALTER TABLE messages ADD CHECK (text <> 'accepted') NOT VALID", database)
    with pytest.raises(ValueError, match="violates check constraint"):
        store.write(life(1))
    assert numbers(store) == []
    postgres_running.run("ALTER TABLE messages DROP CONSTRAINT messages_text_check", database)
    store.write(accepted(1))
    assert numbers(store) == [1]


@pytest.fixture
def small_disk(postgres_running):
    """Return the name of a tablespace on a disk of 8 MiB."""
    directory = postgres_running.directory / "small"
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", str(directory)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        directory.rmdir()
        pytest.skip("only root can mount a small disk")
    try:
        postgres_running.own(directory)
        postgres_running.run(f"CREATE TABLESPACE small LOCATION '{directory}'")
        yield directory
        postgres_running.run("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", str(directory)], check=True)
        directory.rmdir()


def test_a_full_disk_is_reported_and_writing_goes_on_when_there_is_room(small_disk, postgres_running):
    ballast = small_disk / "ballast"
    database = postgres_running.create_database()
    store = PostgresStore(Secret(postgres_running.connection_string(database)))
    store.open()
    try:
        for table in ("tasks", "requests", "texts", "messages"):
            postgres_running.run(f"ALTER TABLE {table} SET TABLESPACE small", database)
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(b"\0" * 4096)
        written, problem = 0, ""
        while not problem:
            try:
                store.write(accepted(written, "long " * 200))
                written += 1
            except StorageError as error:
                problem = str(error)
        assert "No space left on device" in problem
        assert refused(store.write, accepted(written, "long " * 200)) == problem
        assert numbers(store) == list(range(written))
        ballast.unlink()
        store.write(accepted(written, "long " * 200))
        assert numbers(store) == list(range(written + 1))
    finally:
        store.close()
        postgres_running.run(f"DROP DATABASE {database}")
