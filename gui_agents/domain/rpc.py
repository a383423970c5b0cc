"""The RPCs as they are counted: methods and status codes."""

from enum import StrEnum, unique
from typing import Final

import attrs

OTHER: Final = "other"
"""What stands for every value outside of a closed set."""


@unique
class MethodName(StrEnum):
    """The methods of the gRPC contract, and what stands for all others."""

    GET_AGENT_INFO = "GetAgentInfo"
    GET_GLOBAL_COMMON_CONFIG = "GetGlobalCommonConfig"
    GET_COMMON_CONFIG = "GetCommonConfig"
    SET_GLOBAL_COMMON_CONFIG = "SetGlobalCommonConfig"
    SET_GLOBAL_COMMON_LLM_CONFIG = "SetGlobalCommonLLMConfig"
    SET_GLOBAL_GROUNDING_LLM_CONFIG = "SetGlobalGroundingLLMConfig"
    SET_GLOBAL_EMBEDDING_LLM_CONFIG = "SetGlobalEmbeddingLLMConfig"
    RUN_AGENT_INSTRUCTION = "RunAgentInstruction"
    GET_AGENT_TASK_STREAM = "GetAgentTaskStream"
    RUN_AGENT_INSTRUCTION_ASYNC = "RunAgentInstructionAsync"
    QUERY_TASK_STATUS = "QueryTaskStatus"
    CANCEL_TASK = "CancelTask"
    OTHER = OTHER
    """Health, reflection and unknown methods."""


STREAMING: Final = (MethodName.RUN_AGENT_INSTRUCTION, MethodName.GET_AGENT_TASK_STREAM)
"""The methods that answer with a stream."""


@unique
class StatusCode(StrEnum):
    """The status codes of gRPC, by its names for them."""

    OK = "OK"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    DATA_LOSS = "DATA_LOSS"
    UNAUTHENTICATED = "UNAUTHENTICATED"


OK: Final = StatusCode.OK.value
"""The status code of an RPC that ended well."""

ERRORS: Final = tuple(code for code in StatusCode if code != OK)
"""The status codes of the other RPCs."""


@attrs.frozen
class RpcMethod:
    """One method whose calls are counted."""

    name: str
    codes: tuple[str, ...]
    """The status codes that it can answer with."""
    streaming: bool
