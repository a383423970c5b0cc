"""A client of the Agent service for Python programs; the command line and the demo use it too."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Final, Self

import attrs
import grpc.aio
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from gui_agents import operator_calls
from gui_agents.credentials import PLAIN, Credentials
from gui_agents.domain import storage
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.storage import TaskFilter, TaskSummary
from gui_agents.operator_calls import CancelledTasks, Overview, TaskDetails
from gui_agents.proto import agent_pb2, agent_pb2_grpc, operator_pb2, operator_pb2_grpc

UNARY_SECONDS: Final = 30.0
"""Seconds that a call with one answer may take."""

CONNECT_SECONDS: Final = 5.0
"""Seconds after which an attempt to connect has failed; gRPC's own limit is 20.

A service that is stopped accepts connections, because its kernel does, and says nothing on them.
"""

PAGE_SIZE: Final = 500
"""Tasks that are asked for at once, as many as the service sends."""

EVERY_TASK: Final = TaskFilter()

STATUSES: Final[Mapping[int, TaskStatus]] = MappingProxyType(
    {
        agent_pb2.PENDING: TaskStatus.PENDING,
        agent_pb2.RUNNING: TaskStatus.RUNNING,
        agent_pb2.SUCCESS: TaskStatus.COMPLETED,
        agent_pb2.FAILURE: TaskStatus.FAILED,
        agent_pb2.CANCELLED: TaskStatus.CANCELLED,
    }
)


class CallError(GuiAgentsError):
    """A call to the service at `address` failed with the gRPC status `code`, such as NOT_FOUND.

    `text` is the reason that the service gave; `facts` are the details of the status, a line each.
    """

    def __init__(
        self, *, address: str, code: str, text: str, facts: Sequence[str] = (), credentials: Credentials = PLAIN
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.address = address
        self.credentials = credentials
        self.code = code
        self.text = text
        self.facts = tuple(facts)


@attrs.frozen
class TaskMessage:
    """One message of a task's stream."""

    task_id: str
    stage: str
    message: str
    at: datetime
    """Wall clock of the service, UTC."""


@attrs.frozen
class Statistics:
    """What a task has used; sent with every report of a task that the service knows."""

    steps: int
    duration_seconds: int
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost: float
    currency: str
    """The symbol, such as $."""


@attrs.frozen
class TaskReport:
    """The status of a task at the time of the answer."""

    task_id: str
    status: TaskStatus
    message: str
    """A sentence for people, such as `running` or `completed in 10 steps`."""
    result: str
    """The agent's answer; empty until the task has ended."""
    statistics: Statistics | None
    """None if the service sent none."""


@attrs.frozen(kw_only=True)
class TaskOrder:
    """A task to run. The service chooses what is None."""

    instruction: str
    steps: int | None = None
    timeout_seconds: int | None = None
    backend: str | None = None
    model: str | None = None
    """A model's name, or PROVIDER/NAME such as `openai/gpt-4o`."""
    destroy_sandbox: bool = False
    previous_task_id: str | None = None


