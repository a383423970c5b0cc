"""The waiting tasks: first come, first served, but nobody waits behind an owner who has enough."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gui_agents.access.owners import Owners
from gui_agents.domain.access import Quotas
from gui_agents.tasks.line import Line
from tests.fakes import FakeClock

OWNERS = ("ann", "bob", "")


class History(RuleBasedStateMachine):
    """Tasks come, start and end in any order, and quotas change."""

    def __init__(self):
        super().__init__()
        self.most: dict[str, int | None] = {"ann": 1, "bob": 2, "": None}
        self.owners = Owners(lambda owner: Quotas(running=self.most[owner]), FakeClock().monotonic)
        self.line = Line(self.owners)
        self.pending: dict[str, str] = {}
        self.running: dict[str, str] = {}
        self.count = 0

    @rule(owner=st.sampled_from(OWNERS))
    def come(self, owner):
        self.count += 1
        task = f"t{self.count}"
        self.owners.task_waits(task, owner, 0)
        self.line.add(task, owner)
        self.pending[task] = owner

    @rule()
    def start(self):
        task = self.line.head()
        if task is not None:
            owner = self.pending.pop(task)
            # The oldest of its owner.
            assert owner not in [other for name, other in self.pending.items() if int(name[1:]) < int(task[1:])]
            self.line.remove(task, owner)
            self.owners.task_started(task)
            self.running[task] = owner

    @rule(data=st.data())
    def end(self, data):
        live = {**self.pending, **self.running}
        if live:
            task = data.draw(st.sampled_from(sorted(live)))
            self.pending.pop(task, None)
            self.running.pop(task, None)
            owner = self.owners.task_ended(task)
            self.line.remove(task, owner)
            self.line.task_ended(owner)

    @rule(owner=st.sampled_from(OWNERS), most=st.none() | st.integers(1, 3))
    def change(self, owner, most):
        self.most[owner] = most
        self.line.quotas_changed()

    @invariant()
    def whoever_may_start_is_found(self):
        may = {owner for owner in self.pending.values() if self.owners.may_start(owner)}
        head = self.line.head()
        assert (head is None) == (not may)
        assert head is None or self.pending[head] in may


TestHistory = History.TestCase


def a_line(**most: int) -> tuple[Owners, Line]:
    owners = Owners(lambda owner: Quotas(running=most.get(owner)), FakeClock().monotonic)
    return owners, Line(owners)


def test_without_quotas_the_order_is_that_of_coming():
    owners, line = a_line()
    for task in ("a", "b", "c"):
        owners.task_waits(task, "", 0)
        line.add(task, "")
    line.remove("a", "")
    assert line.head() == "b"


def test_a_task_that_was_parked_comes_before_those_that_were_never_first():
    owners, line = a_line(ann=1)
    for task, owner in (("a1", "ann"), ("a2", "ann"), ("b1", "bob"), ("b2", "bob")):
        owners.task_waits(task, owner, 0)
        line.add(task, owner)
    line.remove("a1", "ann")
    owners.task_started("a1")
    assert line.head() == "b1"
    owners.task_ended("a1")
    line.task_ended("ann")
    assert line.head() == "a2"


def test_a_thousand_parked_tasks_are_looked_at_once():
    owners, line = a_line(ann=1)
    for number in range(1000):
        owners.task_waits(f"a{number}", "ann", 0)
        line.add(f"a{number}", "ann")
    line.remove("a0", "ann")
    owners.task_started("a0")
    looked = []
    may_start, owners.may_start = owners.may_start, lambda owner: looked.append(owner) or may_start(owner)
    assert [line.head() for _ in range(100)] == [None] * 100
    assert len(looked) == 999
