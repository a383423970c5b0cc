"""Parts of the store on a real server."""

from pathlib import Path

import pytest

from gui_agents.domain.secret import Secret
from gui_agents.storage.postgres.address import Address
from gui_agents.storage.postgres.session import WRITING, Session
from gui_agents.storage.postgres.store import PostgresStore
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


@pytest.fixture
def make_store(postgres_running, database):
    """Return what makes stores in that database; they are closed at the end."""
    made = []

    def make(**options):
        store = PostgresStore(
            Secret(postgres_running.connection_string(database)), **{"start_seconds": 10.0, **options}
        )
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make_store):
    """Return an open store."""
    store = make_store()
    store.open()
    return store
