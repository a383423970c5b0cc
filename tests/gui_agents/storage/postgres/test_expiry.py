"""How much room tasks take, as it is estimated, beside what the server says."""

import pytest

from gui_agents.domain.journal import DaySpent
from gui_agents.storage.postgres import expiry
from tests.gui_agents.storage.entries import EPOCH
from tests.gui_agents.storage.postgres.lives import life

pytestmark = pytest.mark.system_tools

SIZES = """
SELECT sum(pg_total_relation_size(format('%I', tablename)::regclass))::bigint FROM pg_tables WHERE schemaname = 'public'
"""


def fill(store, number):
    for begin in range(0, number, 100):
        store.write([entry for each in range(begin, begin + 100) for entry in life(each, f"{each} " + "words " * 50)])


def test_the_size_is_about_that_of_the_tables_with_their_indexes(store, postgres_server, database):
    assert store.size_bytes() == 0
    fill(store, 1000)
    postgres_server.run("VACUUM FULL", database)
    ((real,),) = postgres_server.run(SIZES, database)
    assert 0.7 < store.size_bytes() / real < 1.1


def test_deleted_tasks_count_no_more_although_the_files_stay(store, postgres_server, database):
    fill(store, 500)
    ((before,),) = postgres_server.run(SIZES, database)
    size = store.size_bytes()
    while store.expire(ended_before=EPOCH + 403, max_bytes=None):
        pass
    postgres_server.run("VACUUM", database)
    ((after,),) = postgres_server.run(SIZES, database)
    assert after > 0.8 * before
    assert 0.15 < store.size_bytes() / size < 0.3


def test_the_estimate_from_some_pages_is_near_that_from_all(store, monkeypatch):
    fill(store, 2000)
    whole = store.size_bytes()
    monkeypatch.setattr(expiry, "SAMPLED_PAGES", 40)
    assert 0.7 < store.size_bytes() / whole < 1.4


def test_what_old_days_have_cost_goes_with_their_tasks(store):
    today = int(EPOCH // 86_400)
    store.write([DaySpent(day=day, currency="USD", amount=1) for day in (today - 1, today)])
    store.expire(ended_before=EPOCH, max_bytes=0)
    assert [store.spent(today - 1), store.spent(today)] == [{}, {"": {"USD": 1}}]
    store.expire(ended_before=float("-inf"), max_bytes=None)
    assert store.spent(today) == {"": {"USD": 1}}
