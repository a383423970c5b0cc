"""The file: who may read it, what is refused at the start, and what it survives while the service runs."""

import errno
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gui_agents.domain.storage import StorageError, StorageStartError, TaskFilter, TaskOrder
from gui_agents.storage.migrations import Migration, migrations
from gui_agents.storage.sqlite import connections
from gui_agents.storage.sqlite.files import DATABASE, LOCK
from gui_agents.storage.sqlite.store import SqliteStore
from tests.gui_agents.storage.entries import created, spec, whole

NEWEST = len(migrations("sqlite"))


@pytest.fixture
def stored(tmp_path):
    """Return a directory with one task."""
    store = SqliteStore(tmp_path)
    store.open()
    store.write(whole("a"))
    store.close()
    return tmp_path


def refusal(directory: Path) -> str:
    store = SqliteStore(directory)
    with pytest.raises(StorageStartError) as refused:
        store.open()
    assert str(refused.value).startswith(f"{refused.value.variable}: ")
    return str(refused.value)


def changed(directory: Path, *statements: str) -> None:
    with closing(sqlite3.connect(directory / DATABASE)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_nobody_else_can_read_the_files(tmp_path):
    former = os.umask(0)
    try:
        store = SqliteStore(tmp_path / "new" / "directory")
        store.open()
        store.write(whole("a"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in store.path.parent.iterdir()}
        store.close()
    finally:
        os.umask(former)
    assert modes == dict.fromkeys([DATABASE, LOCK, f"{DATABASE}-wal", f"{DATABASE}-shm"], 0o600)


@pytest.mark.parametrize("name", ["with space", "100%", "a?b#c", "ümläut", "'quoted\""])
def test_the_directory_may_have_any_name(tmp_path, name):
    store = SqliteStore(tmp_path / name)
    store.open()
    store.write(whole("a"))
    assert store.task("a") is not None
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_acknowledged_is_synced(stored):
    store = SqliteStore(stored)
    store.open()
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._writer.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    store.close()


def test_a_newer_database_is_refused(stored):
    changed(stored, f"PRAGMA user_version = {NEWEST + 1}")
    told = refusal(stored)
    assert told.startswith("RUNTIME_DIR: ")
    assert f"has version {NEWEST + 1}, this service knows {NEWEST}); install the newer one again" in " ".join(
        told.replace("have", "has").split()
    )
    changed(stored, f"PRAGMA user_version = {NEWEST}")
    store = SqliteStore(stored)
    store.open()
    store.close()


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path):
    changed(tmp_path, "CREATE TABLE theirs (a)")
    before = (tmp_path / DATABASE).read_bytes()
    assert "is a database of another program; move it away" in refusal(tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    assert len((tmp_path / DATABASE).read_bytes()) == len(before)


@pytest.mark.parametrize(
    "content", [b"no database at all " * 500, b"SQLite format 3\0" + b"\xff" * 8000], ids=["text", "head"]
)
def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    (tmp_path / DATABASE).write_bytes(content)
    assert "is damaged" in refusal(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == content


def test_a_damaged_database_is_refused_with_what_to_do(stored):
    changed(stored, "PRAGMA journal_mode = DELETE")
    content = bytearray((stored / DATABASE).read_bytes())
    # The head stays as it is, and so do the tables' names.
    content[4096 * 2 :] = os.urandom(len(content) - 4096 * 2)
    (stored / DATABASE).write_bytes(content)
    told = refusal(stored)
    assert "is damaged" in told
    assert "gui-agents restore FILE --force" in told


def test_a_directory_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / DATABASE).mkdir()
    assert "is a directory; move it away" in refusal(tmp_path)


def test_a_pipe_in_place_of_the_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / DATABASE)
    assert "is no file; move it away" in refusal(tmp_path)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert "name a directory that can be written" in refusal(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    assert "name a directory that can be written" in refusal(tmp_path)


def test_a_disk_without_room_for_a_database_is_refused(tmp_path):
    with full_disk(1000):
        assert "cannot be written (" in refusal(tmp_path)


def test_a_python_whose_sqlite_cannot_search_is_refused(tmp_path, monkeypatch):
    step = Migration(1, "CREATE VIRTUAL TABLE search USING fts5x (folded)")
    monkeypatch.setattr("gui_agents.storage.sqlite.opening.MIGRATIONS", (step,))
    told = refusal(tmp_path)
    assert told.startswith("TASK_STORAGE_BACKEND: sqlite needs SQLite 3.34 or newer with FTS5")


def test_a_directory_that_cannot_be_locked_is_refused(tmp_path, monkeypatch):
    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    assert "cannot be locked (No locks available); name a directory on a local disk" in refusal(tmp_path)


def test_a_large_database_is_not_checked_to_its_end(stored, monkeypatch):
    monkeypatch.setattr("gui_agents.storage.sqlite.opening.CHECK_SECONDS", -1.0)
    monkeypatch.setattr("gui_agents.storage.sqlite.opening.STEPS", 1)
    store = SqliteStore(stored)
    store.open()
    assert store.task("a") is not None
    store.close()


def test_an_empty_file_becomes_a_database(tmp_path):
    (tmp_path / DATABASE).write_bytes(b"")
    store = SqliteStore(tmp_path)
    store.open()
    store.write(whole("a"))
    store.close()


def test_a_refused_start_leaves_the_directory_to_the_next_service(stored):
    changed(stored, f"PRAGMA user_version = {NEWEST + 1}")
    refusal(stored)
    changed(stored, f"PRAGMA user_version = {NEWEST}")
    store = SqliteStore(stored)
    store.open()
    store.close()


@contextmanager
def full_disk(size: int):
    """Let no file of this process become larger than that; SQLite sees a failing disk."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_a_disk_without_room_fails_clearly_and_is_used_again_once_it_has_some(tmp_path):
    store = SqliteStore(tmp_path)
    store.open()
    store.write(whole("before"))
    size = Path(f"{store.path}-wal").stat().st_size
    large = [created(f"{number}", spec("x" * 5000)) for number in range(50)]
    with full_disk(size + 20_000):
        for _ in range(2):
            with pytest.raises(StorageError, match=rf"{DATABASE}: "):
                store.write(large)
        assert store.task("before") is not None
        assert store.task("0") is None
    store.write(large)
    assert len(store.unfinished()) == 50
    store.close()


def test_a_full_database_fails_clearly_and_is_used_again_once_it_has_room(tmp_path):
    store = SqliteStore(tmp_path)
    store.open()
    store.write(whole("before"))
    store._writer.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StorageError, match="database or disk is full"):
        store.write([created(f"{number}", spec("x" * 5000)) for number in range(50)])
    assert store.task("before") is not None
    # The next connection has no such limit.
    store.write(whole("after"))
    assert store.task("after") is not None
    store.close()


def test_a_file_that_was_removed_is_missed_before_anything_is_lost(stored):
    store = SqliteStore(stored)
    store.open()
    aside = stored / "aside"
    store.path.rename(aside)
    with pytest.raises(StorageError, match="cannot be found any more"):
        store.write(whole("b"))
    aside.rename(store.path)
    store.write(whole("b"))
    assert store.task("b") is not None
    store.path.rename(aside)
    SqliteStore(stored).path.write_bytes(aside.read_bytes())
    with pytest.raises(StorageError, match="was replaced by another file; restart the service"):
        store.write(whole("c"))
    store.close()


def test_another_programs_transaction_is_waited_for_and_then_fails(stored, monkeypatch):
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.05)
    store = SqliteStore(stored)
    store.open()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as administrator:
        administrator.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            store.write(whole("b"))
        assert store.task("a") is not None
        administrator.execute("ROLLBACK")
    store.write(whole("b"))
    store.close()


def test_a_question_that_takes_too_long_is_given_up(stored, monkeypatch):
    store = SqliteStore(stored)
    store.open()
    store.write([created(f"{number}", spec("word " * 50)) for number in range(300)])
    monkeypatch.setattr(connections, "READ_SECONDS", -1.0)
    monkeypatch.setattr(connections, "STEPS", 1)
    with pytest.raises(StorageError):
        store.tasks(TaskFilter(text="no such word"), TaskOrder.CREATED, descending=True, limit=5)
    monkeypatch.undo()
    assert store.task("a") is not None
    store.close()


def test_a_row_that_cannot_be_read_is_an_error_of_the_storage(stored):
    changed(stored, "UPDATE requests SET spec = '{}'")
    store = SqliteStore(stored)
    store.open()
    with pytest.raises(StorageError, match="has a row that cannot be read"):
        store.task("a")
    assert [task.task_id for task in every(store)] == ["a"]
    store.close()


def every(store):
    return store.tasks(TaskFilter(), TaskOrder.CREATED, descending=False, limit=100).tasks


KILLED = """
import os, sys
from pathlib import Path
from gui_agents.storage.sqlite.store import SqliteStore
from tests.gui_agents.storage.entries import whole
store = SqliteStore(Path(sys.argv[1]))
store.open()
for number in range(300):
    store.write(whole(f"{number}"))
os.kill(os.getpid(), 9)
"""


def test_what_was_written_survives_a_kill(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert done.returncode == -9
    store = SqliteStore(tmp_path)
    store.open()
    assert len(every(store)) == 100
    assert sum(store.counts(TaskFilter()).statuses.values()) == 300
    store.close()


def test_the_file_becomes_smaller_when_tasks_are_deleted(tmp_path):
    store = SqliteStore(tmp_path)
    store.open()
    for number in range(40):
        store.write(whole(f"{number}", spec("long " * 4000)))
    changed(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
    before = store.path.stat().st_size
    while store.expire(ended_before=float("inf"), max_bytes=None):
        pass
    changed(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert store.path.stat().st_size < before / 2
    assert store.counts(TaskFilter()).statuses == {}
    store.close()


def test_the_index_of_texts_has_what_is_stored_and_nothing_else(tmp_path):
    store = SqliteStore(tmp_path)
    store.open()
    store.write([entry for number in range(600) for entry in whole(f"{number}", spec(f"number {number}"))])
    store.expire(ended_before=float("inf"), max_bytes=None)
    store.write(whole("after"))
    store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        rows = connection.execute("SELECT rowid FROM search WHERE search MATCH 'num'").fetchall()
    assert [sequence for (sequence,) in rows] == [*range(101, 513)]


def test_files_and_connections_are_given_back(stored):
    def descriptors():
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = descriptors()
    for _ in range(5):
        store = SqliteStore(stored)
        store.open()
        store.write(whole("b"))
        assert store.task("b") is not None
        store.close()
    assert descriptors() == before
