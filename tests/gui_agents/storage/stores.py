"""The stores that the contract is tested with; a new one is a row here.

Each makes a store that is not open yet, in a directory of its own; two of one directory are of the same tasks.
"""

from collections.abc import Callable
from pathlib import Path

from gui_agents.domain.storage import TaskStore
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.sqlite.store import SqliteStore

Make = Callable[[Path], TaskStore]

STORES: dict[str, Make] = {"memory": lambda _: MemoryStore(), "sqlite": SqliteStore}
LASTING = ("sqlite",)
"""Those that keep their tasks."""
