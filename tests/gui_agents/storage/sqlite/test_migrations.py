"""Older databases are brought to the newest version with all that is in them."""

import sqlite3
from contextlib import closing

import pytest

from gui_agents.domain.storage import TaskFilter, TaskOrder
from gui_agents.storage import rows
from gui_agents.storage.migrations import migrations
from gui_agents.storage.sqlite.files import DATABASE
from gui_agents.storage.sqlite.opening import APPLICATION_ID, MIGRATIONS
from gui_agents.storage.sqlite.store import SQLITE, SqliteStore
from tests.gui_agents.storage.entries import EPOCH, created, spec, whole

ENTRIES = [entry for number in range(400) for entry in whole(f"{number}", spec(f"task {number}"), at=EPOCH + number)]


def in_version(directory, version):
    """Make a database as a service of that version has left it."""
    with closing(sqlite3.connect(directory / DATABASE)) as connection:
        for migration in MIGRATIONS[:version]:
            connection.executescript(migration.sql)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        for entry in ENTRIES if version else []:
            for sql, parameters in rows.statements(entry, SQLITE):
                connection.execute(sql, parameters)
        connection.commit()


def test_versions_are_counted_from_1_without_a_gap():
    assert [migration.version for migration in migrations("sqlite")] == [*range(1, len(MIGRATIONS) + 1)]


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
def test_every_older_version_is_brought_to_the_newest(tmp_path, version):
    in_version(tmp_path, version)
    store = SqliteStore(tmp_path)
    store.open()
    if version == 0:
        store.write(ENTRIES)
    store.write([created("newest", spec("task of today"), at=EPOCH + 1000)])
    found = store.tasks(TaskFilter(text="TASK"), TaskOrder.CREATED, descending=False, limit=1000).tasks
    assert [task.task_id for task in found] == [*map(str, range(400)), "newest"]
    one = store.tasks(TaskFilter(text="sk 17"), TaskOrder.ENDED, descending=True, limit=100).tasks
    assert [task.task_id for task in one] == [
        "179",
        "178",
        "177",
        "176",
        "175",
        "174",
        "173",
        "172",
        "171",
        "170",
        "17",
    ]
    assert len(store.messages("7")) == 3
    store.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_step_that_fails_changes_nothing(tmp_path, monkeypatch):
    in_version(tmp_path, 1)
    broken = MIGRATIONS[1].__class__(2, "CREATE TABLE half (a); CREATE TABLE half (a);")
    monkeypatch.setattr("gui_agents.storage.sqlite.opening.MIGRATIONS", (MIGRATIONS[0], broken))
    with pytest.raises(Exception, match="half already exists"):
        SqliteStore(tmp_path).open()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
    monkeypatch.undo()
    store = SqliteStore(tmp_path)
    store.open()
    store.close()
