"""The twelve RPCs: protobuf to the domain, one call to the runner, the state or the settings, and a reply."""

import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import attrs
from google.protobuf.message import Message

from gui_agents.access.owners import Owners
from gui_agents.domain.access import Identity, MissingRoleError, QuotaExceededError, Role
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
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.spec import NORMAL_STAGE, ConfigType, LLMSettings
from gui_agents.domain.task import RejectReason, TaskRecord
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
    MissingRoleError: RejectReason.DENIED,
    QuotaExceededError: RejectReason.QUOTA,
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
    redactor: Redactor
    owners: Owners

    async def GetAgentInfo(self, _: pb.GetAgentInfoRequest, _caller: Identity) -> pb.AgentInfo:  # noqa: N802
        """Return the service's version, limits and host."""
        info = self.state.info
        return pb.AgentInfo(
            version=info.version,
            maxConcurrentTasks=info.max_concurrent_tasks,
            log_level=info.log_level,
            domain=info.domain,
        )

    async def GetGlobalCommonConfig(  # noqa: N802
        self, _: pb.GetGlobalCommonConfigRequest, caller: Identity
    ) -> pb.CommonConfig:
        """Return the configuration that applies if a request names none."""
        _check_admin(caller)
        return convert.common_config(GLOBAL, self.settings.effective)

    async def GetCommonConfig(  # noqa: N802
        self, request: pb.GetCommonConfigRequest, caller: Identity
    ) -> pb.CommonConfig:
        """Return the global configuration, or the configuration of a task."""
        config_id = convert.short("id", request.id)
        if config_id == GLOBAL:
            _check_admin(caller)
            return convert.common_config(GLOBAL, self.settings.effective)
        record = await self._seen(config_id, caller, "configuration")
        return convert.common_config(config_id, record.spec.config)

    async def SetGlobalCommonConfig(  # noqa: N802
        self, request: pb.SetGlobalCommonConfigRequest, caller: Identity
    ) -> pb.SetCommonConfigResponse:
        """Replace the global configuration."""
        self._check_setter(caller)
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

    async def SetGlobalCommonLLMConfig(  # noqa: N802
        self, request: pb.SetGlobalCommonLLMConfigRequest, caller: Identity
    ) -> pb.LLMConfig:
        """Use one model for every stage except grounding and embedding."""
        return self._set_stages(request, COMMON_STAGES, NORMAL_STAGE, ConfigType.LLM, caller)

    async def SetGlobalGroundingLLMConfig(  # noqa: N802
        self, request: pb.SetGlobalGroundingLLMConfigRequest, caller: Identity
    ) -> pb.LLMConfig:
        """Use a model for grounding."""
        return self._set_stages(request, (GROUNDING_STAGE,), GROUNDING_STAGE, ConfigType.GROUNDING, caller)

    async def SetGlobalEmbeddingLLMConfig(  # noqa: N802
        self, request: pb.SetGlobalEmbeddingLLMConfigRequest, caller: Identity
    ) -> pb.LLMConfig:
        """Use a model for embedding."""
        return self._set_stages(request, (EMBEDDING_STAGE,), EMBEDDING_STAGE, ConfigType.EMBEDDING, caller)

    async def RunAgentInstruction(  # noqa: N802
        self, request: pb.RunAgentInstructionRequest, caller: Identity
    ) -> AsyncGenerator[pb.TaskStream, None]:
        """Run a task and stream its messages. If the client leaves, the task is cancelled."""
        task_id = await self._submit(request, caller)
        messages = self.archive.follow(task_id)
        try:
            await self.runner.stored(task_id)
            async for message in messages:
                yield convert.task_stream(task_id, message)
        finally:
            await messages.aclose()
            self.runner.client_left(task_id)

    async def RunAgentInstructionAsync(  # noqa: N802
        self, request: pb.RunAgentInstructionRequest, caller: Identity
    ) -> pb.RunAgentInstructionAsyncResponse:
        """Start a task and return its id."""
        task_id = await self._submit(request, caller)
        await self.runner.stored(task_id)
        return pb.RunAgentInstructionAsyncResponse(taskId=task_id)

    async def GetAgentTaskStream(  # noqa: N802
        self, request: pb.GetAgentTaskStreamRequest, caller: Identity
    ) -> AsyncGenerator[pb.GetAgentTaskStreamResponse, None]:
        """Replay a task's messages, then follow them to the end."""
        task_id = convert.short("taskId", request.taskId)
        await self._check_seen(task_id, caller)
        unfollow = self.owners.following(caller, task_id)
        messages = self.archive.follow(task_id)
        try:
            async for message in messages:
                yield pb.GetAgentTaskStreamResponse(taskStream=convert.task_stream(task_id, message))
        finally:
            unfollow()
            await messages.aclose()

    async def QueryTaskStatus(  # noqa: N802
        self, request: pb.QueryTaskStatusRequest, caller: Identity
    ) -> pb.QueryTaskStatusResponse:
        """Return the status of a task; NOT_FOUND in the message, without an error, if it is unknown."""
        task_id = convert.short("taskId", request.taskId)
        try:
            return convert.task_status(await self._seen(task_id, caller))
        except NotFoundError as error:
            return pb.QueryTaskStatusResponse(taskId=task_id, status=pb.NOT_FOUND, message=str(error))

    async def CancelTask(  # noqa: N802
        self, request: pb.CancelTaskRequest, caller: Identity
    ) -> pb.CancelTaskResponse:
        """Cancel a task. `success` says whether it is cancelled now; an unknown one is not, without an error."""
        task_id = convert.short("taskId", request.taskId)
        try:
            if not caller.commands(await self.archive.owner(task_id)):
                raise NotFoundError("task", task_id)  # noqa: TRY301 - answered as an unknown one
            status = await self._cancelled(task_id)
        except NotFoundError as error:
            return pb.CancelTaskResponse(taskId=task_id, success=False, message=str(error))
        cancelled = status is TaskStatus.CANCELLED
        message = "cancelled" if cancelled else f"the task has ended already: {status}"
        return pb.CancelTaskResponse(taskId=task_id, success=cancelled, message=message)

    def rejected(self, error: RefusedError) -> None:
        """Count a refused submission, unless it became a task that was cancelled."""
        if isinstance(error, NotStoredError):
            return
        self.state.task_rejected(_REJECTIONS.get(type(error), RejectReason.INVALID))

    async def _cancelled(self, task_id: str) -> TaskStatus:
        """Cancel a task if it is live, and return its status once that is stored."""
        if self.state.status(task_id) is not None:
            self.runner.cancel(task_id)
        return (await self.archive.record(task_id)).status

    async def _check_seen(self, task_id: str, caller: Identity, kind: str = "task") -> None:
        """Refuse a task that the caller may not know of as one that there is not."""
        try:
            owner = await self.archive.owner(task_id)
        except NotFoundError:
            raise NotFoundError(kind, task_id) from None
        if not caller.sees(owner):
            raise NotFoundError(kind, task_id)

    async def _seen(self, task_id: str, caller: Identity, kind: str = "task") -> TaskRecord:
        """Return a task that the caller may know of."""
        await self._check_seen(task_id, caller, kind)
        return await self.archive.record(task_id)

    async def _submit(self, request: pb.RunAgentInstructionRequest, caller: Identity) -> str:
        spec = orders.spec_of(
            request, settings=self.settings, models=self.models, backends=self.backends, maxima=self.maxima
        )
        shown = self.redactor.knowing(spec.keys).redacted(spec.instruction)
        spec = attrs.evolve(spec, owner=caller.name, redacted_instruction=None if shown == spec.instruction else shown)
        return self.runner.submit(spec, caller, await self.archive.past(spec.previous_task_id))

    def _set_stages(
        self,
        request: _StageSetter,
        stages: tuple[str, ...],
        stored: str,
        config_type: ConfigType,
        caller: Identity,
    ) -> pb.LLMConfig:
        self._check_setter(caller)
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

    def _check_setter(self, caller: Identity) -> None:
        _check_admin(caller)
        if not self.allow_set_global_config:
            raise NotAllowedError(
                "changing the global configuration is off; the operator can set ALLOW_SET_GLOBAL_CONFIG=true"
            )


def _check_admin(caller: Identity) -> None:
    if not caller.has(Role.ADMIN):
        raise MissingRoleError(Role.ADMIN)
