from decimal import Decimal

import pytest

from gui_agents.domain.errors import NotFoundError
from gui_agents.domain.lifecycle import Ending, FailureReason, IllegalTransitionError, TaskEvent
from gui_agents.domain.sandbox import SandboxInfo, SandboxType
from gui_agents.domain.task import TaskLimits, TaskStatistics
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall, Usage
from gui_agents.state.table import TaskTable
from tests.fakes import EPOCH, FakeClock, a_spec, new_state

CANCEL = Ending(event=TaskEvent.CANCEL, message="cancelled")
FAIL = Ending(event=TaskEvent.FAIL, message="failed", reason=FailureReason.TIMEOUT)


def dated(monotonic):
    """Date instants as a wall clock does that was never set."""
    return EPOCH + monotonic


@pytest.fixture
def table():
    return TaskTable(TaskLimits(slots=2, queue_capacity=10, retention=2))


def create(table, *task_ids, now=0.0):
    for task_id in task_ids:
        table.create(task_id, a_spec(), now, EPOCH + now)


def evicted_by(table: TaskTable, task_id: str, weight: int = 0, owner_bytes: int | None = None) -> list[str]:
    """End a task, and return what is no longer retained."""
    owner = table.spec(task_id).owner
    table.end(task_id, CANCEL, 1.0, EPOCH, weight=weight)
    return list(table.evict(owner, owner_bytes))


def test_the_queue_is_first_in_first_out(table):
    create(table, "a", "b", "c")
    assert (table.live(), table.pending) == (["a", "b", "c"], 3)
    table.start("a", 1.0, EPOCH)
    table.end("b", CANCEL, 1.0, EPOCH)
    assert table.live() == ["a", "c"]
    table.start("c", 1.0, EPOCH)
    assert (table.pending, table.running) == (0, 2)


def test_an_owner_with_too_many_bytes_loses_its_own_oldest_tasks_alone():
    table = TaskTable(TaskLimits(slots=2, queue_capacity=10, retention=10))
    for task_id in ("ann-1", "bob-1", "ann-2", "ann-3"):
        table.create(task_id, a_spec(owner=task_id[:3]), 0.0, EPOCH)
    assert [evicted_by(table, task_id, weight=40, owner_bytes=100) for task_id in ("ann-1", "bob-1", "ann-2")] == [
        []
    ] * 3
    assert evicted_by(table, "ann-3", weight=40, owner_bytes=100) == ["ann-1"]
    assert [table.owner(task_id) for task_id in ("ann-1", "bob-1", "ann-2")] == [None, "bob", "ann"]
    create(table, "large")
    assert evicted_by(table, "large", weight=101, owner_bytes=100) == ["large"]
    assert len(table) == 3


def test_a_record_tells_the_task_at_one_instant(table):
    create(table, "a", now=10.0)
    assert table.record("a", 12.0).execution_seconds == 0.0
    table.start("a", 15.0, EPOCH + 15)
    sandbox = SandboxInfo("s", SandboxType.LINUX)
    table.sandboxed("a", sandbox)
    assert table.progressed("a", 16.0, 1)
    table.billed("a", ModelCall("openai", "m", CallOutcome.OK, Usage(10, 5, 3), 0.1), Bill(Decimal("0.25"), "USD"))
    table.billed("a", ModelCall("openai", "m", CallOutcome.ERROR, None, 0.1), Bill(Decimal(0), None))
    running = table.record("a", 18.5)
    assert (running.status, running.created_at, running.execution_seconds) == ("running", EPOCH + 10, 3.5)
    assert (running.sandbox, running.ending, running.spec) == (sandbox, None, a_spec())
    assert running.statistics == TaskStatistics(1, 10, 3, Decimal("0.25"), "USD")
    table.end("a", FAIL, 20.0, EPOCH + 20)
    ended = table.record("a", 99.0)
    assert (ended.status, ended.execution_seconds, ended.ending) == ("failed", 5.0, FAIL)
    assert running.status == "running"


def test_only_so_many_ended_tasks_are_retained(table):
    create(table, "a", "b", "c", "d")
    assert [evicted_by(table, task_id) for task_id in "bac"] == [[], [], ["b"]]
    assert table.statistics(1.0, dated).retained == 2
    assert (table.status("b"), table.status("a"), table.status("d")) == (None, "cancelled", "pending")
    with pytest.raises(NotFoundError):
        table.record("b", 1.0)


def test_a_table_that_retains_nothing_forgets_at_once():
    table = TaskTable(TaskLimits(slots=1, queue_capacity=0, retention=0))
    create(table, "a")
    assert evicted_by(table, "a") == ["a"]
    assert (table.status("a"), table.statistics(1.0, dated).created["cancelled"]) == (None, 1)
    create(table, "a")
    assert table.status("a") == "pending"


