# ruff: noqa: N802 - gRPC names the methods
"""A stand-in for the service: the instruction says what becomes of the task."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from google.protobuf import any_pb2, duration_pb2, timestamp_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2_grpc
from grpc_status import rpc_status

from gui_agents.proto import agent_pb2, agent_pb2_grpc

USED = agent_pb2.ExecutionStatistics(
    steps=2, durationSeconds=1, inputTokens=100, outputTokens=20, totalTokens=120, cost=0.0125, currencySymbol="$"
)
ENDINGS = {
    "works": (agent_pb2.SUCCESS, "finished", "89"),
    "fails": (agent_pb2.FAILURE, "error", ""),
    "stops": (agent_pb2.FAILURE, "error", ""),
    "waits": (agent_pb2.CANCELLED, "cancelled", ""),
}


class FakeAgent(agent_pb2_grpc.AgentServicer):
    """Knows the instructions `works`, `fails`, `waits`, `forgotten`, `silent`, `full`, `stops` and `breaks off`.

    The service stops with the task `stops`, and before the end of the task `breaks off`.
    """

    def __init__(self) -> None:
        self.requests: list[agent_pb2.RunAgentInstructionRequest] = []
        self.cancelled = threading.Event()
        self.left = threading.Event()

    def RunAgentInstruction(self, request, context):
        self.requests.append(request)
        context.add_callback(self.left.set)
        if request.instruction == "full":
            context.abort_with_status(rpc_status.to_status(_full()))
        if request.instruction == "silent":
            self.left.wait(30)
            return
        yield from self._messages(request.instruction)
        if request.instruction == "breaks off":
            context.abort(grpc.StatusCode.CANCELLED, "")

    def RunAgentInstructionAsync(self, request, context):
        self.requests.append(request)
        return agent_pb2.RunAgentInstructionAsyncResponse(taskId=request.instruction)

    def GetAgentTaskStream(self, request, context):
        if request.taskId == "unknown":
            context.abort(grpc.StatusCode.NOT_FOUND, "no task 'unknown' is known")
        for message in self._messages(request.taskId):
            yield agent_pb2.GetAgentTaskStreamResponse(taskStream=message)

    def QueryTaskStatus(self, request, context):
        if request.taskId == "stops":
            context.abort(grpc.StatusCode.CANCELLED, "")
        if request.taskId == "runs":
            return agent_pb2.QueryTaskStatusResponse(taskId="runs", status=agent_pb2.RUNNING, message="step 1")
        if request.taskId not in ENDINGS:
            return agent_pb2.QueryTaskStatusResponse(taskId=request.taskId, status=agent_pb2.NOT_FOUND)
        status, stage, result = ENDINGS[request.taskId]
        return agent_pb2.QueryTaskStatusResponse(
            taskId=request.taskId, status=status, message=f"it {stage}", result=result, executionStatistics=USED
        )

    def CancelTask(self, request, context):
        if request.taskId == "unknown":
            return agent_pb2.CancelTaskResponse(taskId="unknown", message="no task 'unknown' is known")
        self.cancelled.set()
        won = request.taskId == "waits"
        return agent_pb2.CancelTaskResponse(
            taskId=request.taskId, success=won, message="cancelled" if won else "it has ended already"
        )

    def GetAgentInfo(self, request, context):
        return agent_pb2.AgentInfo(version="7.8.9")

    def _messages(self, task_id: str) -> Iterator[agent_pb2.TaskStream]:
        yield _message(task_id, "starting", "the task starts")
        yield _message(task_id, "step", "saw a desktop, clicked")
        if task_id == "waits":
            self.cancelled.wait(30)
        if task_id == "breaks off":
            return
        yield _message(task_id, ENDINGS.get(task_id, ENDINGS["works"])[1], "the end")


def _message(task_id: str, stage: str, text: str) -> agent_pb2.TaskStream:
    at = timestamp_pb2.Timestamp(seconds=1_700_000_000)
    return agent_pb2.TaskStream(taskId=task_id, stage=stage, message=text, timestamp=at)


def _full() -> status_pb2.Status:
    told = (
        error_details_pb2.ErrorInfo(reason="QUEUE_FULL", metadata={"capacity": "100"}),
        error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=1)),
        error_details_pb2.BadRequest(field_violations=[{"field": "steps", "description": "too many"}]),
        error_details_pb2.DebugInfo(),
    )
    details = [any_pb2.Any() for _ in told]
    for detail, fact in zip(details, told, strict=True):
        detail.Pack(fact)
    return status_pb2.Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message="no place", details=details)


class TokenCheck(grpc.ServerInterceptor):
    """Lets calls through that bring the token `gat_starter`, and health checks; `gat_reader` may ask for the status."""

    def __init__(self) -> None:
        self.seen: list[str | None] = []

    def intercept_service(self, continuation, details):
        brought = dict(details.invocation_metadata).get("authorization")
        self.seen.append(brought)
        if "Health" in details.method or brought == "Bearer gat_starter":
            return continuation(details)
        if brought == "Bearer gat_reader":
            if details.method.endswith("QueryTaskStatus"):
                return continuation(details)
            return _refusing(grpc.StatusCode.PERMISSION_DENIED, "the role submit is needed")
        return _refusing(grpc.StatusCode.UNAUTHENTICATED, "no valid token")


def _refusing(code: grpc.StatusCode, text: str) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(lambda _, context: context.abort(code, text))


@contextmanager
def fake_service(
    credentials: grpc.ServerCredentials | None = None, tokens: TokenCheck | None = None
) -> Iterator[tuple[FakeAgent, str]]:
    """Serve a FakeAgent on a free port, over TLS if there are credentials."""
    with ThreadPoolExecutor(8) as threads:
        server = grpc.server(threads, interceptors=() if tokens is None else (tokens,))
        agent = FakeAgent()
        agent_pb2_grpc.add_AgentServicer_to_server(agent, server)
        health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
        address = "127.0.0.1:0"
        port = (
            server.add_insecure_port(address) if credentials is None else server.add_secure_port(address, credentials)
        )
        server.start()
        yield agent, f"127.0.0.1:{port}"
        agent.cancelled.set()
        agent.left.set()
        server.stop(None).wait()
