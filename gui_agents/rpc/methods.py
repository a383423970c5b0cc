"""The methods of the gRPC contract as data: their messages, their kind, and the status codes that they answer."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.rpc import OTHER, RpcMethod
from gui_agents.proto import agent_pb2 as pb

SERVICE: Final = "lybic.agent.Agent"

_ALWAYS: Final = ("OK", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL")
"""Every method can be called with a request that does not parse or is too large, be left, and have a defect."""

_SETTER: Final = ("PERMISSION_DENIED",)
_SUBMISSION: Final = ("NOT_FOUND", "FAILED_PRECONDITION", "UNAVAILABLE")
_LOOKUP: Final = ("NOT_FOUND",)


@attrs.frozen
class Method:
    """One method of the contract."""

    name: str
    request: type[Any]
    codes: tuple[str, ...]
    streaming: bool = False
    submits: bool = False
    """Whether it creates a task."""

    @property
    def path(self) -> str:
        """What the method is called on the wire."""
        return f"/{SERVICE}/{self.name}"


METHODS: Final = (
    Method("GetAgentInfo", pb.GetAgentInfoRequest, _ALWAYS),
    Method("GetGlobalCommonConfig", pb.GetGlobalCommonConfigRequest, _ALWAYS),
    Method("GetCommonConfig", pb.GetCommonConfigRequest, (*_ALWAYS, *_LOOKUP)),
    Method("SetGlobalCommonConfig", pb.SetGlobalCommonConfigRequest, (*_ALWAYS, *_SETTER)),
    Method("SetGlobalCommonLLMConfig", pb.SetGlobalCommonLLMConfigRequest, (*_ALWAYS, *_SETTER)),
    Method("SetGlobalGroundingLLMConfig", pb.SetGlobalGroundingLLMConfigRequest, (*_ALWAYS, *_SETTER)),
    Method("SetGlobalEmbeddingLLMConfig", pb.SetGlobalEmbeddingLLMConfigRequest, (*_ALWAYS, *_SETTER)),
    Method(
        "RunAgentInstruction",
        pb.RunAgentInstructionRequest,
        (*_ALWAYS, *_SUBMISSION),
        streaming=True,
        submits=True,
    ),
    Method("RunAgentInstructionAsync", pb.RunAgentInstructionRequest, (*_ALWAYS, *_SUBMISSION), submits=True),
    Method("GetAgentTaskStream", pb.GetAgentTaskStreamRequest, (*_ALWAYS, *_LOOKUP), streaming=True),
    Method("QueryTaskStatus", pb.QueryTaskStatusRequest, _ALWAYS),
    Method("CancelTask", pb.CancelTaskRequest, (*_ALWAYS, *_LOOKUP)),
)
"""The twelve methods, in the order of the contract."""

BY_PATH: Final[Mapping[str, Method]] = {method.path: method for method in METHODS}

COUNTED: Final = (
    *(RpcMethod(method.name, method.codes, method.streaming) for method in METHODS),
    # Health answers NOT_FOUND for a service that it does not know; its watch, and reflection, last until they are left.
    RpcMethod(
        OTHER,
        (
            "OK",
            "INVALID_ARGUMENT",
            "NOT_FOUND",
            "RESOURCE_EXHAUSTED",
            "UNIMPLEMENTED",
            "CANCELLED",
            "DEADLINE_EXCEEDED",
        ),
        streaming=False,
    ),
)
"""The closed set that RPCs are counted by."""
