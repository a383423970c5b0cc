"""The twelve RPCs: protobuf to the domain, one call to the runner, the state or the settings, and a reply."""

import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import attrs
from google.protobuf.message import Message

from gui_agents.domain.errors import (
    DayBudgetSpentError,
    DrainingError,
    InvalidFieldError,
    NotAllowedError,
    NotFoundError,
    NotStoredError,
    PreconditionError,
    QueueFullError,
    RefusedError,
    StorageDownError,
)
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.spec import NORMAL_STAGE, ConfigType, LLMSettings
from gui_agents.domain.task import RejectReason
from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc import convert, orders
from gui_agents.rpc.orders import Backends, Models
from gui_agents.rpc.settings import GlobalSettings
from gui_agents.rpc.unknown_fields import unknown_fields
from gui_agents.state.service_state import ServiceState
from gui_agents.tasks.archive import Archive
from gui_agents.tasks.runner import TaskRunner

_log = logging.getLogger(__name__)

GLOBAL: Final = "global"
"""The id of the global configuration."""

_REJECTIONS: Final[Mapping[type[RefusedError], RejectReason]] = {
    QueueFullError: RejectReason.QUEUE_FULL,
    DrainingError: RejectReason.DRAINING,
    NotAllowedError: RejectReason.DENIED,
    DayBudgetSpentError: RejectReason.BUDGET,
    StorageDownError: RejectReason.STORAGE,
}

GROUNDING_STAGE: Final = "groundingModel"
EMBEDDING_STAGE: Final = "embeddingModel"
COMMON_STAGES: Final = tuple(stage for stage in convert.STAGES if stage not in (GROUNDING_STAGE, EMBEDDING_STAGE))

_StageSetter = (
    pb.SetGlobalCommonLLMConfigRequest | pb.SetGlobalGroundingLLMConfigRequest | pb.SetGlobalEmbeddingLLMConfigRequest
)


