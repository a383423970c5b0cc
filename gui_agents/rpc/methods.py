"""The methods of the gRPC contract as data: their messages, their kind, who may call them, and their status codes."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import attrs

from gui_agents.domain.access import Role
from gui_agents.domain.rpc import STREAMING, MethodName, RpcMethod, StatusCode
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import operator_pb2

SERVICE: Final = "lybic.agent.Agent"
OPERATOR: Final = "gui_agents.v1.Operator"

_ALWAYS: Final = (
    StatusCode.OK,
    StatusCode.INVALID_ARGUMENT,
    StatusCode.RESOURCE_EXHAUSTED,
    StatusCode.CANCELLED,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.INTERNAL,
)
"""Every method can be called with a request that does not parse or is too large, be left, and have a defect."""

_UNKNOWN: Final = (StatusCode.UNIMPLEMENTED,)
_SETTER: Final = (StatusCode.PERMISSION_DENIED,)
_READING: Final = (StatusCode.UNAVAILABLE,)
"""What is not in memory is in the storage, which may not answer."""
_SUBMISSION: Final = (StatusCode.NOT_FOUND, StatusCode.FAILED_PRECONDITION, *_READING)
_LOOKUP: Final = (StatusCode.NOT_FOUND, *_READING)


_ANY: Final = (Role.SUBMIT, Role.READ)
_SUBMIT: Final = (Role.SUBMIT,)
_ADMIN: Final = (Role.ADMIN,)


class Guarded(Protocol):
    """A method that is not for everybody."""

    @property
    def name(self) -> str:
        """What the audit log calls it."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Those of which a caller needs one."""

    @property
    def streaming(self) -> bool:
        """Whether it answers with a stream."""

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""


@attrs.frozen
class Foreign:
    """A method of grpc's own packages that is not for everybody."""

    name: str
    roles: tuple[Role, ...]
    streaming: bool
    changes: bool = False


REFLECTION: Final = Foreign("ServerReflectionInfo", _ANY, streaming=True)


@attrs.frozen
class Method:
    """One method of the contract."""

    # Every RPC is counted by it: as plain text, because a dictionary finds a member three times as slowly.
    name: str = attrs.field(converter=str)
    request: type[Any]
    codes: tuple[StatusCode, ...]
    roles: tuple[Role, ...]
    """Those of which a caller needs one. Whose task it is, is asked later."""
    submits: bool = False
    """Whether it creates a task."""
    changes: bool = False
    """Whether it changes anything, so that each call is audited."""
    service: str = SERVICE

    streaming: bool = attrs.field(init=False)
    """Whether it answers with a stream."""

    @streaming.default
    def _streaming(self) -> bool:
        return self.name in STREAMING

    @property
    def path(self) -> str:
        """What the method is called on the wire."""
        return f"/{self.service}/{self.name}"


METHODS: Final = (
    Method(MethodName.GET_AGENT_INFO, pb.GetAgentInfoRequest, _ALWAYS, _ANY),
    Method(MethodName.GET_GLOBAL_COMMON_CONFIG, pb.GetGlobalCommonConfigRequest, _ALWAYS, _ADMIN),
    # The global configuration needs more, see the servicer.
    Method(MethodName.GET_COMMON_CONFIG, pb.GetCommonConfigRequest, (*_ALWAYS, *_LOOKUP), _ANY),
    Method(
        MethodName.SET_GLOBAL_COMMON_CONFIG,
        pb.SetGlobalCommonConfigRequest,
        (*_ALWAYS, *_SETTER, StatusCode.FAILED_PRECONDITION),
        _ADMIN,
        changes=True,
    ),
    Method(
        MethodName.SET_GLOBAL_COMMON_LLM_CONFIG,
        pb.SetGlobalCommonLLMConfigRequest,
        (*_ALWAYS, *_SETTER),
        _ADMIN,
        changes=True,
    ),
    Method(
        MethodName.SET_GLOBAL_GROUNDING_LLM_CONFIG,
        pb.SetGlobalGroundingLLMConfigRequest,
        (*_ALWAYS, *_SETTER),
        _ADMIN,
        changes=True,
    ),
    Method(
        MethodName.SET_GLOBAL_EMBEDDING_LLM_CONFIG,
        pb.SetGlobalEmbeddingLLMConfigRequest,
        (*_ALWAYS, *_SETTER),
        _ADMIN,
        changes=True,
    ),
    Method(
        MethodName.RUN_AGENT_INSTRUCTION,
        pb.RunAgentInstructionRequest,
        (*_ALWAYS, *_SUBMISSION),
        _SUBMIT,
        submits=True,
        changes=True,
    ),
    Method(
        MethodName.RUN_AGENT_INSTRUCTION_ASYNC,
        pb.RunAgentInstructionRequest,
        (*_ALWAYS, *_SUBMISSION),
        _SUBMIT,
        submits=True,
        changes=True,
    ),
    Method(MethodName.GET_AGENT_TASK_STREAM, pb.GetAgentTaskStreamRequest, (*_ALWAYS, *_LOOKUP), _ANY),
    Method(MethodName.QUERY_TASK_STATUS, pb.QueryTaskStatusRequest, (*_ALWAYS, *_READING), _ANY),
    Method(MethodName.CANCEL_TASK, pb.CancelTaskRequest, (*_ALWAYS, *_READING), _SUBMIT, changes=True),
)
"""The twelve methods, in the order of the contract."""

OPERATOR_METHODS: Final = (
    Method("ListTasks", operator_pb2.ListTasksRequest, (*_ALWAYS, *_READING), _ANY, service=OPERATOR),
    Method("GetTask", operator_pb2.GetTaskRequest, (*_ALWAYS, *_LOOKUP), _ANY, service=OPERATOR),
    Method("CancelTasks", operator_pb2.CancelTasksRequest, _ALWAYS, _SUBMIT, changes=True, service=OPERATOR),
    Method("GetOverview", operator_pb2.GetOverviewRequest, (*_ALWAYS, *_READING), _ANY, service=OPERATOR),
)
"""Those of the Operator service, which are counted together as `other`."""

BY_PATH: Final[Mapping[str, Method]] = {method.path: method for method in METHODS}

COUNTED: Final = (
    *(RpcMethod(method.name, method.codes, method.streaming) for method in METHODS),
    # Health answers NOT_FOUND for a service that it does not know; its watch, and reflection, last until they are left.
    RpcMethod(
        MethodName.OTHER,
        tuple(dict.fromkeys((*_ALWAYS, *(code for each in OPERATOR_METHODS for code in each.codes), *_UNKNOWN))),
        streaming=False,
    ),
)
"""The closed set that RPCs are counted by, in a service without tokens."""

_GUARDED: Final = (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED)


def counted(*, tokens: bool) -> tuple[RpcMethod, ...]:
    """Return the closed set that RPCs are counted by; with `tokens`, any call can be refused for its token."""
    if not tokens:
        return COUNTED
    # A set would lose the order, in which series are shown.
    return tuple(attrs.evolve(method, codes=tuple(dict.fromkeys((*method.codes, *_GUARDED)))) for method in COUNTED)
