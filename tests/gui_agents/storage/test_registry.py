"""The configuration names the store."""

import pytest

from gui_agents.config.storage import StorageBackend
from gui_agents.domain.redaction import Redactor
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.registry import STORES, open_store
from gui_agents.storage.sqlite.files import DATABASE
from gui_agents.storage.sqlite.store import SqliteStore
from tests.gui_agents.storage.entries import whole
from tests.serving import configured


def test_every_backend_has_a_store():
    assert set(STORES) == set(StorageBackend)


@pytest.mark.parametrize(("backend", "cls"), [("memory", MemoryStore), ("sqlite", SqliteStore)])
def test_the_backend_chooses_the_store_and_nothing_is_opened_yet(tmp_path, backend, cls):
    store = open_store(configured({"TASK_STORAGE_BACKEND": backend, "RUNTIME_DIR": str(tmp_path)}))
    assert type(store) is cls
    assert [*tmp_path.iterdir()] == []


def test_sqlite_stores_in_the_runtime_directory(tmp_path):
    store = open_store(configured({"TASK_STORAGE_BACKEND": "sqlite", "RUNTIME_DIR": str(tmp_path)}))
    store.open()
    assert (tmp_path / DATABASE).exists()
    store.close()


def test_memory_keeps_as_many_ended_tasks_as_the_table():
    store = open_store(configured({"TASK_RETENTION": "2"}))
    for number in range(5):
        store.write(whole(f"{number}"))
    assert [store.task(f"{number}") is not None for number in range(5)] == [False, False, False, True, True]
    assert store.steps("0") == []


def test_memory_keeps_no_more_bytes_than_the_table():
    store = MemoryStore(retention_bytes=20_000)
    for number in range(50):
        store.write(whole(f"{number}"))
        store.write(whole(f"{number}")[-1:])
    kept = [store.task(f"{number}") is not None for number in range(50)]
    assert kept == sorted(kept)
    assert 0 < sum(kept) < 50
    assert store.size_bytes() <= 20_000
    assert store.expire(ended_before=float("inf"), max_bytes=None)
    assert store.size_bytes() == 0


def test_memory_looks_for_keys_in_an_instruction_once(monkeypatch):
    looked, redacted = [], Redactor.redacted
    monkeypatch.setattr(Redactor, "redacted", lambda self, text: looked.append(text) or redacted(self, text))
    store = MemoryStore()
    store.write(whole("a"))
    assert store.task("a").record.ending is not None
    assert len(looked) == 1
