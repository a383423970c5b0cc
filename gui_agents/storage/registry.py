"""The stores by the names that TASK_STORAGE_BACKEND takes."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.config import Config
from gui_agents.config.sections import StorageBackend
from gui_agents.domain.storage import TaskStore
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.sqlite.store import SqliteStore


def _memory(config: Config) -> TaskStore:
    return MemoryStore(retention=config.tasks.retention, retention_bytes=config.tasks.retention_bytes)


def _sqlite(config: Config) -> TaskStore:
    return SqliteStore(config.process.runtime_dir)


STORES: Final[Mapping[StorageBackend, Callable[[Config], TaskStore]]] = {
    StorageBackend.SQLITE: _sqlite,
    StorageBackend.MEMORY: _memory,
}


def open_store(config: Config) -> TaskStore:
    """Return the store that a configuration names. It is not open yet: its writer opens it."""
    return STORES[config.storage.backend](config)