class AgentClient:
    """Calls the service at `address` (HOST:PORT). Use it with `async with`, which closes the connection.

    Every method raises CallError if its call fails.

    Raises:
        CredentialsError: a file of the credentials cannot be used, or a token would be sent in plain text.
    """

    def __init__(self, address: str, credentials: Credentials = PLAIN) -> None:
        self._address = address
        self._credentials = credentials
        self._metadata = credentials.metadata
        # Despite its name, the option is the time limit of each attempt to connect.
        options = [("grpc.min_reconnect_backoff_ms", round(1000 * CONNECT_SECONDS))]
        self._channel = credentials.channel(address, options)
        self._agent = agent_pb2_grpc.AgentStub(self._channel)
        self._operator = operator_pb2_grpc.OperatorStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def run(self, order: TaskOrder) -> AsyncIterator[TaskMessage]:
        """Start a task and yield its messages until it ends. Closing the iterator earlier cancels the task."""
        call = self._agent.RunAgentInstruction(_request(order), metadata=self._metadata)
        try:
            with self._translated():
                async for message in call:
                    yield _message(message)
        finally:
            call.cancel()

    async def start(self, order: TaskOrder) -> str:
        """Start a task and return its id. The task goes on when the client leaves."""
        with self._translated():
            reply = await self._agent.RunAgentInstructionAsync(
                _request(order), timeout=UNARY_SECONDS, metadata=self._metadata
            )
        return str(reply.taskId)

    async def watch(self, task_id: str) -> AsyncIterator[TaskMessage]:
        """Yield the messages of a task until it ends, past ones first. Closing the iterator does not stop the task."""
        request = agent_pb2.GetAgentTaskStreamRequest(taskId=task_id)
        call = self._agent.GetAgentTaskStream(request, metadata=self._metadata)
        try:
            with self._translated():
                async for reply in call:
                    yield _message(reply.taskStream)
        finally:
            call.cancel()

    async def status(self, task_id: str) -> TaskReport | None:
        """Return the status of a task, or None if the service does not know the task."""
        request = agent_pb2.QueryTaskStatusRequest(taskId=task_id)
        with self._translated():
            reply = await self._agent.QueryTaskStatus(request, timeout=UNARY_SECONDS, metadata=self._metadata)
        return None if reply.status == agent_pb2.NOT_FOUND else _report(reply)

    async def cancel(self, task_id: str) -> tuple[bool, str]:
        """Cancel a task. Return whether it is cancelled now, and a sentence from the service.

        A task that has completed or failed cannot be cancelled, nor one that the service does not know: the result is
        False.
        """
        request = agent_pb2.CancelTaskRequest(taskId=task_id)
        with self._translated():
            reply = await self._agent.CancelTask(request, timeout=UNARY_SECONDS, metadata=self._metadata)
        return bool(reply.success), str(reply.message)

    async def tasks(
        self, wanted: TaskFilter = EVERY_TASK, *, sorted_by: str = "created", ascending: bool = False, limit: int = 50
    ) -> AsyncIterator[TaskSummary]:
        """Yield at most `limit` tasks that meet a filter.

        They are sorted by `created`, `ended`, `duration`, `cost` or `steps`, the largest or newest first unless
        `ascending`. A service without the Operator service fails with UNIMPLEMENTED.
        """
        order, token = storage.TaskOrder(sorted_by), ""
        while limit > 0:
            request = operator_calls.list_request(
                wanted, order, ascending=ascending, page_size=min(limit, PAGE_SIZE), page_token=token
            )
            with self._translated():
                reply = await self._operator.ListTasks(request, timeout=UNARY_SECONDS, metadata=self._metadata)
            for line in reply.tasks:
                yield operator_calls.summary(line)
            limit -= len(reply.tasks)
            token = reply.next_page_token
            if not token:
                return

    async def task(self, task_id: str) -> TaskDetails | None:
        """Return all that is known of a task with its steps, or None if the service does not know the task.

        A service without the Operator service fails with UNIMPLEMENTED.
        """
        try:
            with self._translated():
                request = operator_pb2.GetTaskRequest(task_id=task_id)
                reply = await self._operator.GetTask(request, timeout=UNARY_SECONDS, metadata=self._metadata)
        except CallError as error:
            if error.code == "NOT_FOUND":
                return None
            raise
        return operator_calls.details(reply)

    async def cancel_tasks(self, wanted: TaskFilter | None = None, *, dry_run: bool = False) -> CancelledTasks:
        """Cancel the tasks that meet a filter and have not ended; all of them without a filter.

        A service without the Operator service fails with UNIMPLEMENTED.
        """
        request = operator_pb2.CancelTasksRequest(
            filter=None if wanted is None else operator_calls.filter_message(wanted),
            all=wanted is None,
            dry_run=dry_run,
        )
        with self._translated():
            reply = await self._operator.CancelTasks(request, timeout=UNARY_SECONDS, metadata=self._metadata)
        return CancelledTasks(reply.matched, reply.cancelled, tuple(reply.task_ids))

    async def overview(self, created_from: float | None = None, created_before: float | None = None) -> Overview:
        """Return the tasks created in a time, in seconds since the epoch, added up; and how the service is now.

        A service without the Operator service fails with UNIMPLEMENTED.
        """
        request = operator_calls.overview_request(created_from, created_before)
        with self._translated():
            return operator_calls.overview(
                await self._operator.GetOverview(request, timeout=UNARY_SECONDS, metadata=self._metadata)
            )

    async def version(self) -> str:
        """Return the service's version."""
        with self._translated():
            request = agent_pb2.GetAgentInfoRequest()
            info = await self._agent.GetAgentInfo(request, timeout=UNARY_SECONDS, metadata=self._metadata)
        return str(info.version)

    async def serving(self, timeout: float = UNARY_SECONDS) -> bool:
        """Return whether the gRPC health service says SERVING; it does not while the service drains.

        `timeout` is in seconds.
        """
        with self._translated():
            request = health_pb2.HealthCheckRequest()
            reply = await self._health.Check(request, timeout=timeout, metadata=self._metadata)
        return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise CallError(
                address=self._address,
                code=error.code().name,
                text=error.details() or "the service gave no reason",
                facts=tuple(_facts(error)),
                credentials=self._credentials,
            ) from error


