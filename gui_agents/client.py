"""A client of the Agent service: what the command line and the demo need of it, in plain Python."""

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

from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.proto import agent_pb2, agent_pb2_grpc

UNARY_SECONDS: Final = 30.0
"""How long a call that answers at once may take."""

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
    """A call to the service at `address` ended with the gRPC status `code`; `facts` are its details, a line each."""

    def __init__(self, *, address: str, code: str, text: str, facts: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {text}")
        self.address = address
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
    """What an ended task has used."""

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
    """How a task stands."""

    task_id: str
    status: TaskStatus
    message: str
    """A sentence on how it stands or ended."""
    result: str
    """The agent's answer."""
    statistics: Statistics | None
    """None while the task has not ended."""


@attrs.frozen(kw_only=True)
class TaskOrder:
    """A task to run; None leaves the choice to the service."""

    instruction: str
    steps: int | None = None
    timeout_seconds: int | None = None
    backend: str | None = None
    model: str | None = None
    """A name, or PROVIDER/NAME."""
    destroy_sandbox: bool = False
    previous_task_id: str | None = None


class AgentClient:
    """Calls the service at `address` (HOST:PORT). Every method raises CallError where its call does not succeed."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._channel = grpc.aio.insecure_channel(address)
        self._agent = agent_pb2_grpc.AgentStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def run(self, order: TaskOrder) -> AsyncIterator[TaskMessage]:
        """Start a task and yield its messages; closing the iterator cancels the task."""
        call = self._agent.RunAgentInstruction(_request(order))
        try:
            with self._translated():
                async for message in call:
                    yield _message(message)
        finally:
            call.cancel()

    async def start(self, order: TaskOrder) -> str:
        """Start a task and return its id."""
        with self._translated():
            reply = await self._agent.RunAgentInstructionAsync(_request(order), timeout=UNARY_SECONDS)
        return str(reply.taskId)

    async def watch(self, task_id: str) -> AsyncIterator[TaskMessage]:
        """Yield the messages of a task, those of the past first; the task goes on when the iterator is closed."""
        call = self._agent.GetAgentTaskStream(agent_pb2.GetAgentTaskStreamRequest(taskId=task_id))
        try:
            with self._translated():
                async for reply in call:
                    yield _message(reply.taskStream)
        finally:
            call.cancel()

    async def status(self, task_id: str) -> TaskReport | None:
        """Return how a task stands; None where the service does not know it."""
        request = agent_pb2.QueryTaskStatusRequest(taskId=task_id)
        with self._translated():
            reply = await self._agent.QueryTaskStatus(request, timeout=UNARY_SECONDS)
        return None if reply.status == agent_pb2.NOT_FOUND else _report(reply)

    async def cancel(self, task_id: str) -> tuple[bool, str]:
        """Cancel a task; return whether it is cancelled now, and the service's words."""
        request = agent_pb2.CancelTaskRequest(taskId=task_id)
        with self._translated():
            reply = await self._agent.CancelTask(request, timeout=UNARY_SECONDS)
        return bool(reply.success), str(reply.message)

    async def version(self) -> str:
        """Return the service's version."""
        with self._translated():
            info = await self._agent.GetAgentInfo(agent_pb2.GetAgentInfoRequest(), timeout=UNARY_SECONDS)
        return str(info.version)

    async def serving(self, timeout: float = UNARY_SECONDS) -> bool:
        """Return whether the service says that it is healthy."""
        with self._translated():
            reply = await self._health.Check(health_pb2.HealthCheckRequest(), timeout=timeout)
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
    """Yield what the status details of a refusal say beyond its text, a line each."""
    status = rpc_status.from_call(error)
    for detail in status.details if status is not None else ():
        reason = error_details_pb2.ErrorInfo()
        fields = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(reason):
            facts = ", ".join(f"{key}={value}" for key, value in sorted(reason.metadata.items()))
            yield f"{reason.reason} ({facts})" if facts else reason.reason
        elif detail.Unpack(fields):
            told = (f"{violation.field}: {violation.description}" for violation in fields.field_violations)
            yield from (fact for fact in told if fact != error.details())
        elif detail.Unpack(retry):
            yield f"retry after {retry.retry_delay.ToTimedelta().total_seconds():g} s"
        else:
            yield detail.TypeName()
