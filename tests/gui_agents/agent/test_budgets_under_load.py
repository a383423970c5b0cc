"""The short form of `make bench ARGS=budgets`."""

import pytest

from tests.spenders import LIMIT, TASKS, run


@pytest.mark.parametrize("seed", range(5))
def test_many_tasks_never_spend_more_than_the_budget_and_can_use_nearly_all_of_it(seed):
    spent = run(seed)
    assert max(spent.highest, spent.billed, spent.at_the_end) <= LIMIT
    assert spent.at_the_end >= LIMIT * 9 / 10
    assert spent.refused > TASKS / 2
