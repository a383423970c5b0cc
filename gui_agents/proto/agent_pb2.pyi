import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SandboxOS(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OSUNDEFINED: _ClassVar[SandboxOS]
    WINDOWS: _ClassVar[SandboxOS]
    LINUX: _ClassVar[SandboxOS]
    ANDROID: _ClassVar[SandboxOS]

class InstanceMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEUNDEFINED: _ClassVar[InstanceMode]
    NORMAL: _ClassVar[InstanceMode]
    FAST: _ClassVar[InstanceMode]

class TaskStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASKSTATUSUNDEFINED: _ClassVar[TaskStatus]
    PENDING: _ClassVar[TaskStatus]
    RUNNING: _ClassVar[TaskStatus]
    SUCCESS: _ClassVar[TaskStatus]
    FAILURE: _ClassVar[TaskStatus]
    NOT_FOUND: _ClassVar[TaskStatus]
    CANCELLED: _ClassVar[TaskStatus]
OSUNDEFINED: SandboxOS
WINDOWS: SandboxOS
LINUX: SandboxOS
ANDROID: SandboxOS
MODEUNDEFINED: InstanceMode
NORMAL: InstanceMode
FAST: InstanceMode
TASKSTATUSUNDEFINED: TaskStatus
PENDING: TaskStatus
RUNNING: TaskStatus
SUCCESS: TaskStatus
FAILURE: TaskStatus
NOT_FOUND: TaskStatus
CANCELLED: TaskStatus

class SetGlobalCommonLLMConfigRequest(_message.Message):
    __slots__ = ("llmConfig",)
    LLMCONFIG_FIELD_NUMBER: _ClassVar[int]
    llmConfig: LLMConfig
    def __init__(self, llmConfig: _Optional[_Union[LLMConfig, _Mapping]] = ...) -> None: ...

class SetGlobalEmbeddingLLMConfigRequest(_message.Message):
    __slots__ = ("llmConfig",)
    LLMCONFIG_FIELD_NUMBER: _ClassVar[int]
    llmConfig: LLMConfig
    def __init__(self, llmConfig: _Optional[_Union[LLMConfig, _Mapping]] = ...) -> None: ...

class SetGlobalGroundingLLMConfigRequest(_message.Message):
    __slots__ = ("llmConfig",)
    LLMCONFIG_FIELD_NUMBER: _ClassVar[int]
    llmConfig: LLMConfig
    def __init__(self, llmConfig: _Optional[_Union[LLMConfig, _Mapping]] = ...) -> None: ...

class SetGlobalCommonConfigRequest(_message.Message):
    __slots__ = ("commonConfig",)
    COMMONCONFIG_FIELD_NUMBER: _ClassVar[int]
    commonConfig: CommonConfig
    def __init__(self, commonConfig: _Optional[_Union[CommonConfig, _Mapping]] = ...) -> None: ...

class SetCommonConfigResponse(_message.Message):
    __slots__ = ("success", "id")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    success: bool
    id: str
    def __init__(self, success: _Optional[bool] = ..., id: _Optional[str] = ...) -> None: ...

class GetAgentInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetGlobalCommonConfigRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCommonConfigRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class AgentInfo(_message.Message):
    __slots__ = ("version", "maxConcurrentTasks", "log_level", "domain")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MAXCONCURRENTTASKS_FIELD_NUMBER: _ClassVar[int]
    LOG_LEVEL_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    version: str
    maxConcurrentTasks: int
    log_level: str
    domain: str
    def __init__(self, version: _Optional[str] = ..., maxConcurrentTasks: _Optional[int] = ..., log_level: _Optional[str] = ..., domain: _Optional[str] = ...) -> None: ...

class Sandbox(_message.Message):
    __slots__ = ("id", "name", "description", "shapeName", "hardwareAcceleratedEncoding", "os", "virtualization", "architecture")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SHAPENAME_FIELD_NUMBER: _ClassVar[int]
    HARDWAREACCELERATEDENCODING_FIELD_NUMBER: _ClassVar[int]
    OS_FIELD_NUMBER: _ClassVar[int]
    VIRTUALIZATION_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    description: str
    shapeName: str
    hardwareAcceleratedEncoding: bool
    os: SandboxOS
    virtualization: str
    architecture: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., shapeName: _Optional[str] = ..., hardwareAcceleratedEncoding: _Optional[bool] = ..., os: _Optional[_Union[SandboxOS, str]] = ..., virtualization: _Optional[str] = ..., architecture: _Optional[str] = ...) -> None: ...

class Authorization(_message.Message):
    __slots__ = ("orgID", "apiKey", "apiEndpoint")
    ORGID_FIELD_NUMBER: _ClassVar[int]
    APIKEY_FIELD_NUMBER: _ClassVar[int]
    APIENDPOINT_FIELD_NUMBER: _ClassVar[int]
    orgID: str
    apiKey: str
    apiEndpoint: str
    def __init__(self, orgID: _Optional[str] = ..., apiKey: _Optional[str] = ..., apiEndpoint: _Optional[str] = ...) -> None: ...

