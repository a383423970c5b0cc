"""Parts of the store on a real server."""

from pathlib import Path

import pytest

from gui_agents.domain.secret import Secret
from gui_agents.storage.postgres.address import Address
from gui_agents.storage.postgres.session import WRITING, Session
from gui_agents.storage.postgres.watchdog import Watchdog


@pytest.fixture
def watchdog():
    watchdog = Watchdog()
    yield watchdog
    watchdog.close()


@pytest.fixture
def database(postgres_running):
    """Return the name of an empty database of this test's own."""
    return postgres_running.create_database()


@pytest.fixture
def connect(postgres_running, database, watchdog):
    """Return what opens sessions in that database; they end with the test."""
    opened = []

    def connect(name="gui-agents test", settings=WRITING, *, over_tcp=False):
        text = postgres_running.over_tcp(database) if over_tcp else postgres_running.connection_string(database)
        session = Session(Address(Secret(text)), name, settings, watchdog)
        opened.append(session)
        return session

    yield connect
    for session in opened:
        session.close()


@pytest.fixture
def open_files():
    """Return what counts the file descriptors of this process."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))
