"""The messages of the Operator service as a client needs them: requests from the domain, replies to it; pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import attrs
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.storage import TaskCounts, TaskFilter, TaskOrder, TaskSummary
from gui_agents.domain.task import TaskStatistics
from gui_agents.proto import operator_pb2 as pb
from gui_agents.proto.times import duration, seconds_of, timestamp

STATUSES: Final[Mapping[int, TaskStatus]] = {
    pb.TaskStatus.Value(f"TASK_STATUS_{status.name}"): status for status in TaskStatus
}
REASONS: Final[Mapping[int, FailureReason]] = {
    pb.FailureReason.Value(f"FAILURE_REASON_{reason.name}"): reason for reason in FailureReason
}


@attrs.frozen(kw_only=True)
class StepReport:
    """One action of a task's step."""

    number: int
    """Of the step, from 1; an answer of the model with several actions makes several of one number."""
    attempt: int
    at: datetime
    """Wall clock of the service, UTC."""
    action: str
    """JSON; empty for an answer that was no action."""
    rationale: str
    outcome: str
    seconds: float
    tokens: int
    cost: Decimal
    currency: str | None
    """ISO code; None if no price is known."""
    picture: str
    """The name of the picture of the screen; empty if none is kept."""


@attrs.frozen(kw_only=True)
class TaskDetails:
    """All that the service tells of one task."""

    summary: TaskSummary
    instruction: str
    result: str
    """The agent's answer; empty until the task has ended."""
    config: Mapping[str, Any]
    """What it runs with, by the names of CommonConfig, keys masked."""
    previous_task_id: str
    """The task that it continues; empty if none."""
    unused: Sequence[str]
    """What was asked for and has no effect."""
    steps: Sequence[StepReport]
    """The last ones, the oldest first."""
    omitted_steps: int
    """Steps before these."""


@attrs.frozen
class CancelledTasks:
    """What became of a request to cancel tasks."""

    matched: int
    cancelled: int
    """0 if it was a dry run."""
    task_ids: Sequence[str]
    """Of the matched ones, at most 1,000."""


@attrs.frozen(kw_only=True)
class ServiceLoad:
    """What a service does now."""

    running: int
    slots: int
    pending: int
    queue_capacity: int
    oldest_pending_at: float | None
    """Wall clock, seconds since the epoch; None if no task waits."""


@attrs.frozen(kw_only=True)
class Overview:
    """The tasks of a time, added up, and how the service is."""

    version: str
    counts: TaskCounts | None
    """None if the storage cannot be read."""
    load: ServiceLoad | None
    """None if the caller may not know."""
    storage_problem: str
    """Empty if there is none."""
    storage_bytes: int


def list_request(
    wanted: TaskFilter, order: TaskOrder, *, ascending: bool, page_size: int, page_token: str
) -> pb.ListTasksRequest:
    """Return the request for a page of a list."""
    return pb.ListTasksRequest(
        filter=filter_message(wanted),
        order=f"TASK_ORDER_{order.name}",
        ascending=ascending,
        page_size=page_size,
        page_token=page_token,
    )


def filter_message(wanted: TaskFilter) -> pb.TaskFilter:
    """Return a filter as a part of a request."""
    return pb.TaskFilter(
        statuses=[f"TASK_STATUS_{status.name}" for status in sorted(wanted.statuses)],
        reasons=[f"FAILURE_REASON_{reason.name}" for reason in sorted(wanted.reasons)],
        models=sorted(wanted.models),
        backends=sorted(wanted.backends),
        owner=wanted.owner,
        created_from=_instant(wanted.created_from),
        created_before=_instant(wanted.created_before),
        text=wanted.text,
        min_cost="" if wanted.min_cost is None else f"{wanted.min_cost:f}",
        max_cost="" if wanted.max_cost is None else f"{wanted.max_cost:f}",
        min_duration=_span(wanted.min_seconds),
        max_duration=_span(wanted.max_seconds),
        id_prefix=wanted.id_prefix,
    )


def overview_request(created_from: float | None, created_before: float | None) -> pb.GetOverviewRequest:
    """Return the request for the tasks of a time, added up."""
    return pb.GetOverviewRequest(created_from=_instant(created_from), created_before=_instant(created_before))


def summary(line: pb.TaskSummary) -> TaskSummary:
    """Return one line of a list."""
    return TaskSummary(
        task_id=line.task_id,
        attempt=line.attempt,
        owner=line.owner,
        status=STATUSES[line.status],
        reason=REASONS.get(line.reason),
        model=line.model,
        backend=line.backend,
        instruction=line.instruction,
        message=line.message,
        created_at=seconds_of(line.created_at),
        started_at=seconds_of(line.started_at) if line.HasField("started_at") else None,
        ended_at=seconds_of(line.ended_at) if line.HasField("ended_at") else None,
        execution_seconds=seconds_of(line.duration),
        statistics=TaskStatistics(
            line.steps,
            line.input_tokens,
            line.output_tokens,
            _amount(line.cost),
            line.cost.currency or None,
        ),
    )


def details(reply: pb.GetTaskResponse) -> TaskDetails:
    """Return what a service tells of one task."""
    return TaskDetails(
        summary=summary(reply.summary),
        instruction=reply.instruction,
        result=reply.result,
        config=_plain(reply.config),
        previous_task_id=reply.previous_task_id,
        unused=tuple(reply.unused),
        steps=tuple(map(_step, reply.steps)),
        omitted_steps=reply.omitted_steps,
    )


def overview(reply: pb.GetOverviewResponse) -> Overview:
    """Return the tasks of a time, added up, and how the service is."""
    sums, load = reply.counts, reply.load
    return Overview(
        version=reply.version,
        counts=TaskCounts(
            statuses={STATUSES[each.status]: each.count for each in sums.statuses},
            reasons={REASONS[each.reason]: each.count for each in sums.reasons},
            costs={each.currency: _amount(each) for each in sums.costs},
            input_tokens=sums.input_tokens,
            output_tokens=sums.output_tokens,
            steps=sums.steps,
            execution_seconds=seconds_of(sums.duration),
        )
        if reply.HasField("counts")
        else None,
        load=ServiceLoad(
            running=load.running,
            slots=load.slots,
            pending=load.pending,
            queue_capacity=load.queue_capacity,
            oldest_pending_at=seconds_of(load.oldest_pending_at) if load.HasField("oldest_pending_at") else None,
        )
        if reply.HasField("load")
        else None,
        storage_problem=reply.storage.problem,
        storage_bytes=reply.storage.size_bytes,
    )


def _step(step: pb.Step) -> StepReport:
    return StepReport(
        number=step.number,
        attempt=step.attempt,
        at=step.at.ToDatetime(tzinfo=UTC),
        action=step.action,
        rationale=step.rationale,
        outcome=step.outcome,
        seconds=seconds_of(step.duration),
        tokens=step.tokens,
        cost=_amount(step.cost),
        currency=step.cost.currency or None,
        picture=step.picture,
    )


def _plain(message: Message) -> Mapping[str, Any]:
    return MessageToDict(message)


def _amount(cost: pb.Cost) -> Decimal:
    return Decimal(cost.amount or 0)


def _instant(at: float | None) -> Timestamp | None:
    return None if at is None else timestamp(at)


def _span(seconds: float | None) -> Duration | None:
    return None if seconds is None else duration(seconds)
