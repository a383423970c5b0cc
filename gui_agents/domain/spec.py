"""What a task is asked to do, and the configuration that it runs with."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum, unique
from types import MappingProxyType
from typing import Final

import attrs

from gui_agents.domain.cloud import Authorization, CloudOrder
from gui_agents.domain.model_settings import DEFAULT_SETTINGS, ModelSettings
from gui_agents.domain.secret import FORGOTTEN, Secret

NORMAL_STAGE: Final = "actionGeneratorModel"
FAST_STAGE: Final = "fastActionGeneratorModel"
LYBIC: Final = "lybic"
"""The backend that a Lybic account is for."""


@unique
class Mode(IntEnum):
    """Whether a task is decided by the normal or the fast model. The numbers are those of the contract."""

    UNDEFINED = 0
    NORMAL = 1
    FAST = 2

    @property
    def deciding_stages(self) -> tuple[str, str]:
        """The stages that can decide. The second one does if the first one names no model. No mode is FAST."""
        return (NORMAL_STAGE, FAST_STAGE) if self is Mode.NORMAL else (FAST_STAGE, NORMAL_STAGE)


@unique
class ConfigType(StrEnum):
    """What a setter RPC changes."""

    GLOBAL = "global"
    LLM = "llm"
    GROUNDING = "grounding"
    EMBEDDING = "embedding"


@attrs.frozen(kw_only=True)
class LLMSettings:
    """The model as one layer (request, global configuration, environment) names it. An empty string names nothing."""

    model: str = ""
    """The model's name, as its provider spells it."""
    provider: str | None = None
    api_key: Secret | None = None
    endpoint: str | None = None
    """The base URL of the API, as it was given."""


@attrs.frozen(kw_only=True)
class Endpoint:
    """One model at one address."""

    provider: str
    model: str
    base_url: str
    """The URL to whose path the path of a call is added. It may have a query, which goes behind that."""
    api_key: Secret | None
    """The key for this address; None to call it without a key."""
    key_header: str | None = None
    """The header that carries the key as it is; None takes the protocol's."""
    settings: ModelSettings = DEFAULT_SETTINGS
    configured: bool = False
    """Whether the operator has configured this address, whoever named it for the task; then it is not checked."""
    named_by_operator: bool = False
    """Whether no client named the address: then what the operator adds to requests goes there."""
    public: bool = False
    """Whether the address is the provider's usual one, so that its public prices hold."""


@attrs.frozen
class ModelChoice:
    """The model that decides a task's actions."""

    provider: str
    model: str
    """Its name without the provider."""
    endpoint: Endpoint | None = None
    """The endpoint to call; None for a model in this process."""

    @property
    def full_name(self) -> str:
        """PROVIDER/NAME."""
        prefix = f"{self.provider}/"
        return self.model if self.model.startswith(prefix) else f"{prefix}{self.model}"


@attrs.frozen(kw_only=True)
class RunningConfig:
    """One layer of the configuration of tasks. None and UNDEFINED leave the choice to the layer below."""

    backend: str | None = None
    mode: Mode = Mode.UNDEFINED
    steps: int | None = None
    platform: str = ""
    timeout_seconds: float | None = None
    authorization: Authorization | None = None
    web_search_engine: str | None = None
    stages: Mapping[str, LLMSettings] = MappingProxyType({})
    """Models by the name of their field in StageModelConfig."""

    @property
    def named_backend(self) -> str | None:
        """The backend that this layer names: an account of Lybic is for a sandbox of Lybic."""
        return self.backend or (None if self.authorization is None else LYBIC)

    def over(self, below: "RunningConfig") -> "RunningConfig":
        """Return this configuration. What it leaves open is taken from `below`."""
        return RunningConfig(
            backend=self.named_backend or below.named_backend,
            mode=self.mode or below.mode,
            steps=self.steps or below.steps,
            platform=self.platform or below.platform,
            timeout_seconds=self.timeout_seconds or below.timeout_seconds,
            authorization=self.authorization or below.authorization,
            web_search_engine=self.web_search_engine or below.web_search_engine,
            stages={**below.stages, **self.stages},
        )

    def without_keys(self) -> "RunningConfig":
        """Return this configuration without its keys."""
        account = self.authorization
        if account is not None and account.api_key is not None:
            account = attrs.evolve(account, api_key=FORGOTTEN)
        stages = {
            stage: settings if settings.api_key is None else attrs.evolve(settings, api_key=FORGOTTEN)
            for stage, settings in self.stages.items()
        }
        return attrs.evolve(self, authorization=account, stages=stages)

    def decider(self, mode: Mode) -> tuple[str, LLMSettings | None]:
        """Return the stage of this layer that decides actions in `mode`, and its settings if it has any.

        Settings without a model decide only if no deciding stage names one: the model is then that of a lower layer.
        """
        stages = mode.deciding_stages
        given = [stage for stage in stages if stage in self.stages]
        naming = [stage for stage in given if self.stages[stage].model]
        stage = (naming or given or stages)[0]
        return stage, self.stages.get(stage)


@attrs.frozen(kw_only=True)
class Defaults:
    """The operator's defaults, for what neither a request nor the global configuration says."""

    backend: str
    steps: int
    timeout_seconds: float

    def as_config(self) -> RunningConfig:
        """Return them as the lowest layer of configuration."""
        return RunningConfig(
            backend=self.backend, mode=Mode.FAST, steps=self.steps, timeout_seconds=self.timeout_seconds
        )


@attrs.frozen(kw_only=True)
class TaskSpec:
    """A validated request to run a task."""

    instruction: str
    backend: str
    steps: int
    """The step limit."""
    timeout_seconds: float
    """Seconds that the task may run."""
    model: ModelChoice
    config: RunningConfig
    """The complete configuration of the task, as clients may read it."""
    destroy_sandbox: bool = False
    previous_task_id: str | None = None
    """The task whose conversation and sandbox this one continues."""
    sandbox_id: str | None = None
    """A sandbox that is kept here, or that runs in a cloud already, and that this task takes over. It survives the
    task, whatever `destroy_sandbox` says."""
    cloud: CloudOrder | None = None
    """What it asks a cloud for, if its backend is one."""
    unused: tuple[str, ...] = ()
    """What the request and the global configuration hold that has no effect on this task, by field name."""
    owner: str = ""
    """The name of who started it; empty in a service without tokens."""
    redacted_instruction: str | None = None
    """The instruction without the keys that are in it; None if there is none in it."""

    @property
    def shown_instruction(self) -> str:
        """The instruction as it is shown and stored."""
        return self.instruction if self.redacted_instruction is None else self.redacted_instruction

    @property
    def keys(self) -> frozenset[Secret]:
        """The keys that it is carried out with."""
        endpoint, account = self.model.endpoint, self.config.authorization
        found = {settings.api_key for settings in self.config.stages.values()}
        found.add(None if endpoint is None else endpoint.api_key)
        found.add(None if account is None else account.api_key)
        found.add(None if self.cloud is None else self.cloud.account.api_key)
        return frozenset(key for key in found if key not in {None, FORGOTTEN})

    def without_keys(self) -> "TaskSpec":
        """Return the request without its keys, which nothing needs after the task has ended."""
        model = self.model
        if model.endpoint is not None and model.endpoint.api_key is not None:
            model = attrs.evolve(model, endpoint=attrs.evolve(model.endpoint, api_key=FORGOTTEN))
        cloud = None if self.cloud is None else self.cloud.without_key()
        return attrs.evolve(self, model=model, config=self.config.without_keys(), cloud=cloud)