def _request(order: TaskOrder) -> agent_pb2.RunAgentInstructionRequest:
    request = agent_pb2.RunAgentInstructionRequest(
        instruction=order.instruction,
        destroySandbox=order.destroy_sandbox,
        previousTaskId=order.previous_task_id,
    )
    config = agent_pb2.CommonConfig(backend=order.backend, steps=order.steps, taskTimeout=order.timeout_seconds)
    if order.model is not None:
        provider, slash, name = order.model.partition("/")
        chosen = (
            agent_pb2.LLMConfig(modelName=name, provider=provider) if slash else agent_pb2.LLMConfig(modelName=provider)
        )
        config.stageModelConfig.actionGeneratorModel.CopyFrom(chosen)
    if config.ByteSize():
        request.runningConfig.CopyFrom(config)
    return request


def _message(message: agent_pb2.TaskStream) -> TaskMessage:
    return TaskMessage(message.taskId, message.stage, message.message, message.timestamp.ToDatetime(tzinfo=UTC))


def _report(reply: agent_pb2.QueryTaskStatusResponse) -> TaskReport:
    used = reply.executionStatistics
    statistics = Statistics(
        steps=used.steps,
        duration_seconds=used.durationSeconds,
        input_tokens=used.inputTokens,
        output_tokens=used.outputTokens,
        total_tokens=used.totalTokens,
        cost=used.cost,
        currency=used.currencySymbol,
    )
    return TaskReport(
        task_id=reply.taskId,
        status=STATUSES[reply.status],
        message=reply.message,
        result=reply.result,
        statistics=statistics if reply.HasField("executionStatistics") else None,
    )


def _facts(error: grpc.aio.AioRpcError) -> Iterator[str]:
    """Yield what the details of a status say beyond its text, a line each."""
    status = rpc_status.from_call(error)
    for detail in status.details if status is not None else ():
        reason = error_details_pb2.ErrorInfo()
        fields = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(reason):
            facts = ", ".join(f"{key}={value}" for key, value in sorted(reason.metadata.items()))
            yield f"{reason.reason} ({facts})" if facts else reason.reason
        elif detail.Unpack(fields):
            listed = (f"{violation.field}: {violation.description}" for violation in fields.field_violations)
            yield from (fact for fact in listed if fact != error.details())
        elif detail.Unpack(retry):
            yield f"retry after {retry.retry_delay.ToTimedelta().total_seconds():g} s"
        else:
            yield detail.TypeName()
