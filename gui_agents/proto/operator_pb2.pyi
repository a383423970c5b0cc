import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gui_agents.proto import agent_pb2 as _agent_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_STATUS_UNSPECIFIED: _ClassVar[TaskStatus]
    TASK_STATUS_PENDING: _ClassVar[TaskStatus]
    TASK_STATUS_RUNNING: _ClassVar[TaskStatus]
    TASK_STATUS_COMPLETED: _ClassVar[TaskStatus]
    TASK_STATUS_FAILED: _ClassVar[TaskStatus]
    TASK_STATUS_CANCELLED: _ClassVar[TaskStatus]

class FailureReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_REASON_UNSPECIFIED: _ClassVar[FailureReason]
    FAILURE_REASON_AGENT_GAVE_UP: _ClassVar[FailureReason]
    FAILURE_REASON_TIMEOUT: _ClassVar[FailureReason]
    FAILURE_REASON_STEP_LIMIT: _ClassVar[FailureReason]
    FAILURE_REASON_BUDGET: _ClassVar[FailureReason]
    FAILURE_REASON_STUCK: _ClassVar[FailureReason]
    FAILURE_REASON_MODEL_ERROR: _ClassVar[FailureReason]
    FAILURE_REASON_REFUSED: _ClassVar[FailureReason]
    FAILURE_REASON_SANDBOX_ERROR: _ClassVar[FailureReason]
    FAILURE_REASON_INTERRUPTED: _ClassVar[FailureReason]
    FAILURE_REASON_INTERNAL: _ClassVar[FailureReason]

class TaskOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_ORDER_UNSPECIFIED: _ClassVar[TaskOrder]
    TASK_ORDER_CREATED: _ClassVar[TaskOrder]
    TASK_ORDER_ENDED: _ClassVar[TaskOrder]
    TASK_ORDER_DURATION: _ClassVar[TaskOrder]
    TASK_ORDER_COST: _ClassVar[TaskOrder]
    TASK_ORDER_STEPS: _ClassVar[TaskOrder]
TASK_STATUS_UNSPECIFIED: TaskStatus
TASK_STATUS_PENDING: TaskStatus
TASK_STATUS_RUNNING: TaskStatus
TASK_STATUS_COMPLETED: TaskStatus
TASK_STATUS_FAILED: TaskStatus
TASK_STATUS_CANCELLED: TaskStatus
FAILURE_REASON_UNSPECIFIED: FailureReason
FAILURE_REASON_AGENT_GAVE_UP: FailureReason
FAILURE_REASON_TIMEOUT: FailureReason
FAILURE_REASON_STEP_LIMIT: FailureReason
FAILURE_REASON_BUDGET: FailureReason
FAILURE_REASON_STUCK: FailureReason
FAILURE_REASON_MODEL_ERROR: FailureReason
FAILURE_REASON_REFUSED: FailureReason
FAILURE_REASON_SANDBOX_ERROR: FailureReason
FAILURE_REASON_INTERRUPTED: FailureReason
FAILURE_REASON_INTERNAL: FailureReason
TASK_ORDER_UNSPECIFIED: TaskOrder
TASK_ORDER_CREATED: TaskOrder
TASK_ORDER_ENDED: TaskOrder
TASK_ORDER_DURATION: TaskOrder
TASK_ORDER_COST: TaskOrder
TASK_ORDER_STEPS: TaskOrder

class TaskFilter(_message.Message):
    __slots__ = ("statuses", "reasons", "models", "backends", "owner", "created_from", "created_before", "text", "min_cost", "max_cost", "min_duration", "max_duration", "id_prefix")
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    BACKENDS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    CREATED_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MIN_COST_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    MIN_DURATION_FIELD_NUMBER: _ClassVar[int]
    MAX_DURATION_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedScalarFieldContainer[TaskStatus]
    reasons: _containers.RepeatedScalarFieldContainer[FailureReason]
    models: _containers.RepeatedScalarFieldContainer[str]
    backends: _containers.RepeatedScalarFieldContainer[str]
    owner: str
    created_from: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    text: str
    min_cost: str
    max_cost: str
    min_duration: _duration_pb2.Duration
    max_duration: _duration_pb2.Duration
    id_prefix: str
    def __init__(self, statuses: _Optional[_Iterable[_Union[TaskStatus, str]]] = ..., reasons: _Optional[_Iterable[_Union[FailureReason, str]]] = ..., models: _Optional[_Iterable[str]] = ..., backends: _Optional[_Iterable[str]] = ..., owner: _Optional[str] = ..., created_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ..., min_cost: _Optional[str] = ..., max_cost: _Optional[str] = ..., min_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., id_prefix: _Optional[str] = ...) -> None: ...