@attrs.frozen(kw_only=True)
class AgentServicer:
    """Serves the contract. Every method raises RefusedError to refuse a request."""

    state: ServiceState
    runner: TaskRunner
    archive: Archive
    settings: GlobalSettings
    models: Models
    backends: Backends
    allow_set_global_config: bool
    maxima: convert.Maxima

    async def GetAgentInfo(self, _: pb.GetAgentInfoRequest) -> pb.AgentInfo:  # noqa: N802
        """Return the service's version, limits and host."""
        info = self.state.info
        return pb.AgentInfo(
            version=info.version,
            maxConcurrentTasks=info.max_concurrent_tasks,
            log_level=info.log_level,
            domain=info.domain,
        )

    async def GetGlobalCommonConfig(self, _: pb.GetGlobalCommonConfigRequest) -> pb.CommonConfig:  # noqa: N802
        """Return the configuration that applies if a request names none."""
        return convert.common_config(GLOBAL, self.settings.effective)

    async def GetCommonConfig(self, request: pb.GetCommonConfigRequest) -> pb.CommonConfig:  # noqa: N802
        """Return the global configuration, or the configuration of a task."""
        config_id = convert.short("id", request.id)
        if config_id == GLOBAL:
            return convert.common_config(GLOBAL, self.settings.effective)
        try:
            record = await self.archive.record(config_id)
        except NotFoundError:
            raise NotFoundError("configuration", config_id) from None
        return convert.common_config(config_id, record.spec.config)

    async def SetGlobalCommonConfig(  # noqa: N802
        self, request: pb.SetGlobalCommonConfigRequest
    ) -> pb.SetCommonConfigResponse:
        """Replace the global configuration."""
        self._check_setter()
        if not request.HasField("commonConfig"):
            raise InvalidFieldError("commonConfig", "must be set")
        config = convert.running_config(
            request.commonConfig, field="commonConfig", maxima=self.maxima, stored=self.settings.changed
        )
        if config.backend is not None:
            self.backends.check(config.backend, "commonConfig.backend")
        stage, deciding = config.decider(config.mode)
        if deciding is not None:
            self._check_model(deciding, f"commonConfig.stageModelConfig.{stage}")
        self.settings.replace(config)
        self._changed(ConfigType.GLOBAL, request)
        return pb.SetCommonConfigResponse(success=True, id=GLOBAL)

    async def SetGlobalCommonLLMConfig(self, request: pb.SetGlobalCommonLLMConfigRequest) -> pb.LLMConfig:  # noqa: N802
        """Use one model for every stage except grounding and embedding."""
        return self._set_stages(request, COMMON_STAGES, NORMAL_STAGE, ConfigType.LLM)

    async def SetGlobalGroundingLLMConfig(  # noqa: N802
        self, request: pb.SetGlobalGroundingLLMConfigRequest
    ) -> pb.LLMConfig:
        """Use a model for grounding."""
        return self._set_stages(request, (GROUNDING_STAGE,), GROUNDING_STAGE, ConfigType.GROUNDING)

    async def SetGlobalEmbeddingLLMConfig(  # noqa: N802
        self, request: pb.SetGlobalEmbeddingLLMConfigRequest
    ) -> pb.LLMConfig:
        """Use a model for embedding."""
        return self._set_stages(request, (EMBEDDING_STAGE,), EMBEDDING_STAGE, ConfigType.EMBEDDING)

    async def RunAgentInstruction(  # noqa: N802
        self, request: pb.RunAgentInstructionRequest
    ) -> AsyncGenerator[pb.TaskStream, None]:
        """Run a task and stream its messages. If the client leaves, the task is cancelled."""
        task_id = await self._submit(request)
        messages = self.archive.follow(task_id)
        try:
            await self.runner.stored(task_id)
            async for message in messages:
                yield convert.task_stream(task_id, message)
        finally:
            await messages.aclose()
            self.runner.client_left(task_id)

    async def RunAgentInstructionAsync(  # noqa: N802
        self, request: pb.RunAgentInstructionRequest
    ) -> pb.RunAgentInstructionAsyncResponse:
        """Start a task and return its id."""
        task_id = await self._submit(request)
        await self.runner.stored(task_id)
        return pb.RunAgentInstructionAsyncResponse(taskId=task_id)

    async def GetAgentTaskStream(  # noqa: N802
        self, request: pb.GetAgentTaskStreamRequest
    ) -> AsyncGenerator[pb.GetAgentTaskStreamResponse, None]:
        """Replay a task's messages, then follow them to the end."""
        task_id = convert.short("taskId", request.taskId)
        messages = self.archive.follow(task_id)
        try:
            async for message in messages:
                yield pb.GetAgentTaskStreamResponse(taskStream=convert.task_stream(task_id, message))
        finally:
            await messages.aclose()

    async def QueryTaskStatus(self, request: pb.QueryTaskStatusRequest) -> pb.QueryTaskStatusResponse:  # noqa: N802
        """Return the status of a task; NOT_FOUND in the message, without an error, if it is unknown."""
        task_id = convert.short("taskId", request.taskId)
        try:
            return convert.task_status(await self.archive.record(task_id))
        except NotFoundError as error:
            return pb.QueryTaskStatusResponse(taskId=task_id, status=pb.NOT_FOUND, message=str(error))

    async def CancelTask(self, request: pb.CancelTaskRequest) -> pb.CancelTaskResponse:  # noqa: N802
        """Cancel a task. `success` says whether it is cancelled now; an unknown one is not, without an error."""
        task_id = convert.short("taskId", request.taskId)
        try:
            cancelled = self.runner.cancel(task_id)
        except NotFoundError:
            return await self._cancel_stored(task_id)
        status = TaskStatus.CANCELLED if cancelled else self.state.record(task_id).status
        await self.archive.settled(task_id)
        return pb.CancelTaskResponse(taskId=task_id, success=cancelled, message=_cancel_answer(status))

    def rejected(self, error: RefusedError) -> None:
        """Count a refused submission, unless it became a task that was cancelled."""
        if isinstance(error, NotStoredError):
            return
        self.state.task_rejected(_REJECTIONS.get(type(error), RejectReason.INVALID))

    async def _cancel_stored(self, task_id: str) -> pb.CancelTaskResponse:
        """Answer the cancel of a task that is not in memory."""
        try:
            status = (await self.archive.record(task_id)).status
        except NotFoundError as error:
            return pb.CancelTaskResponse(taskId=task_id, success=False, message=str(error))
        cancelled = status is TaskStatus.CANCELLED
        return pb.CancelTaskResponse(taskId=task_id, success=cancelled, message=_cancel_answer(status))

    async def _submit(self, request: pb.RunAgentInstructionRequest) -> str:
        spec = orders.spec_of(
            request, settings=self.settings, models=self.models, backends=self.backends, maxima=self.maxima
        )
        return self.runner.submit(spec, await self.archive.past(spec.previous_task_id))

    def _set_stages(
        self, request: _StageSetter, stages: tuple[str, ...], stored: str, config_type: ConfigType
    ) -> pb.LLMConfig:
        self._check_setter()
        known = self.settings.changed.stages.get(stored)
        settings = convert.llm_settings(request.llmConfig, field="llmConfig", stored=known)
        if not settings.model.strip():
            raise InvalidFieldError("llmConfig.modelName", "must name a model")
        if NORMAL_STAGE in stages:
            self._check_model(settings, "llmConfig")
        self.settings.set_stages(stages, settings)
        self._changed(config_type, request)
        return convert.llm_config(settings)

    def _check_model(self, settings: LLMSettings, field: str) -> None:
        """Refuse a model that no task could use. A missing key does not matter yet, because a request may have one."""
        with contextlib.suppress(PreconditionError):
            self.models.choose(settings, None, field)

    def _changed(self, config_type: ConfigType, request: Message) -> None:
        self.state.config_updated(config_type)
        effective = self.settings.effective
        idle = orders.unused_globally(self.settings.changed, effective.backend or "")
        unused = ", ".join((*idle, *unknown_fields(request)))
        _log.info("the global configuration was changed (%s)%s", config_type, f"; not used: {unused}" if unused else "")

    def _check_setter(self) -> None:
        if not self.allow_set_global_config:
            raise NotAllowedError(
                "changing the global configuration is off; the operator can set ALLOW_SET_GLOBAL_CONFIG=true"
            )


def _cancel_answer(status: TaskStatus) -> str:
    return "cancelled" if status is TaskStatus.CANCELLED else f"the task has ended already: {status}"
