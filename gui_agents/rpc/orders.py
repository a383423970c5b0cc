"""What a request asks for, over the global configuration: the task, or a refusal.

A request is never served by another sandbox, model or provider than the one that it names. What it names and this
service cannot do is refused; what has no effect is listed, and the task's first message tells it.
"""

from collections.abc import Iterator
from typing import Final, Protocol

import attrs

from gui_agents.domain.cloud import CloudOrder, CloudWish
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.sandbox import Backend, SandboxType
from gui_agents.domain.spec import LYBIC, LLMSettings, Mode, ModelChoice, RunningConfig, TaskSpec
from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc import convert
from gui_agents.rpc.settings import GlobalSettings
from gui_agents.rpc.unknown_fields import unknown_fields

CONFIG: Final = "runningConfig"
STAGES: Final = f"{CONFIG}.stageModelConfig"
GLOBAL_PLATFORM: Final = "the global configuration's platform"
CLOUDS: Final = frozenset({Backend.LYBIC, Backend.LYBIC_MOBILE})
"""The backends that an account is for."""


class Models(Protocol):
    """Chooses models."""

    def choose(self, requested: LLMSettings | None, configured: LLMSettings | None, field: str) -> ModelChoice:
        """Return the model of a task. Raise RefusedError if it cannot be used."""


class Backends(Protocol):
    """Knows sandboxes."""

    def check(self, backend: str, field: str) -> None:
        """Raise RefusedError if a backend is unknown or cannot run here; `field` of the request names it."""

    def check_wishes(self, backend: str, wishes: tuple[str, ...]) -> None:
        """Raise RefusedError if a backend does not let a request choose these fields of a sandbox."""

    def order(self, backend: str, wish: CloudWish) -> CloudOrder | None:
        """Return what a task asks of a backend's cloud; None if it has none. Raise RefusedError if it cannot be had."""


def spec_of(
    request: pb.RunAgentInstructionRequest,
    *,
    settings: GlobalSettings,
    models: Models,
    backends: Backends,
    maxima: convert.Maxima,
) -> TaskSpec:
    """Return the task that a request asks for.

    Raises:
        InvalidFieldError: a field is wrong.
        PreconditionError: it names something that is known and cannot be had here.
    """
    instruction = convert.instruction(request)
    wishes = convert.sandbox_wishes(request.sandbox)
    requested = convert.running_config(request.runningConfig, field=CONFIG, maxima=maxima)
    config = requested.over(settings.effective)
    wish = CloudWish(
        request=requested.authorization,
        global_=settings.changed.authorization,
        kind=convert.sandbox_kind(request.sandbox),
        platform=config.platform,
        sandbox_id=request.sandbox.id,
    )
    backend, cloud = _checked_backend(requested, settings, wishes, backends, wish)
    platform = f"{CONFIG}.platform" if requested.platform else GLOBAL_PLATFORM
    heeded = platform if cloud is not None and wish.heeds_platform else ""
    _check_decision(requested)
    stage, named = requested.decider(config.mode)
    configured_stage, configured = settings.changed.decider(config.mode)
    model = models.choose(named, configured, f"{STAGES}.{stage}")
    decides = _Decision(stage, configured_stage, named, configured)
    return TaskSpec(
        instruction=instruction,
        backend=backend,
        steps=config.steps or settings.defaults.steps,
        timeout_seconds=config.timeout_seconds or settings.defaults.timeout_seconds,
        model=model,
        config=attrs.evolve(config, backend=backend, stages=_shown_stages(requested, config, decides, model)),
        destroy_sandbox=request.destroySandbox,
        previous_task_id=convert.short("previousTaskId", request.previousTaskId) or None,
        sandbox_id=request.sandbox.id or None,
        cloud=cloud,
        unused=(
            *(each for each in _unused(request, requested, backend, decides, model) if each != heeded),
            *(each for each in unused_globally(settings.changed, backend, decides) if each != heeded),
            *unknown_fields(request),
        ),
    )


@attrs.frozen
class _Decision:
    """Which stage of the request and of the global configuration decides, if they have one."""

    stage: str
    configured_stage: str
    named: LLMSettings | None
    configured: LLMSettings | None

    @property
    def requested(self) -> bool:
        """Whether the request names the model, so that the global configuration does not."""
        return self.named is not None and self.named.model != ""

    @property
    def settings(self) -> LLMSettings | None:
        """The settings that name the model; None if the environment does."""
        return self.named if self.requested else self.configured


