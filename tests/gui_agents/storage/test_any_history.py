"""Every store against a model in dicts: any entries in any order, twice, too late; any list, filter and page."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gui_agents.domain.model import NO_HISTORY
from gui_agents.domain.storage import TaskFilter, TaskOrder, TaskStore
from tests.gui_agents.storage import drawn
from tests.gui_agents.storage.naive import NaiveStore, in_order
from tests.gui_agents.storage.stores import LASTING, STORES, named

orders = st.sampled_from(TaskOrder)


class StoreMachine(RuleBasedStateMachine):
    """A store and the model, told the same."""

    name: str

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.naive = NaiveStore()
        self.store = self.opened()

    def opened(self) -> TaskStore:
        store = STORES[self.name](self.directory)
        store.open()
        return store

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)

    @initialize(batch=st.lists(drawn.entries(), min_size=3, max_size=10))
    def begin(self, batch):
        self.write(batch)

    @rule(batch=drawn.batches)
    def write(self, batch):
        self.store.write(batch)
        self.naive.write(batch)

    @rule(batch=drawn.batches)
    def write_twice(self, batch):
        for store in (self.store, self.store, self.naive, self.naive):
            store.write(batch)

    @rule()
    def restart(self):
        if self.name in LASTING:
            self.store.close()
            self.store = self.opened()

    @rule(wanted=drawn.filters | st.just(TaskFilter()), order=orders, descending=st.booleans(), limit=st.integers(1, 4))
    def list_by_pages(self, wanted, order, descending, limit):
        found, cursor = [], ""
        while True:
            page = self.store.tasks(wanted, order, descending=descending, limit=limit, cursor=cursor)
            assert len(page.tasks) <= limit
            found += page.tasks
            cursor = page.next_cursor
            if not cursor:
                break
            assert len(page.tasks) == limit
        assert found == self.naive.list(wanted, order, descending=descending)

    @rule(wanted=drawn.filters)
    def count(self, wanted):
        ours, theirs = self.store.counts(wanted), self.naive.counts(wanted)
        assert ours.execution_seconds == pytest.approx(theirs.execution_seconds)
        for name in ("statuses", "reasons", "costs", "input_tokens", "output_tokens", "steps"):
            assert getattr(ours, name) == getattr(theirs, name), name

    @rule(before=drawn.instants)
    def expire(self, before):
        assert set(self.store.expire(ended_before=before, max_bytes=None)) == self.naive.expire(before)

    @invariant()
    def the_same_is_stored(self):
        assert self.store.unfinished() == self.naive.unfinished()
        for task_id in drawn.TASK_IDS:
            assert self.store.task(task_id) == self.naive.stored(task_id)
            known = self.naive.tasks.get(task_id, {"messages": {}, "steps": {}, "history": NO_HISTORY})
            assert self.store.messages(task_id) == in_order(known["messages"])
            assert self.store.steps(task_id) == in_order(known["steps"])
            assert self.store.history(task_id) == known["history"]
        for day in range(11_000, 11_003):
            assert self.store.spent(day) == self.naive.days.get(day, {})


def machine(name: str) -> type[StoreMachine]:
    return type(f"{name.capitalize()}Machine", (StoreMachine,), {"name": name})


@pytest.mark.parametrize("name", named(*STORES))
def test_every_store_says_what_a_model_in_dicts_says(name):
    cls = machine(name)
    case = cls.TestCase()
    case.settings = settings(stateful_step_count=10)
    case.runTest()
