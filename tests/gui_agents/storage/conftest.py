"""Stores, open and empty."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gui_agents.domain.storage import TaskStore
from tests.gui_agents.storage.stores import LASTING, STORES, named


@pytest.fixture(params=named(*STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TaskStore]:
    """Return each kind of store."""
    opened = STORES[request.param](tmp_path)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture(params=named(*LASTING))
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], TaskStore]]:
    """Return what makes a store of the same tasks again, not open; all are closed at the end."""
    made: list[TaskStore] = []

    def make() -> TaskStore:
        made.append(STORES[request.param](tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.close()