class LLMConfig(_message.Message):
    __slots__ = ("modelName", "provider", "apiKey", "apiEndpoint")
    MODELNAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    APIKEY_FIELD_NUMBER: _ClassVar[int]
    APIENDPOINT_FIELD_NUMBER: _ClassVar[int]
    modelName: str
    provider: str
    apiKey: str
    apiEndpoint: str
    def __init__(self, modelName: _Optional[str] = ..., provider: _Optional[str] = ..., apiKey: _Optional[str] = ..., apiEndpoint: _Optional[str] = ...) -> None: ...

class StageModelConfig(_message.Message):
    __slots__ = ("webSearchEngine", "contextFusionModel", "subtaskPlannerModel", "trajReflectorModel", "memoryRetrivalModel", "groundingModel", "taskEvaluatorModel", "actionGeneratorModel", "actionGeneratorWithTakeoverModel", "fastActionGeneratorModel", "fastActionGeneratorWithTakeoverModel", "dagTranslatorModel", "embeddingModel", "queryFormulatorModel", "narrativeSummarizationModel", "textSpanModel", "episodeSummarizationModel")
    WEBSEARCHENGINE_FIELD_NUMBER: _ClassVar[int]
    CONTEXTFUSIONMODEL_FIELD_NUMBER: _ClassVar[int]
    SUBTASKPLANNERMODEL_FIELD_NUMBER: _ClassVar[int]
    TRAJREFLECTORMODEL_FIELD_NUMBER: _ClassVar[int]
    MEMORYRETRIVALMODEL_FIELD_NUMBER: _ClassVar[int]
    GROUNDINGMODEL_FIELD_NUMBER: _ClassVar[int]
    TASKEVALUATORMODEL_FIELD_NUMBER: _ClassVar[int]
    ACTIONGENERATORMODEL_FIELD_NUMBER: _ClassVar[int]
    ACTIONGENERATORWITHTAKEOVERMODEL_FIELD_NUMBER: _ClassVar[int]
    FASTACTIONGENERATORMODEL_FIELD_NUMBER: _ClassVar[int]
    FASTACTIONGENERATORWITHTAKEOVERMODEL_FIELD_NUMBER: _ClassVar[int]
    DAGTRANSLATORMODEL_FIELD_NUMBER: _ClassVar[int]
    EMBEDDINGMODEL_FIELD_NUMBER: _ClassVar[int]
    QUERYFORMULATORMODEL_FIELD_NUMBER: _ClassVar[int]
    NARRATIVESUMMARIZATIONMODEL_FIELD_NUMBER: _ClassVar[int]
    TEXTSPANMODEL_FIELD_NUMBER: _ClassVar[int]
    EPISODESUMMARIZATIONMODEL_FIELD_NUMBER: _ClassVar[int]
    webSearchEngine: str
    contextFusionModel: LLMConfig
    subtaskPlannerModel: LLMConfig
    trajReflectorModel: LLMConfig
    memoryRetrivalModel: LLMConfig
    groundingModel: LLMConfig
    taskEvaluatorModel: LLMConfig
    actionGeneratorModel: LLMConfig
    actionGeneratorWithTakeoverModel: LLMConfig
    fastActionGeneratorModel: LLMConfig
    fastActionGeneratorWithTakeoverModel: LLMConfig
    dagTranslatorModel: LLMConfig
    embeddingModel: LLMConfig
    queryFormulatorModel: LLMConfig
    narrativeSummarizationModel: LLMConfig
    textSpanModel: LLMConfig
    episodeSummarizationModel: LLMConfig
    def __init__(self, webSearchEngine: _Optional[str] = ..., contextFusionModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., subtaskPlannerModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., trajReflectorModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., memoryRetrivalModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., groundingModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., taskEvaluatorModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., actionGeneratorModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., actionGeneratorWithTakeoverModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., fastActionGeneratorModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., fastActionGeneratorWithTakeoverModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., dagTranslatorModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., embeddingModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., queryFormulatorModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., narrativeSummarizationModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., textSpanModel: _Optional[_Union[LLMConfig, _Mapping]] = ..., episodeSummarizationModel: _Optional[_Union[LLMConfig, _Mapping]] = ...) -> None: ...

class CommonConfig(_message.Message):
    __slots__ = ("id", "backend", "mode", "steps", "platform", "taskTimeout", "authorizationInfo", "stageModelConfig")
    ID_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    TASKTIMEOUT_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZATIONINFO_FIELD_NUMBER: _ClassVar[int]
    STAGEMODELCONFIG_FIELD_NUMBER: _ClassVar[int]
    id: str
    backend: str
    mode: InstanceMode
    steps: int
    platform: str
    taskTimeout: int
    authorizationInfo: Authorization
    stageModelConfig: StageModelConfig
    def __init__(self, id: _Optional[str] = ..., backend: _Optional[str] = ..., mode: _Optional[_Union[InstanceMode, str]] = ..., steps: _Optional[int] = ..., platform: _Optional[str] = ..., taskTimeout: _Optional[int] = ..., authorizationInfo: _Optional[_Union[Authorization, _Mapping]] = ..., stageModelConfig: _Optional[_Union[StageModelConfig, _Mapping]] = ...) -> None: ...