def _backend(requested: RunningConfig, settings: GlobalSettings, wishes: tuple[str, ...]) -> tuple[str, str]:
    """Return the backend that the first layer names, and what names it if that is not the field `backend`."""
    changed = settings.changed
    if requested.backend is not None:
        return requested.backend, ""
    if requested.authorization is not None:
        return LYBIC, f"{CONFIG}.authorizationInfo is an account of Lybic"
    if convert.SHAPE in wishes:
        return LYBIC, "sandbox.shapeName is a shape of Lybic"
    if changed.backend is None and changed.authorization is not None:
        return LYBIC, "the global configuration's authorizationInfo is an account of Lybic"
    return changed.backend or settings.defaults.backend, ""


def _checked_backend(
    requested: RunningConfig,
    settings: GlobalSettings,
    wishes: tuple[str, ...],
    backends: Backends,
    wish: CloudWish,
) -> tuple[str, CloudOrder | None]:
    """Return the backend of a task, and what the task asks of its cloud if it has one.

    Raises:
        InvalidFieldError: nobody knows it, or a field of the sandbox cannot be what it is.
        PreconditionError: it cannot run here, has no such sandboxes, or no account is there for it.
    """
    backend, reason = _backend(requested, settings, wishes)
    try:
        backends.check(backend, f"{CONFIG}.backend")
        backends.check_wishes(backend, wishes)
        return backend, backends.order(backend, wish)
    except PreconditionError as error:
        if not reason:
            raise
        raise PreconditionError(
            f"{error}; the backend {backend} was chosen because {CONFIG}.backend is not set, and {reason}"
        ) from error


def _check_decision(requested: RunningConfig) -> None:
    """Refuse a request that names models, but none that decides."""
    deciding = Mode.FAST.deciding_stages
    naming = [stage for stage, llm in requested.stages.items() if llm.model]
    if naming and not set(naming) & set(deciding):
        raise InvalidFieldError(
            STAGES, f"names models ({', '.join(naming)}), but none that decides; set {' or '.join(deciding)}"
        )


def _shown_stages(
    requested: RunningConfig, config: RunningConfig, decides: _Decision, model: ModelChoice
) -> dict[str, LLMSettings]:
    """Return the stages as the task runs with them: no deciding stage but the one that decides, and the request's."""
    stages = dict(config.stages)
    if decides.requested:
        for stage in Mode.FAST.deciding_stages:
            if stage not in requested.stages:
                stages.pop(stage, None)
    elif decides.named is not None or decides.configured is None or not decides.configured.model:
        known = stages.get(decides.stage, LLMSettings())
        stages[decides.stage] = attrs.evolve(known, model=model.model, provider=known.provider or model.provider)
    return stages


def _unused(
    request: pb.RunAgentInstructionRequest,
    requested: RunningConfig,
    backend: str,
    decides: _Decision,
    model: ModelChoice,
) -> Iterator[str]:
    """Yield the fields of a request that have no effect."""
    for field in ("name", "description"):
        # A client that sends back what QueryTaskStatus told it asks for nothing.
        if getattr(request.sandbox, field) not in {"", backend, *(each.lower() for each in SandboxType)}:
            yield f"sandbox.{field}"
    if request.runningConfig.id:
        yield f"{CONFIG}.id"
    # A key without a model is for the model of a lower layer, unless that one is called without a key.
    deciding = decides.stage if decides.requested or model.endpoint is not None else None
    for name in _idle(requested, backend, deciding):
        yield f"{CONFIG}.{name}"


def unused_globally(changed: RunningConfig, backend: str, decides: _Decision | None = None) -> Iterator[str]:
    """Yield what the global configuration holds that has no effect; without `decides`, on a task that names nothing."""
    if decides is None:
        stage, configured = changed.decider(changed.mode)
        decides = _Decision(stage, stage, None, configured)
    for name in _idle(changed, backend, decides.configured_stage):
        stage = name.removeprefix("stageModelConfig.")
        # One model for all stages is set by one call; it does its work if one of them decides.
        if stage not in changed.stages or changed.stages[stage] not in (decides.settings, decides.configured):
            yield f"the global configuration's {name}"


def _idle(config: RunningConfig, backend: str, deciding: str | None) -> Iterator[str]:
    """Yield what of a layer has no effect. The deciding stage has one, and an account has one at Lybic."""
    if config.platform:
        yield "platform"
    if config.authorization is not None and backend not in CLOUDS:
        yield "authorizationInfo"
    if config.web_search_engine:
        yield "stageModelConfig.webSearchEngine"
    for stage in config.stages:
        if stage != deciding:
            yield f"stageModelConfig.{stage}"
