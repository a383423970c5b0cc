"""Protobuf to domain and back; pure.

All checks of a request's fields are here. Every error names the field as the client knows it. No reply has a key: each
one is shown as `********`. If a setter call sends the mask back with the same address beside it, the stored key stays.
In any other request a mask counts as no key.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import attrs

from gui_agents.domain.base_urls import MAX_ADDRESS_LENGTH
from gui_agents.domain.cloud import KIND_FIELDS, Authorization, SandboxKind
from gui_agents.domain.errors import InvalidFieldError
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.money import symbol
from gui_agents.domain.sandbox import SandboxInfo, SandboxType
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import LLMSettings, Mode, RunningConfig
from gui_agents.domain.stream import StreamMessage
from gui_agents.domain.task import TaskRecord
from gui_agents.models.endpoint import check_address, check_key
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto.times import timestamp

MAX_INSTRUCTION: Final = 100_000
"""Characters of an instruction."""
MAX_NAME: Final = 500
"""Maximum number of characters of an id, a model's name or a backend's name."""

NOTHING_STORED: Final = RunningConfig()


@attrs.frozen
class Maxima:
    """What the operator lets a request name at most."""

    steps: int
    timeout_seconds: float


STAGES: Final = tuple(
    field.name for field in pb.StageModelConfig.DESCRIPTOR.fields if field.message_type is pb.LLMConfig.DESCRIPTOR
)
"""The models of a StageModelConfig, by field name."""

STATUSES: Final[Mapping[TaskStatus, pb.TaskStatus]] = {
    TaskStatus.PENDING: pb.PENDING,
    TaskStatus.RUNNING: pb.RUNNING,
    TaskStatus.COMPLETED: pb.SUCCESS,
    TaskStatus.FAILED: pb.FAILURE,
    TaskStatus.CANCELLED: pb.CANCELLED,
}

_OS: Final[Mapping[SandboxType, pb.SandboxOS]] = {
    SandboxType.WINDOWS: pb.WINDOWS,
    SandboxType.LINUX: pb.LINUX,
    SandboxType.ANDROID: pb.ANDROID,
}


def instruction(request: pb.RunAgentInstructionRequest) -> str:
    """Return the instruction of a request.

    Raises:
        InvalidFieldError: it is empty, or too long.
    """
    if not request.instruction.strip():
        raise InvalidFieldError("instruction", "must not be empty; say in a sentence what the agent should do")
    if len(request.instruction) > MAX_INSTRUCTION:
        raise InvalidFieldError("instruction", f"must have at most {MAX_INSTRUCTION} characters")
    return request.instruction


SHAPE: Final = "shapeName"


def sandbox_wishes(sandbox: pb.Sandbox) -> tuple[str, ...]:
    """Return the fields by which a request says of which kind its sandbox must be.

    Raises:
        InvalidFieldError: its operating system is unknown, or its id is too long.
    """
    _enum("sandbox.os", sandbox.os, pb.SandboxOS)
    short("sandbox.id", sandbox.id)
    return tuple(field for field in KIND_FIELDS if getattr(sandbox, field))


def sandbox_kind(sandbox: pb.Sandbox) -> SandboxKind:
    """Return of which kind the sandbox of a request must be, which was checked.

    Raises:
        InvalidFieldError: a text is too long.
    """
    types = {number: sandbox_type for sandbox_type, number in _OS.items()}
    return SandboxKind(
        shape=short(f"sandbox.{SHAPE}", sandbox.shapeName),
        os=types.get(sandbox.os),
        virtualization=short("sandbox.virtualization", sandbox.virtualization),
        architecture=short("sandbox.architecture", sandbox.architecture),
        hardware_encoding=sandbox.hardwareAcceleratedEncoding,
    )


def short(field: str, value: str) -> str:
    """Return a name or an id of a request. It is short, because an error repeats it in a header.

    Raises:
        InvalidFieldError: it is too long.
    """
    if len(value) > MAX_NAME:
        raise InvalidFieldError(field, f"must have at most {MAX_NAME} characters")
    return value


def running_config(
    message: pb.CommonConfig, *, field: str, maxima: Maxima, stored: RunningConfig = NOTHING_STORED
) -> RunningConfig:
    """Return the configuration that a request names; masked keys are taken from `stored`.

    Raises:
        InvalidFieldError: a field below `field` is wrong; the error names it.
    """
    _enum(f"{field}.mode", message.mode, pb.InstanceMode)
    short(f"{field}.backend", message.backend)
    return RunningConfig(
        backend=message.backend or None,
        mode=Mode(message.mode),
        steps=_limit(f"{field}.steps", message.steps, maxima.steps),
        platform=short(f"{field}.platform", message.platform),
        timeout_seconds=_limit(f"{field}.taskTimeout", message.taskTimeout, int(maxima.timeout_seconds)),
        authorization=_authorization(message, field, stored.authorization),
        web_search_engine=short(f"{field}.stageModelConfig.webSearchEngine", message.stageModelConfig.webSearchEngine)
        or None,
        stages={
            stage: llm_settings(
                getattr(message.stageModelConfig, stage),
                field=f"{field}.stageModelConfig.{stage}",
                stored=stored.stages.get(stage),
            )
            for stage in STAGES
            if message.stageModelConfig.HasField(stage)
        },
    )


def llm_settings(message: pb.LLMConfig, *, field: str, stored: LLMSettings | None = None) -> LLMSettings:
    """Return the model that a request names. A masked key is taken from `stored`.

    Raises:
        InvalidFieldError: its endpoint is not an http(s) URL, or its key cannot be a header.
    """
    for name in ("modelName", "provider"):
        short(f"{field}.{name}", getattr(message, name))
    if message.apiEndpoint:
        _check_address(message.apiEndpoint, f"{field}.apiEndpoint")
    return LLMSettings(
        model=message.modelName if message.modelName.strip() else "",
        provider=message.provider or None,
        api_key=_key(field, message, stored),
        endpoint=message.apiEndpoint or None,
    )


def common_config(config_id: str, config: RunningConfig) -> pb.CommonConfig:
    """Return a configuration as clients may see it, with masked keys."""
    message = pb.CommonConfig(
        id=config_id,
        backend=config.backend,
        mode=pb.InstanceMode.Name(config.mode),
        steps=config.steps,
        platform=config.platform,
        taskTimeout=None if config.timeout_seconds is None else round(config.timeout_seconds),
    )
    if config.authorization is not None:
        message.authorizationInfo.orgID = config.authorization.organization
        message.authorizationInfo.apiKey = "" if config.authorization.api_key is None else MASKED_KEY
        if config.authorization.endpoint is not None:
            message.authorizationInfo.apiEndpoint = config.authorization.endpoint
    if config.web_search_engine is not None:
        message.stageModelConfig.webSearchEngine = config.web_search_engine
    for stage, settings in config.stages.items():
        getattr(message.stageModelConfig, stage).CopyFrom(llm_config(settings))
    return message


def llm_config(settings: LLMSettings) -> pb.LLMConfig:
    """Return a model's settings as clients may see them, with a masked key."""
    return pb.LLMConfig(
        modelName=settings.model,
        provider=settings.provider,
        apiKey=None if settings.api_key is None else MASKED_KEY,
        apiEndpoint=settings.endpoint,
    )


