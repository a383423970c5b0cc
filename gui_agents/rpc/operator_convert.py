"""Protobuf of the Operator service to domain and back; pure.

All checks of a request's fields are here. Every error names the field as the client knows it. Replies are bounded,
because a client of gRPC takes 4 MiB unless it is told otherwise: texts are cut, and of many steps the last ones are
sent.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar

import attrs
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from gui_agents.domain.action_json import to_json
from gui_agents.domain.errors import InvalidFieldError
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.storage import (
    SUMMARY_CHARACTERS,
    StoredStep,
    StoredTask,
    TaskCounts,
    TaskFilter,
    TaskOrder,
    TaskPage,
    TaskSummary,
)
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.task import TaskRecord
from gui_agents.proto import operator_pb2 as pb
from gui_agents.proto.agent_pb2 import TaskStream
from gui_agents.proto.times import NANOSECONDS, duration, seconds_of, timestamp
from gui_agents.rpc.convert import Enum, common_config, sandbox_shown, short, task_stream, writable
from gui_agents.snapshot import StorageSnapshot, TasksSnapshot

PAGE_SIZE: Final = 50
"""Tasks of a page if the request does not say."""
MAX_PAGE_SIZE: Final = 500
MAX_VALUES: Final = 100
"""Values of a repeated field of a filter."""
MAX_IDS: Final = 1000
"""Ids of cancelled tasks in a reply."""
MAX_TEXT: Final = 4000
"""Characters of a text of a step, and of a message."""
MAX_RESULT: Final = 100_000
"""Characters of an answer, as many as an instruction may have."""
STEPS_BYTES: Final = 2 * 2**20
MESSAGES_BYTES: Final = 2**20
MAX_SECONDS: Final = 253_402_300_799
"""The last second that a Timestamp can hold."""
COST: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,30})?")

STATUSES: Final = {status: f"TASK_STATUS_{status.name}" for status in TaskStatus}
REASONS: Final = {reason: f"FAILURE_REASON_{reason.name}" for reason in FailureReason}
ORDERS: Final = {order: f"TASK_ORDER_{order.name}" for order in TaskOrder}

Word = TypeVar("Word", TaskStatus, FailureReason, TaskOrder)
Part = TypeVar("Part", bound=Message)


# Requests.


def task_filter(message: pb.TaskFilter) -> TaskFilter:
    """Return which tasks a request wants.

    Raises:
        InvalidFieldError: a field is wrong.
    """
    return TaskFilter(
        statuses=_words("filter.statuses", message.statuses, pb.TaskStatus, STATUSES),
        reasons=_words("filter.reasons", message.reasons, pb.FailureReason, REASONS),
        models=_names("filter.models", message.models),
        backends=_names("filter.backends", message.backends),
        owner=short("filter.owner", message.owner) if message.HasField("owner") else None,
        created_from=_instant("filter.created_from", message, "created_from"),
        created_before=_instant("filter.created_before", message, "created_before"),
        text=short("filter.text", message.text),
        min_cost=_cost("filter.min_cost", message.min_cost),
        max_cost=_cost("filter.max_cost", message.max_cost),
        min_seconds=_span("filter.min_duration", message, "min_duration"),
        max_seconds=_span("filter.max_duration", message, "max_duration"),
        id_prefix=short("filter.id_prefix", message.id_prefix),
    )


def time_range(message: pb.GetOverviewRequest) -> TaskFilter:
    """Return which tasks an overview is about.

    Raises:
        InvalidFieldError: an instant is wrong.
    """
    return TaskFilter(
        created_from=_instant("created_from", message, "created_from"),
        created_before=_instant("created_before", message, "created_before"),
    )


def task_order(value: int) -> TaskOrder:
    """Return what a list is sorted by.

    Raises:
        InvalidFieldError: there is no such order.
    """
    return _word("order", value, pb.TaskOrder, ORDERS) if value else TaskOrder.CREATED


def page_size(value: int) -> int:
    """Return how many tasks a page may have.

    Raises:
        InvalidFieldError: it is negative.
    """
    if value < 0:
        raise InvalidFieldError("page_size", f"must be from 1 to {MAX_PAGE_SIZE}, or 0 for {PAGE_SIZE}; it is {value}")
    return min(value, MAX_PAGE_SIZE) or PAGE_SIZE


def _words(field: str, values: Sequence[int], enum: Enum, names: Mapping[Word, str]) -> frozenset[Word]:
    _check_number(field, values)
    return frozenset(_word(field, value, enum, names) for value in values)


def _word(field: str, value: int, enum: Enum, names: Mapping[Word, str]) -> Word:
    numbers = dict(enum.items())
    for word, name in names.items():
        if numbers[name] == value:
            return word
    known = ", ".join(f"{numbers[name]} {name}" for name in names.values())
    raise InvalidFieldError(field, f"must be one of: {known}; it is {value}")


def _names(field: str, values: Sequence[str]) -> frozenset[str]:
    _check_number(field, values)
    return frozenset(short(field, value) for value in values)


def _check_number(field: str, values: Sequence[object]) -> None:
    if len(values) > MAX_VALUES:
        raise InvalidFieldError(field, f"must have at most {MAX_VALUES} values; it has {len(values)}")


def _instant(field: str, message: Message, name: str) -> float | None:
    if not message.HasField(name):
        return None
    time: Timestamp = getattr(message, name)
    if not (-MAX_SECONDS <= time.seconds <= MAX_SECONDS and 0 <= time.nanos < NANOSECONDS):
        raise InvalidFieldError(field, "is no instant")
    return seconds_of(time)


def _span(field: str, message: Message, name: str) -> float | None:
    if not message.HasField(name):
        return None
    time: Duration = getattr(message, name)
    if not (0 <= time.seconds <= MAX_SECONDS and 0 <= time.nanos < NANOSECONDS):
        raise InvalidFieldError(field, "must not be negative, nor longer than 8,000 years")
    return seconds_of(time)


def _cost(field: str, value: str) -> Decimal | None:
    if not value:
        return None
    if not COST.fullmatch(value):
        raise InvalidFieldError(field, f"must be an amount such as 0.05, not {value!r:.60}")
    return Decimal(value)


# Replies.


def page(tasks: TaskPage) -> pb.ListTasksResponse:
    """Return a page of a list."""
    lines = (summary(task, SUMMARY_CHARACTERS) for task in tasks.tasks)
    return pb.ListTasksResponse(tasks=lines, next_page_token=tasks.next_cursor)


def summary(task: TaskSummary, message_characters: int) -> pb.TaskSummary:
    """Return one line of a list. Its message has at most so many characters."""
    used = task.statistics
    return pb.TaskSummary(
        task_id=task.task_id,
        owner=task.owner,
        status=STATUSES[task.status],
        reason=None if task.reason is None else REASONS[task.reason],
        model=writable(task.model),
        backend=task.backend,
        instruction=writable(task.instruction),
        message=_cut(task.message, message_characters),
        created_at=timestamp(task.created_at),
        started_at=None if task.started_at is None else timestamp(task.started_at),
        ended_at=None if task.ended_at is None else timestamp(task.ended_at),
        duration=duration(task.execution_seconds),
        steps=used.steps,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cost=_money(used.cost, used.currency),
        attempt=task.attempt,
    )


def details(task: StoredTask, steps: Sequence[StoredStep], messages: Sequence[StreamMessage]) -> pb.GetTaskResponse:
    """Return all that is known of a task."""
    record = task.record
    spec, ending = record.spec, record.ending
    sent_steps = _last(map(_step, reversed(steps)), STEPS_BYTES)
    sent_messages = _last((_message(record.task_id, message) for message in reversed(messages)), MESSAGES_BYTES)
    return pb.GetTaskResponse(
        summary=summary(summary_of(task), MAX_TEXT),
        instruction=writable(spec.shown_instruction),
        result="" if ending is None else _cut(ending.result, MAX_RESULT),
        config=common_config(record.task_id, spec.config),
        sandbox=None if record.sandbox is None else sandbox_shown(record.sandbox),
        previous_task_id=spec.previous_task_id or "",
        unused=map(writable, spec.unused),
        keys_forgotten=task.keys_forgotten,
        steps=sent_steps,
        omitted_steps=len(steps) - len(sent_steps),
        messages=sent_messages,
        omitted_messages=len(messages) - len(sent_messages),
    )


def summary_of(task: StoredTask) -> TaskSummary:
    """Return a task as a line of a list."""
    record = task.record
    return live(
        TaskSummary(
            task_id=record.task_id,
            attempt=task.attempt,
            owner=record.spec.owner,
            status=record.status,
            reason=None,
            model=record.spec.model.full_name,
            backend=record.spec.backend,
            instruction=record.spec.shown_instruction[:SUMMARY_CHARACTERS],
            message="",
            created_at=record.created_at,
            started_at=task.started_at,
            ended_at=task.ended_at,
            execution_seconds=record.execution_seconds,
            statistics=record.statistics,
        ),
        record,
    )


def live(task: TaskSummary, record: TaskRecord) -> TaskSummary:
    """Return a line of a list as the task is now: what was stored of it may be a moment old."""
    ending = record.ending
    return attrs.evolve(
        task,
        status=record.status,
        reason=None if ending is None else ending.reason,
        message="" if ending is None else ending.message,
        execution_seconds=record.execution_seconds,
        statistics=record.statistics,
    )


def counts(sums: TaskCounts) -> pb.TaskCounts:
    """Return tasks, added up."""
    return pb.TaskCounts(
        statuses=[
            pb.StatusCount(status=name, count=sums.statuses[status])
            for status, name in STATUSES.items()
            if sums.statuses.get(status)
        ],
        reasons=[
            pb.ReasonCount(reason=name, count=sums.reasons[reason])
            for reason, name in REASONS.items()
            if sums.reasons.get(reason)
        ],
        costs=[_money(amount, currency) for currency, amount in sorted(sums.costs.items())],
        input_tokens=sums.input_tokens,
        output_tokens=sums.output_tokens,
        steps=sums.steps,
        duration=duration(sums.execution_seconds),
    )


def load(tasks: TasksSnapshot) -> pb.ServiceLoad:
    """Return what the service does now."""
    oldest = tasks.oldest_pending_at
    return pb.ServiceLoad(
        running=tasks.live[TaskStatus.RUNNING],
        slots=tasks.slots,
        pending=tasks.live[TaskStatus.PENDING],
        queue_capacity=tasks.queue_capacity,
        oldest_pending_at=None if oldest is None else timestamp(oldest),
    )


def storage(storage: StorageSnapshot, problem: str | None) -> pb.StorageState:
    """Return how the storage is."""
    return pb.StorageState(problem=problem or "", size_bytes=storage.size_bytes, queue=storage.queue)


def _step(stored: StoredStep) -> pb.Step:
    step = stored.step
    return pb.Step(
        number=step.number,
        attempt=stored.attempt,
        at=timestamp(stored.at),
        action="" if step.action is None else _cut(json.dumps(to_json(step.action), ensure_ascii=False)),
        rationale=_cut(step.rationale),
        outcome=_cut(step.outcome),
        duration=duration(step.seconds),
        tokens=step.tokens,
        cost=_money(step.cost, step.currency),
        picture=step.picture or "",
    )


def _message(task_id: str, message: StreamMessage) -> TaskStream:
    return task_stream(task_id, attrs.evolve(message, text=_cut(message.text)))


def _last(newest_first: Iterable[Part], size: int) -> Sequence[Part]:
    """Return as many parts as have room in `size` bytes, the oldest first."""
    found: deque[Part] = deque()
    for part in newest_first:
        size -= part.ByteSize()
        if size < 0:
            break
        found.appendleft(part)
    return found


def _money(amount: Decimal, currency: str | None) -> pb.Cost:
    return pb.Cost(amount=f"{amount:f}", currency=currency or "")


def _cut(text: str, characters: int = MAX_TEXT) -> str:
    return writable(text if len(text) <= characters else f"{text[:characters]}…")
