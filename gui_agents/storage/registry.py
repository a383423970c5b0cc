"""The stores by the names that TASK_STORAGE_BACKEND takes."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.config import Config
from gui_agents.config.storage import StorageBackend
from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.packages import OptionalPackage, install_command
from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import TaskStore
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.sqlite.store import SqliteStore

PSYCOPG: Final = OptionalPackage("psycopg", extra="postgres", purpose="tasks in PostgreSQL")


def _memory(config: Config) -> TaskStore:
    return MemoryStore(retention=config.tasks.retention, retention_bytes=config.tasks.retention_bytes)


def _sqlite(config: Config) -> TaskStore:
    return SqliteStore(config.process.runtime_dir)


def _postgres(config: Config) -> TaskStore:
    PSYCOPG.check()
    try:
        from gui_agents.storage.postgres.store import PostgresStore  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise PreconditionError(f"psycopg cannot be loaded ({error}); {install_command(PSYCOPG.extra)}") from error
    # Without it the configuration is refused.
    return PostgresStore(config.storage.postgres or Secret(""))


STORES: Final[Mapping[StorageBackend, Callable[[Config], TaskStore]]] = {
    StorageBackend.SQLITE: _sqlite,
    StorageBackend.MEMORY: _memory,
    StorageBackend.POSTGRES: _postgres,
}


def open_store(config: Config) -> TaskStore:
    """Return the store that a configuration names. It is not open yet: its writer opens it.

    Raises:
        PreconditionError: a package that it needs is not installed.
    """
    return STORES[config.storage.backend](config)
