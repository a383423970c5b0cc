"""Lists and filters cost what they show, however many tasks are stored: no question reads whole tables."""

import itertools

import attrs
import psycopg
import pytest

from gui_agents.domain.journal import TaskEnded
from gui_agents.domain.lifecycle import FailureReason, TaskStatus, failure
from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import TaskFilter, TaskOrder
from gui_agents.storage import queries
from gui_agents.storage.postgres.store import POSTGRES, PostgresStore, _numbered
from tests.gui_agents.storage.entries import EPOCH
from tests.gui_agents.storage.postgres.lives import life

pytestmark = pytest.mark.system_tools

TASKS = 4000
RARE = 400
PAGES_AT_MOST = 400
"""Of 8 KiB; those of the tables are several times as many."""
FILTERS = {
    "none": TaskFilter(),
    "status": TaskFilter(statuses=frozenset({TaskStatus.FAILED})),
    "reason": TaskFilter(reasons=frozenset({FailureReason.TIMEOUT})),
    "model": TaskFilter(models=frozenset({"builtin/rules"})),
    "other model": TaskFilter(models=frozenset({"openai/none"})),
    "backend": TaskFilter(backends=frozenset({"x11"})),
    "owner": TaskFilter(owner="nobody"),
    "time": TaskFilter(created_from=EPOCH + 100, created_before=EPOCH + 120),
    "text": TaskFilter(text="NEEDLE"),
    "common text": TaskFilter(text="haystack"),
    "missing text": TaskFilter(text="zebra"),
    "cost": TaskFilter(min_cost=1),
    "seconds": TaskFilter(min_seconds=1000.0),
}


@pytest.fixture(scope="module")
def filled(postgres_server):
    """Return a connection to a database with many tasks."""
    database = postgres_server.create_database()
    store = PostgresStore(Secret(postgres_server.connection_string(database)))
    store.open()
    for begin in range(0, TASKS, 200):
        store.write(list(itertools.chain.from_iterable(_life(number) for number in range(begin, begin + 200))))
    store.close()
    postgres_server.run("VACUUM ANALYZE", database)
    with psycopg.connect(postgres_server.connection_string(database), autocommit=True) as connection:
        connection.execute("SET jit = off")
        yield connection


def _life(number):
    rare = number % RARE == 0
    entries = life(number, f"haystack {number} {'needle' if rare else ''} " + "straw " * 20)
    if rare:
        late = failure(FailureReason.TIMEOUT, "late")
        ended = entries[-1]
        assert isinstance(ended, TaskEnded)
        entries[-1] = attrs.evolve(ended, status=TaskStatus.FAILED, ending=late, execution_seconds=2000.0)
    return entries


def pages_read(connection, wanted, order, *, descending):
    """Return how many pages of tables and indexes a page of a list reads."""
    read = []

    def fetch(query, parameters):
        explain = b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + _numbered(query)
        ((((plan,)),),) = connection.execute(explain, parameters).fetchall()
        root = plan["Plan"]
        read.append(root["Shared Hit Blocks"] + root["Shared Read Blocks"])
        return connection.execute(_numbered(query), parameters).fetchall()

    queries.page(fetch, POSTGRES, wanted, order, descending=descending, limit=50, cursor="")
    return sum(read)


@pytest.mark.parametrize("order", TaskOrder)
@pytest.mark.parametrize("name", FILTERS)
def test_a_page_of_a_list_reads_little(filled, name, order):
    for descending in (True, False):
        assert pages_read(filled, FILTERS[name], order, descending=descending) < PAGES_AT_MOST


def test_the_tables_are_larger_than_that(filled):
    ((pages,),) = filled.execute("SELECT sum(relpages)::bigint FROM pg_class WHERE relname IN ('tasks', 'texts')")
    assert pages > PAGES_AT_MOST