def task_stream(task_id: str, message: StreamMessage) -> pb.TaskStream:
    """Return a message of a task's stream."""
    return pb.TaskStream(
        taskId=task_id,
        stage=message.stage,
        message=writable(message.text),
        timestamp=timestamp(message.published_at),
    )


def task_status(record: TaskRecord) -> pb.QueryTaskStatusResponse:
    """Return the status of a task as a reply."""
    ending = record.ending
    return pb.QueryTaskStatusResponse(
        taskId=record.task_id,
        status=STATUSES[record.status],
        message=_LIVE_MESSAGES[record.status] if ending is None else writable(ending.message),
        result="" if ending is None else writable(ending.result),
        sandbox=None if record.sandbox is None else sandbox_shown(record.sandbox),
        executionStatistics=_statistics(record),
    )


_LIVE_MESSAGES: Final[Mapping[TaskStatus, str]] = {
    TaskStatus.PENDING: "waiting for a slot",
    TaskStatus.RUNNING: "running",
}


def _statistics(record: TaskRecord) -> pb.ExecutionStatistics:
    statistics = record.statistics
    return pb.ExecutionStatistics(
        steps=statistics.steps,
        durationSeconds=int(record.execution_seconds + 0.5),
        inputTokens=statistics.input_tokens,
        outputTokens=statistics.output_tokens,
        totalTokens=statistics.input_tokens + statistics.output_tokens,
        cost=float(statistics.cost),
        currencySymbol="" if statistics.currency is None else symbol(statistics.currency),
    )


def writable(text: str) -> str:
    """Return a text with `?` for what UTF-8 cannot encode, such as half of a surrogate pair from a model."""
    return text.encode(errors="replace").decode()


def sandbox_shown(info: SandboxInfo) -> pb.Sandbox:
    """Return the sandbox of a task as clients may see it."""
    return pb.Sandbox(
        id=info.sandbox_id,
        name=info.sandbox_type.lower(),
        shapeName=info.shape,
        os=_OS.get(info.sandbox_type, pb.OSUNDEFINED),
    )


def _authorization(message: pb.CommonConfig, field: str, stored: Authorization | None) -> Authorization | None:
    info = message.authorizationInfo
    short(f"{field}.authorizationInfo.orgID", info.orgID)
    if info.apiEndpoint:
        _check_address(info.apiEndpoint, f"{field}.authorizationInfo.apiEndpoint")
    key = _key(f"{field}.authorizationInfo", info, stored)
    # Without an organization and a key it is no account, wherever it would be.
    return Authorization(info.orgID, key, info.apiEndpoint or None) if info.orgID or key is not None else None


def _check_address(address: str, field: str) -> None:
    # Cut, because megabytes would be split before they are found to be too long.
    check_address(address[: MAX_ADDRESS_LENGTH + 1], field)


def _key(
    field: str, message: pb.LLMConfig | pb.Authorization, stored: LLMSettings | Authorization | None
) -> Secret | None:
    if message.apiKey == MASKED_KEY:
        return _stored_key(field, message.apiEndpoint, stored)
    if not message.apiKey:
        return None
    key = Secret(message.apiKey)
    check_key(key, f"{field}.apiKey")
    return key


def _stored_key(field: str, endpoint: str, stored: LLMSettings | Authorization | None) -> Secret | None:
    if stored is None or stored.api_key is None:
        return None
    if (stored.endpoint or "") != endpoint:
        raise InvalidFieldError(f"{field}.apiKey", "must be given again for another apiEndpoint")
    return stored.api_key


class Enum(Protocol):
    """An enum of protobuf: numbers and their names."""

    def items(self) -> Sequence[tuple[str, int]]:
        """Return every name with its number."""


def _enum(field: str, value: int, enum: Enum) -> None:
    names = {number: name for name, number in enum.items()}
    if value not in names:
        known = ", ".join(f"{number} {name}" for number, name in names.items())
        raise InvalidFieldError(field, f"must be one of: {known}; it is {value}")


def _limit(field: str, value: int, maximum: int) -> int | None:
    if not 0 <= value <= maximum:
        raise InvalidFieldError(field, f"must be from 1 to {maximum}, or 0 for the default; it is {value}")
    return value or None