def test_an_id_is_given_once(table):
    create(table, "a")
    with pytest.raises(ValueError, match="task a exists already"):
        create(table, "a")
    assert table.statistics(0.0, dated).created["pending"] == 1


def test_what_ended_does_not_progress(table):
    create(table, "a")
    assert not table.progressed("a", 0.0)
    table.start("a", 1.0, EPOCH)
    table.end("a", CANCEL, 2.0, EPOCH)
    assert not table.progressed("a", 0.0, 1)
    assert table.record("a", 2.0).statistics.steps == 0
    with pytest.raises(IllegalTransitionError):
        table.end("a", FAIL, 3.0, EPOCH)


@pytest.mark.parametrize("ends", [False, True])
def test_an_illegal_event_changes_nothing(table, ends):
    create(table, "a")
    table.start("a", 1.0, EPOCH)
    if ends:
        table.end("a", CANCEL, 2.0, EPOCH)
    record, statistics = table.record("a", 5.0), table.statistics(5.0, dated)
    with pytest.raises(IllegalTransitionError):
        table.start("a", 3.0, EPOCH + 3)
    if ends:
        with pytest.raises(IllegalTransitionError):
            table.end("a", FAIL, 4.0, EPOCH + 4)
    assert (table.record("a", 5.0), table.statistics(5.0, dated)) == (record, statistics)


def test_the_oldest_progress_is_that_of_the_task_that_has_been_silent_longest(table):
    create(table, "a", "b")
    assert table.statistics(0.0, dated).oldest_progress_at is None
    table.start("a", 1.0, EPOCH + 1)
    table.start("b", 2.0, EPOCH + 2)
    assert table.statistics(2.0, dated).oldest_progress_at == EPOCH + 1
    table.progressed("a", 3.0)
    assert table.statistics(3.0, dated).oldest_progress_at == EPOCH + 2
    table.end("b", CANCEL, 4.0, EPOCH + 4)
    assert table.statistics(4.0, dated).oldest_progress_at == EPOCH + 3


def test_exemplars_name_the_task(table):
    create(table, "a", "b")
    table.start("a", 3.0, EPOCH + 3)
    table.progressed("a", 4.0, 1)
    table.end("a", CANCEL, 7.0, EPOCH + 7)
    table.end("b", CANCEL, 9.0, EPOCH + 9)
    statistics = table.statistics(9.0, dated)
    assert ("a", 3.0, EPOCH + 3) in statistics.queue_wait.exemplars
    assert ("b", 9.0, EPOCH + 9) in statistics.queue_wait.exemplars
    assert [exemplar for exemplar in statistics.execution.exemplars if exemplar] == [("a", 4.0, EPOCH + 7)]
    assert [exemplar for exemplar in statistics.steps.exemplars if exemplar] == [("a", 1, EPOCH + 7)]


def test_a_wall_clock_that_is_set_back_leaves_every_duration_alone():
    clock = FakeClock()
    state = new_state(clock)
    state.task_created("a", a_spec(), "accepted")
    clock.turn_wall_clock(-3600)
    clock.advance(2)
    state.task_started("a")
    clock.turn_wall_clock(7200)
    clock.advance(3)
    assert state.record("a").execution_seconds == 3.0
    state.task_ended("a", CANCEL)
    tasks = state.snapshot().tasks
    assert (tasks.queue_wait.sum, tasks.execution.sum) == (2.0, 3.0)


def test_ended_tasks_are_bounded_in_bytes_too():
    table = TaskTable(TaskLimits(slots=9, queue_capacity=0, retention=100, retention_bytes=1000))
    for number in range(10):
        table.create(str(number), a_spec(), 0.0, EPOCH)
        forgotten = evicted_by(table, str(number), weight=300)
        assert list(forgotten) == ([] if number < 3 else [str(number - 3)])
    assert table.statistics(2.0, dated).retained == 3
    table.create("huge", a_spec(), 0.0, EPOCH)
    assert evicted_by(table, "huge", weight=2000) == ["7", "8", "9", "huge"]


@pytest.mark.parametrize("set_by", [7200.0, -3600.0])
def test_ages_do_not_jump_with_the_wall_clock(set_by):
    clock = FakeClock()
    state = new_state(clock)
    for task_id in ("running", "pending"):
        state.task_created(task_id, a_spec(), "accepted")
    state.task_started("running")
    clock.advance(30.0)
    clock.turn_wall_clock(set_by)
    tasks = state.snapshot().tasks
    assert clock.time() - tasks.oldest_progress_at == 30.0
    assert clock.time() - tasks.oldest_pending_at == 30.0
