"""Backups are of one instant, and what is put back is what was stored."""

import io
import sqlite3
import tarfile
import threading
from contextlib import closing

import pytest

from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.storage import StorageStartError, TaskFilter, TaskOrder
from gui_agents.storage.sqlite.backup import BackupError, Contents, back_up, restore
from gui_agents.storage.sqlite.files import DATABASE
from gui_agents.storage.sqlite.store import SqliteStore
from tests.gui_agents.storage.entries import spec, whole


@pytest.fixture
def running(tmp_path):
    """Return an open store with two tasks and a picture."""
    store = SqliteStore(tmp_path / "running")
    store.open()
    store.write([*whole("a"), *whole("b")])
    picture = tmp_path / "running" / "pictures" / "a" / "1.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    yield store
    store.close()


def every(store):
    return store.tasks(TaskFilter(), TaskOrder.CREATED, descending=False, limit=100_000).tasks


def said(store, task_id):
    return [store.task(task_id), store.messages(task_id), store.steps(task_id), store.history(task_id)]


def test_a_backup_while_the_service_writes_is_whole_and_can_be_put_back_elsewhere(running, tmp_path):
    written, done = [], threading.Event()

    def write():
        while not done.is_set():
            running.write(whole(f"{len(written)}", spec(f"task {len(written)}")))
            written.append(len(written))

    writer = threading.Thread(target=write)
    writer.start()
    before = 0
    for _ in range(3):
        while len(written) < before + 30:
            pass
        before = len(written)
        back_up(running.path.parent, tmp_path / "tasks.tar")
    after = len(written)
    done.set()
    writer.join()

    contents = restore(tmp_path / "tasks.tar", tmp_path / "elsewhere", force=False)
    store = SqliteStore(tmp_path / "elsewhere")
    store.open()
    tasks = every(store)
    assert contents == Contents(len(tasks), 1)
    assert before + 2 <= len(tasks) <= after + 3
    assert {task.status for task in tasks} == {TaskStatus.COMPLETED}
    assert [said(store, task.task_id) for task in tasks] == [said(running, task.task_id) for task in tasks]
    assert (tmp_path / "elsewhere" / "pictures" / "a" / "1.jpg").read_bytes() == b"a picture"
    store.write(whole("next"))
    store.close()
    assert {path.name for path in tmp_path.iterdir()} == {"running", "elsewhere", "tasks.tar"}


def test_a_backup_of_a_killed_service_has_what_its_log_has(running, tmp_path):
    files = {path.name: path.read_bytes() for path in running.path.parent.glob(f"{DATABASE}*")}
    (tmp_path / "killed").mkdir()
    for name in (DATABASE, f"{DATABASE}-wal"):
        (tmp_path / "killed" / name).write_bytes(files[name])
    assert back_up(tmp_path / "killed", tmp_path / "tasks.tar").tasks == 2


def test_nobody_else_can_read_a_backup(running, tmp_path):
    back_up(running.path.parent, tmp_path / "tasks.tar")
    assert (tmp_path / "tasks.tar").stat().st_mode & 0o777 == 0o600


def test_there_is_no_backup_of_nothing(tmp_path):
    with pytest.raises(BackupError, match="no tasks are stored in"):
        back_up(tmp_path, tmp_path / "tasks.tar")
    assert [*tmp_path.iterdir()] == []


def test_a_backup_that_fails_leaves_the_former_one(running, tmp_path):
    (tmp_path / "tasks.tar").write_bytes(b"former")
    with closing(sqlite3.connect(running.path)) as connection:
        connection.execute("ALTER TABLE tasks RENAME TO lost")
    with pytest.raises(BackupError, match="no such table: tasks"):
        back_up(running.path.parent, tmp_path / "tasks.tar")
    assert (tmp_path / "tasks.tar").read_bytes() == b"former"
    assert {path.name for path in tmp_path.iterdir()} == {"running", "tasks.tar"}


def test_tasks_that_are_there_are_only_replaced_if_that_is_said(running, tmp_path):
    directory = running.path.parent
    back_up(directory, tmp_path / "tasks.tar")
    running.write(whole("later"))
    (directory / "pictures" / "later").mkdir()
    (directory / "pictures" / "later" / "1.jpg").write_bytes(b"later")
    with pytest.raises(StorageStartError, match="another service has"):
        restore(tmp_path / "tasks.tar", directory, force=True)
    running.close()
    with pytest.raises(BackupError, match="--force replaces them"):
        restore(tmp_path / "tasks.tar", directory, force=False)
    restore(tmp_path / "tasks.tar", directory, force=True)
    store = SqliteStore(directory)
    store.open()
    assert [task.task_id for task in every(store)] == ["a", "b"]
    store.close()
    assert [path.name for path in (directory / "pictures").iterdir()] == ["a"]
    assert not [*directory.glob("restore-*")]


def test_a_damaged_database_can_be_replaced_and_its_log_is_not_taken_for_the_new_ones(running, tmp_path):
    directory = running.path.parent
    back_up(directory, tmp_path / "tasks.tar")
    with closing(sqlite3.connect(running.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    running.write(whole("later"))
    log = directory / f"{DATABASE}-wal"
    left = log.read_bytes()
    running.close()
    running.path.write_bytes(b"damaged" * 10_000)
    log.write_bytes(left)
    restore(tmp_path / "tasks.tar", directory, force=True)
    store = SqliteStore(directory)
    store.open()
    assert len(every(store)) == 2
    store.close()


def tar_of(path, **members):
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def database(directory, *statements):
    directory.mkdir()
    with closing(sqlite3.connect(directory / "made")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return (directory / "made").read_bytes()


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({}, "tasks.sqlite is not in it"),
        ({"pictures/a/1.jpg": b""}, "tasks.sqlite is not in it"),
        ({"../tasks.sqlite": b""}, "it has '../tasks.sqlite'"),
        ({"pictures/../x": b""}, "it has 'pictures/../x'"),
        ({"/etc/x/y": b""}, "it has '/etc/x/y'"),
        ({"notes.txt": b""}, "it has 'notes.txt'"),
        ({"tasks.sqlite": b"no database" * 1000}, "is not a database"),
    ],
)
def test_what_is_no_backup_is_refused_and_changes_nothing(tmp_path, members, problem):
    file = tar_of(tmp_path / "file.tar", **members)
    with pytest.raises(BackupError) as refused:
        restore(file, tmp_path / "directory", force=False)
    assert problem in str(refused.value)
    assert [path.name for path in (tmp_path / "directory").iterdir()] == [f"{DATABASE}.lock"]


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        (["CREATE TABLE theirs (a)"], "is a database of another program"),
        (["PRAGMA application_id = 1196771668", "PRAGMA user_version = 99"], "was written by a newer version"),
    ],
)
def test_a_backup_of_something_else_is_refused(tmp_path, statements, problem):
    file = tar_of(tmp_path / "file.tar", **{DATABASE: database(tmp_path / "made", *statements)})
    with pytest.raises(BackupError, match=problem):
        restore(file, tmp_path / "directory", force=False)


@pytest.mark.parametrize("content", [b"", b"no tar file " * 1000])
def test_a_file_that_is_no_tar_is_refused(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BackupError, match="cannot be restored"):
        restore(tmp_path / "file", tmp_path / "directory", force=False)


def test_a_link_in_a_backup_is_refused(tmp_path):
    with tarfile.open(tmp_path / "file.tar", "w") as tar:
        link = tarfile.TarInfo(DATABASE)
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(BackupError, match="is no backup of this service"):
        restore(tmp_path / "file.tar", tmp_path / "directory", force=False)
