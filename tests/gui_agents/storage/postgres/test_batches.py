"""Batches as groups of equal statements: nothing is lost, each task's order is kept, and there are few groups."""

from hypothesis import given

from gui_agents.domain.journal import DaySpent, TaskRequeued
from gui_agents.storage import rows
from gui_agents.storage.postgres.batches import groups
from gui_agents.storage.postgres.store import POSTGRES
from tests.gui_agents.storage import drawn
from tests.gui_agents.storage.postgres.lives import accepted, ended


def by_task(entries, grouped):
    """Return the statements of each task in the order in which the groups have them."""
    owners = {}
    for entry, statements in rows.of_batch(entries, POSTGRES):
        task_id = "" if isinstance(entry, DaySpent) else entry.task_id
        for statement, parameters in statements:
            owners[statement, repr(parameters)] = task_id
    found = {}
    for statement, parameters in grouped:
        found.setdefault(owners[statement, repr(parameters)], []).append((statement, repr(parameters)))
    return found


@given(drawn.batches)
def test_each_task_is_written_in_the_order_of_its_entries(entries):
    plain = [pair for _, statements in rows.of_batch(entries, POSTGRES) for pair in statements]
    grouped = [(statement, parameters) for statement, many in groups(entries, POSTGRES) for parameters in many]
    assert len(grouped) == len(plain)
    assert by_task(entries, grouped) == by_task(entries, plain)


@given(drawn.batches)
def test_tasks_are_created_in_the_order_of_the_entries(entries):
    plain = [pair for _, statements in rows.of_batch(entries, POSTGRES) for pair in statements]
    grouped = [(statement, parameters) for statement, many in groups(entries, POSTGRES) for parameters in many]
    assert [pair for pair in grouped if pair[0] == rows.CREATE] == [pair for pair in plain if pair[0] == rows.CREATE]


def test_a_task_that_is_created_late_lets_later_ones_wait():
    entries = [TaskRequeued(task_id="task-1", attempt=2), *accepted(1), *accepted(2)]
    created = [
        parameters[0]
        for statement, many in groups(entries, POSTGRES)
        for parameters in many
        if "INTO tasks" in statement
    ]
    assert created == ["task-1", "task-2"]


def test_many_submissions_are_as_few_groups_as_one():
    one = list(groups(accepted(1), POSTGRES))
    many = list(groups([entry for number in range(64) for entry in accepted(number)], POSTGRES))
    assert [statement for statement, _ in many] == [statement for statement, _ in one]
    assert {len(parameters) for _, parameters in many} == {64}


def test_lives_that_run_at_the_same_time_are_one_round():
    entries = [*accepted(1), *ended(2), *accepted(3), *ended(4), DaySpent(day=1, currency="USD", amount=1)]
    statements = [statement for statement, _ in groups(entries, POSTGRES)]
    assert len(statements) == len(set(statements))


def test_an_empty_batch_has_no_statements():
    assert list(groups([], POSTGRES)) == []
