"""What a client asks for is what the service reads, and what the service tells is what the client reads."""

from decimal import Decimal

import attrs
from hypothesis import given
from hypothesis import strategies as st

from gui_agents import operator_calls
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.storage import TaskCounts, TaskFilter, TaskOrder, TaskSummary
from gui_agents.domain.task import TaskStatistics
from gui_agents.proto import operator_pb2 as pb
from gui_agents.rpc import operator_convert

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
amounts = st.decimals(0, 10**9, places=6, allow_nan=False)
moments = st.floats(1e9, 4e9)
spans = st.integers(0, 10**9).map(lambda milliseconds: milliseconds / 1000)
numbers = st.integers(0, 2**31 - 1)

filters = st.builds(
    TaskFilter,
    statuses=st.frozensets(st.sampled_from(TaskStatus)),
    reasons=st.frozensets(st.sampled_from(FailureReason)),
    models=st.frozensets(names),
    backends=st.frozensets(names),
    owner=st.none() | names,
    created_from=st.none() | moments,
    created_before=st.none() | moments,
    text=names,
    min_cost=st.none() | amounts,
    max_cost=st.none() | amounts,
    min_seconds=st.none() | spans,
    max_seconds=st.none() | spans,
    id_prefix=names,
)
summaries = st.builds(
    TaskSummary,
    task_id=names,
    attempt=numbers,
    owner=names,
    status=st.sampled_from(TaskStatus),
    reason=st.none() | st.sampled_from(FailureReason),
    model=names,
    backend=names,
    instruction=names,
    message=names,
    created_at=moments,
    started_at=st.none() | moments,
    ended_at=st.none() | moments,
    execution_seconds=spans,
    statistics=st.builds(
        TaskStatistics, numbers, numbers, numbers, amounts, st.none() | st.sampled_from(["USD", "CNY"])
    ),
)


@given(wanted=filters)
def test_the_service_reads_the_filter_of_a_client(wanted):
    sent = pb.TaskFilter.FromString(operator_calls.filter_message(wanted).SerializeToString())
    assert operator_convert.task_filter(sent) == wanted


@given(order=st.sampled_from(TaskOrder), ascending=st.booleans(), size=st.integers(1, 500), token=names)
def test_the_service_reads_the_order_of_a_client(order, ascending, size, token):
    sent = operator_calls.list_request(TaskFilter(), order, ascending=ascending, page_size=size, page_token=token)
    read = operator_convert.task_order(sent.order), sent.ascending, operator_convert.page_size(sent.page_size)
    assert (*read, sent.page_token) == (order, ascending, size, token)


@given(task=summaries)
def test_a_client_reads_the_line_of_the_service(task):
    assert operator_calls.summary(operator_convert.summary(task, 1000)) == task


def test_texts_that_utf8_cannot_write_are_shown_all_the_same():
    task = attrs.evolve(EXAMPLE, instruction="half \ud83d", message="\udc80")
    read = operator_calls.summary(operator_convert.summary(task, 1000))
    assert (read.instruction, read.message) == ("half ?", "?")


def test_a_client_reads_the_sums_of_the_service():
    sums = TaskCounts(
        statuses={TaskStatus.FAILED: 3, TaskStatus.COMPLETED: 4},
        reasons={FailureReason.STUCK: 3},
        costs={"CNY": Decimal("0.000001"), "USD": Decimal("12.5")},
        input_tokens=2**40,
        output_tokens=7,
        steps=99,
        execution_seconds=1.5,
    )
    reply = pb.GetOverviewResponse(counts=operator_convert.counts(sums), version="1.2.3")
    read = operator_calls.overview(reply)
    assert (read.counts, read.version, read.load, read.storage_problem) == (sums, "1.2.3", None, "")


EXAMPLE = TaskSummary(
    task_id="t",
    attempt=1,
    owner="",
    status=TaskStatus.PENDING,
    reason=None,
    model="builtin/rules",
    backend="simulated",
    instruction="finish",
    message="",
    created_at=1e9,
    started_at=None,
    ended_at=None,
    execution_seconds=0.0,
    statistics=TaskStatistics(),
)