class RunAgentInstructionRequest(_message.Message):
    __slots__ = ("instruction", "sandbox", "runningConfig", "destroySandbox", "previousTaskId")
    INSTRUCTION_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_FIELD_NUMBER: _ClassVar[int]
    RUNNINGCONFIG_FIELD_NUMBER: _ClassVar[int]
    DESTROYSANDBOX_FIELD_NUMBER: _ClassVar[int]
    PREVIOUSTASKID_FIELD_NUMBER: _ClassVar[int]
    instruction: str
    sandbox: Sandbox
    runningConfig: CommonConfig
    destroySandbox: bool
    previousTaskId: str
    def __init__(self, instruction: _Optional[str] = ..., sandbox: _Optional[_Union[Sandbox, _Mapping]] = ..., runningConfig: _Optional[_Union[CommonConfig, _Mapping]] = ..., destroySandbox: _Optional[bool] = ..., previousTaskId: _Optional[str] = ...) -> None: ...

class RunAgentInstructionAsyncResponse(_message.Message):
    __slots__ = ("taskId",)
    TASKID_FIELD_NUMBER: _ClassVar[int]
    taskId: str
    def __init__(self, taskId: _Optional[str] = ...) -> None: ...

class ExecutionStatistics(_message.Message):
    __slots__ = ("steps", "durationSeconds", "inputTokens", "outputTokens", "totalTokens", "cost", "currencySymbol")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    DURATIONSECONDS_FIELD_NUMBER: _ClassVar[int]
    INPUTTOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTTOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTALTOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CURRENCYSYMBOL_FIELD_NUMBER: _ClassVar[int]
    steps: int
    durationSeconds: int
    inputTokens: int
    outputTokens: int
    totalTokens: int
    cost: float
    currencySymbol: str
    def __init__(self, steps: _Optional[int] = ..., durationSeconds: _Optional[int] = ..., inputTokens: _Optional[int] = ..., outputTokens: _Optional[int] = ..., totalTokens: _Optional[int] = ..., cost: _Optional[float] = ..., currencySymbol: _Optional[str] = ...) -> None: ...

class QueryTaskStatusRequest(_message.Message):
    __slots__ = ("taskId",)
    TASKID_FIELD_NUMBER: _ClassVar[int]
    taskId: str
    def __init__(self, taskId: _Optional[str] = ...) -> None: ...

class QueryTaskStatusResponse(_message.Message):
    __slots__ = ("taskId", "status", "message", "result", "sandbox", "executionStatistics")
    TASKID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONSTATISTICS_FIELD_NUMBER: _ClassVar[int]
    taskId: str
    status: TaskStatus
    message: str
    result: str
    sandbox: Sandbox
    executionStatistics: ExecutionStatistics
    def __init__(self, taskId: _Optional[str] = ..., status: _Optional[_Union[TaskStatus, str]] = ..., message: _Optional[str] = ..., result: _Optional[str] = ..., sandbox: _Optional[_Union[Sandbox, _Mapping]] = ..., executionStatistics: _Optional[_Union[ExecutionStatistics, _Mapping]] = ...) -> None: ...

class GetAgentTaskStreamRequest(_message.Message):
    __slots__ = ("taskId",)
    TASKID_FIELD_NUMBER: _ClassVar[int]
    taskId: str
    def __init__(self, taskId: _Optional[str] = ...) -> None: ...

class GetAgentTaskStreamResponse(_message.Message):
    __slots__ = ("taskStream",)
    TASKSTREAM_FIELD_NUMBER: _ClassVar[int]
    taskStream: TaskStream
    def __init__(self, taskStream: _Optional[_Union[TaskStream, _Mapping]] = ...) -> None: ...

class TaskStream(_message.Message):
    __slots__ = ("taskId", "stage", "message", "timestamp")
    TASKID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    taskId: str
    stage: str
    message: str
    timestamp: _timestamp_pb2.Timestamp
    def __init__(self, taskId: _Optional[str] = ..., stage: _Optional[str] = ..., message: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CancelTaskRequest(_message.Message):
    __slots__ = ("taskId",)
    TASKID_FIELD_NUMBER: _ClassVar[int]
    taskId: str
    def __init__(self, taskId: _Optional[str] = ...) -> None: ...

class CancelTaskResponse(_message.Message):
    __slots__ = ("taskId", "success", "message")
    TASKID_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    taskId: str
    success: bool
    message: str
    def __init__(self, taskId: _Optional[str] = ..., success: _Optional[bool] = ..., message: _Optional[str] = ...) -> None: ...
