"""The query of the list of tasks is read as it is meant, and what is not understood is named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.http.tasks.wanted import read
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.storage import TaskFilter, TaskOrder

NOW = 1_700_000_000.0


def test_nothing_asked_is_everything_newest_first():
    query = read("", NOW)
    assert (query.wanted, query.order, query.descending, query.cursor) == (TaskFilter(), TaskOrder.CREATED, True, "")
    assert query.mistakes == ()


def test_each_field_is_read():
    query = read(
        "status=failed&status=running&reason=timeout&model=openai/x&backend=x11&owner=ann&since=1h&until=2023-11-14"
        "&text=a+b&id=95dd&min_cost=0.5&sort=cost&order=asc&cursor=c",
        NOW,
    )
    assert query.wanted == TaskFilter(
        statuses=frozenset({TaskStatus.FAILED, TaskStatus.RUNNING}),
        reasons=frozenset({FailureReason.TIMEOUT}),
        models=frozenset({"openai/x"}),
        backends=frozenset({"x11"}),
        owner="ann",
        created_from=NOW - 3600,
        created_before=1_699_920_000.0,
        text="a b",
        id_prefix="95dd",
        min_cost=Decimal("0.5"),
    )
    assert (query.order, query.descending, query.cursor, query.mistakes) == (TaskOrder.COST, False, "c", ())


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("status=dead", "status: 'dead' is none of pending, running, completed, failed, cancelled"),
        ("reason=x", "reason: 'x' is none of agent_gave_up"),
        ("since=soon", "since: 'soon' is no time: write 90s, 1h or 2d"),
        ("until=2023-99-99", "until: '2023-99-99' is no time"),
        ("min_cost=much", "min_cost: 'much' is no amount such as 0.05"),
        ("min_cost=-1", "min_cost: '-1' is no amount"),
        ("min_cost=NaN", "min_cost: 'NaN' is no amount"),
        ("min_cost=1e99", "min_cost: '1e99' is no amount"),
        ("sort=colour", "sort: 'colour' is none of created"),
        ("&".join(f"a{number}=1" for number in range(100)), "the address has too many fields"),
    ],
)
def test_a_mistake_is_named_and_left_out(query, mistake):
    found = read(query, NOW)
    assert (found.wanted, found.order) == (TaskFilter(), TaskOrder.CREATED)
    assert [problem.startswith(mistake) for problem in found.mistakes] == [True]


def test_an_address_keeps_the_filter_and_leaves_the_cursor():
    query = read("status=failed&text=a%26b&owner=&cursor=old&unknown=1", NOW)
    assert query.address() == "status=failed&text=a%26b"
    assert query.address(cursor="new") == "status=failed&text=a%26b&cursor=new"
    assert query.address(text="") == "status=failed"
    assert (query.first("text"), query.first("owner")) == ("a&b", "")


@given(st.text() | st.from_regex(r"(status|since|until|min_cost|sort|order|text)=[ -~]{0,40}", fullmatch=True))
def test_no_query_breaks_it(text):
    query = read(text, NOW)
    assert read(query.address(), NOW).wanted == query.wanted
