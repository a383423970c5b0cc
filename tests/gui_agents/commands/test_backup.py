"""`gui-agents backup` and `gui-agents restore`, as an operator calls them."""

import pytest

from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from gui_agents.storage.sqlite.store import SqliteStore
from tests.gui_agents.storage.entries import whole


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """Return RUNTIME_DIR with one task."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME_DIR", "files")
    store = SqliteStore(tmp_path / "files")
    store.open()
    store.write(whole("a"))
    store.close()
    return tmp_path / "files"


def test_a_backup_is_made_and_put_back(directory, capsys, monkeypatch):
    assert cli.main(["backup", "tasks.tar"]) == ExitCode.DONE
    assert capsys.readouterr().out == "1 task and 0 pictures are in tasks.tar\n"
    monkeypatch.setenv("RUNTIME_DIR", "other")
    assert cli.main(["restore", "tasks.tar"]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("1 task and 0 pictures of tasks.tar are in other;")
    store = SqliteStore(directory.parent / "other")
    store.open()
    assert store.task("a") is not None
    store.close()


def test_a_file_that_is_there_is_replaced_only_with_force(directory, capsys):
    assert cli.main(["backup", "tasks.tar"]) == ExitCode.DONE
    assert cli.main(["backup", "tasks.tar"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "gui-agents: tasks.tar is there already; --force replaces it\n"
    assert cli.main(["backup", "--force", "tasks.tar"]) == ExitCode.DONE


def test_tasks_that_are_there_are_replaced_only_with_force(directory, capsys):
    cli.main(["backup", "tasks.tar"])
    assert cli.main(["restore", "tasks.tar"]) == ExitCode.FAILED
    assert "--force replaces them" in capsys.readouterr().err
    assert cli.main(["restore", "--force", "tasks.tar"]) == ExitCode.DONE


def test_nothing_is_restored_while_a_service_runs(directory, capsys):
    cli.main(["backup", "tasks.tar"])
    store = SqliteStore(directory)
    store.open()
    assert cli.main(["restore", "--force", "tasks.tar"]) == ExitCode.FAILED
    assert "another service has the tasks" in capsys.readouterr().err
    store.close()


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_storage_that_keeps_nothing_has_no_backup(directory, capsys, monkeypatch, verb):
    monkeypatch.setenv("TASK_STORAGE_BACKEND", "memory")
    assert cli.main([verb, "tasks.tar"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "gui-agents: TASK_STORAGE_BACKEND=memory stores nothing that lasts\n"


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_database_of_postgresql_is_left_to_its_own_commands(directory, capsys, monkeypatch, verb):
    monkeypatch.setenv("TASK_STORAGE_BACKEND", "postgres")
    monkeypatch.setenv("POSTGRES_CONNECTION_STRING", "postgresql://agents:hunter2@db/agents")
    assert cli.main([verb, "tasks.tar"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said == "gui-agents: use pg_dump and pg_restore for a PostgreSQL database: see docs/storage.md\n"


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_file_that_cannot_be_used_is_named(directory, capsys, verb):
    assert cli.main([verb, "--force", "no/such/directory/tasks.tar"]) == ExitCode.FAILED
    assert "no/such/directory" in capsys.readouterr().err