class ListTasksRequest(_message.Message):
    __slots__ = ("filter", "order", "ascending", "page_size", "page_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ASCENDING_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: TaskFilter
    order: TaskOrder
    ascending: bool
    page_size: int
    page_token: str
    def __init__(self, filter: _Optional[_Union[TaskFilter, _Mapping]] = ..., order: _Optional[_Union[TaskOrder, str]] = ..., ascending: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTasksResponse(_message.Message):
    __slots__ = ("tasks", "next_page_token")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[TaskSummary]
    next_page_token: str
    def __init__(self, tasks: _Optional[_Iterable[_Union[TaskSummary, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class TaskSummary(_message.Message):
    __slots__ = ("task_id", "owner", "status", "reason", "model", "backend", "instruction", "message", "created_at", "started_at", "ended_at", "duration", "steps", "input_tokens", "output_tokens", "cost", "attempt")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    owner: str
    status: TaskStatus
    reason: FailureReason
    model: str
    backend: str
    instruction: str
    message: str
    created_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    steps: int
    input_tokens: int
    output_tokens: int
    cost: Cost
    attempt: int
    def __init__(self, task_id: _Optional[str] = ..., owner: _Optional[str] = ..., status: _Optional[_Union[TaskStatus, str]] = ..., reason: _Optional[_Union[FailureReason, str]] = ..., model: _Optional[str] = ..., backend: _Optional[str] = ..., instruction: _Optional[str] = ..., message: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., steps: _Optional[int] = ..., input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., cost: _Optional[_Union[Cost, _Mapping]] = ..., attempt: _Optional[int] = ...) -> None: ...

class Cost(_message.Message):
    __slots__ = ("amount", "currency")
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    amount: str
    currency: str
    def __init__(self, amount: _Optional[str] = ..., currency: _Optional[str] = ...) -> None: ...

class GetTaskRequest(_message.Message):
    __slots__ = ("task_id", "with_messages")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    WITH_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    with_messages: bool
    def __init__(self, task_id: _Optional[str] = ..., with_messages: _Optional[bool] = ...) -> None: ...

class GetTaskResponse(_message.Message):
    __slots__ = ("summary", "instruction", "result", "config", "sandbox", "previous_task_id", "unused", "keys_forgotten", "steps", "omitted_steps", "messages", "omitted_messages")
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    UNUSED_FIELD_NUMBER: _ClassVar[int]
    KEYS_FORGOTTEN_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    OMITTED_STEPS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    OMITTED_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    summary: TaskSummary
    instruction: str
    result: str
    config: _agent_pb2.CommonConfig
    sandbox: _agent_pb2.Sandbox
    previous_task_id: str
    unused: _containers.RepeatedScalarFieldContainer[str]
    keys_forgotten: bool
    steps: _containers.RepeatedCompositeFieldContainer[Step]
    omitted_steps: int
    messages: _containers.RepeatedCompositeFieldContainer[_agent_pb2.TaskStream]
    omitted_messages: int
    def __init__(self, summary: _Optional[_Union[TaskSummary, _Mapping]] = ..., instruction: _Optional[str] = ..., result: _Optional[str] = ..., config: _Optional[_Union[_agent_pb2.CommonConfig, _Mapping]] = ..., sandbox: _Optional[_Union[_agent_pb2.Sandbox, _Mapping]] = ..., previous_task_id: _Optional[str] = ..., unused: _Optional[_Iterable[str]] = ..., keys_forgotten: _Optional[bool] = ..., steps: _Optional[_Iterable[_Union[Step, _Mapping]]] = ..., omitted_steps: _Optional[int] = ..., messages: _Optional[_Iterable[_Union[_agent_pb2.TaskStream, _Mapping]]] = ..., omitted_messages: _Optional[int] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("number", "attempt", "at", "action", "rationale", "outcome", "duration", "tokens", "cost", "picture")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    RATIONALE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    number: int
    attempt: int
    at: _timestamp_pb2.Timestamp
    action: str
    rationale: str
    outcome: str
    duration: _duration_pb2.Duration
    tokens: int
    cost: Cost
    picture: str
    def __init__(self, number: _Optional[int] = ..., attempt: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., action: _Optional[str] = ..., rationale: _Optional[str] = ..., outcome: _Optional[str] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., tokens: _Optional[int] = ..., cost: _Optional[_Union[Cost, _Mapping]] = ..., picture: _Optional[str] = ...) -> None: ...

class CancelTasksRequest(_message.Message):
    __slots__ = ("filter", "all", "dry_run")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    filter: TaskFilter
    all: bool
    dry_run: bool
    def __init__(self, filter: _Optional[_Union[TaskFilter, _Mapping]] = ..., all: _Optional[bool] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class CancelTasksResponse(_message.Message):
    __slots__ = ("matched", "cancelled", "task_ids")
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    matched: int
    cancelled: int
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, matched: _Optional[int] = ..., cancelled: _Optional[int] = ..., task_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetOverviewRequest(_message.Message):
    __slots__ = ("created_from", "created_before")
    CREATED_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    created_from: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    def __init__(self, created_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetOverviewResponse(_message.Message):
    __slots__ = ("counts", "load", "storage", "version")
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    counts: TaskCounts
    load: ServiceLoad
    storage: StorageState
    version: str
    def __init__(self, counts: _Optional[_Union[TaskCounts, _Mapping]] = ..., load: _Optional[_Union[ServiceLoad, _Mapping]] = ..., storage: _Optional[_Union[StorageState, _Mapping]] = ..., version: _Optional[str] = ...) -> None: ...

class TaskCounts(_message.Message):
    __slots__ = ("statuses", "reasons", "costs", "input_tokens", "output_tokens", "steps", "duration")
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedCompositeFieldContainer[StatusCount]
    reasons: _containers.RepeatedCompositeFieldContainer[ReasonCount]
    costs: _containers.RepeatedCompositeFieldContainer[Cost]
    input_tokens: int
    output_tokens: int
    steps: int
    duration: _duration_pb2.Duration
    def __init__(self, statuses: _Optional[_Iterable[_Union[StatusCount, _Mapping]]] = ..., reasons: _Optional[_Iterable[_Union[ReasonCount, _Mapping]]] = ..., costs: _Optional[_Iterable[_Union[Cost, _Mapping]]] = ..., input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., steps: _Optional[int] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class StatusCount(_message.Message):
    __slots__ = ("status", "count")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    status: TaskStatus
    count: int
    def __init__(self, status: _Optional[_Union[TaskStatus, str]] = ..., count: _Optional[int] = ...) -> None: ...

class ReasonCount(_message.Message):
    __slots__ = ("reason", "count")
    REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    reason: FailureReason
    count: int
    def __init__(self, reason: _Optional[_Union[FailureReason, str]] = ..., count: _Optional[int] = ...) -> None: ...

class ServiceLoad(_message.Message):
    __slots__ = ("running", "slots", "pending", "queue_capacity", "oldest_pending_at")
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    QUEUE_CAPACITY_FIELD_NUMBER: _ClassVar[int]
    OLDEST_PENDING_AT_FIELD_NUMBER: _ClassVar[int]
    running: int
    slots: int
    pending: int
    queue_capacity: int
    oldest_pending_at: _timestamp_pb2.Timestamp
    def __init__(self, running: _Optional[int] = ..., slots: _Optional[int] = ..., pending: _Optional[int] = ..., queue_capacity: _Optional[int] = ..., oldest_pending_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StorageState(_message.Message):
    __slots__ = ("problem", "size_bytes", "queue")
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    problem: str
    size_bytes: int
    queue: int
    def __init__(self, problem: _Optional[str] = ..., size_bytes: _Optional[int] = ..., queue: _Optional[int] = ...) -> None: ...
