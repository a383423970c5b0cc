"""The stores that the contract is tested with; a new one is a row here.

Each makes a store that is not open yet, in a directory of its own; two of one directory are of the same tasks.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import TaskStore
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.postgres.store import PostgresStore
from gui_agents.storage.sqlite.store import SqliteStore
from tests import postgres

Make = Callable[[Path], TaskStore]


def _postgres(directory: Path) -> TaskStore:
    server = postgres.shared()
    return PostgresStore(Secret(server.connection_string(server.database_of(directory))), start_seconds=1.0)


STORES: dict[str, Make] = {"memory": lambda _: MemoryStore(), "sqlite": SqliteStore, "postgres": _postgres}
LASTING = ("sqlite", "postgres")
"""Those that keep their tasks."""


def named(*names: str) -> list[object]:
    """Return stores by name as parameters of a test."""
    return [pytest.param(name, marks=[pytest.mark.system_tools] * (name == "postgres")) for name in names]
