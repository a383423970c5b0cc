"""Chooses a task's model from what the request, the global configuration and the environment say, and makes it."""

from typing import Final

from gui_agents.config import BUILTIN_MODEL, Config
from gui_agents.domain.clock import Clock
from gui_agents.domain.errors import InvalidFieldError
from gui_agents.domain.model import Model
from gui_agents.domain.spec import LLMSettings, ModelChoice
from gui_agents.models.endpoint import GLOBAL_FIELD, OPENAI_PROVIDER, OPENAI_TEXT_PROVIDER, select_endpoint
from gui_agents.models.openai_client import OpenAIClients, check_available
from gui_agents.models.openai_compatible import OpenAICompatibleModel
from gui_agents.models.retry import RetryPolicy
from gui_agents.simulated.decider import RulesModel

BUILTIN_PROVIDER: Final = "builtin"
PROVIDERS: Final = (BUILTIN_PROVIDER, OPENAI_PROVIDER)
"""The closed set of providers, as metrics spell them."""

_BUILTIN: Final = ModelChoice(BUILTIN_PROVIDER, BUILTIN_MODEL)


class ModelFactory:
    """Makes models as the configuration says."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._clients = OpenAIClients()
        self._environment = LLMSettings(
            model="" if config.default_model == BUILTIN_MODEL else config.default_model.removeprefix("openai/"),
            provider=OPENAI_PROVIDER,
            api_key=config.openai_api_key,
            endpoint=config.openai_base_url,
        )

    def choose(self, requested: LLMSettings | None, configured: LLMSettings | None, field: str) -> ModelChoice:
        """Return the model that `requested`, else `configured`, else the environment names.

        Raises:
            InvalidFieldError: nobody knows this provider or built-in model; `field` names the request's settings.
            PreconditionError: the model cannot be used here; the text says what is missing.
        """
        named, field = (requested, field) if requested is not None else (configured, GLOBAL_FIELD)
        name = self._config.default_model if named is None else named.model
        provider = OPENAI_PROVIDER if named is None or named.provider is None else named.provider
        if name == BUILTIN_MODEL:
            return _BUILTIN
        if provider not in (*PROVIDERS, OPENAI_TEXT_PROVIDER):
            known = f"{OPENAI_PROVIDER} (any endpoint that speaks its protocol), {OPENAI_TEXT_PROVIDER} (the same, "
            known += f"without screenshots), {BUILTIN_PROVIDER}"
            raise InvalidFieldError(f"{field}.provider", f"{provider!r:.60} is none of: {known}")
        if provider == BUILTIN_PROVIDER or name.startswith(f"{BUILTIN_PROVIDER}/"):
            raise InvalidFieldError(
                f"{field}.modelName", f"{name!r:.60} is no built-in model; there is {BUILTIN_MODEL}"
            )
        check_available()
        endpoint = select_endpoint(requested, configured, self._environment, request_field=field)
        return ModelChoice(endpoint.provider, endpoint.model, endpoint)

    def create(self, choice: ModelChoice) -> Model:
        """Return a new model for one task."""
        if choice.endpoint is None:
            return RulesModel()
        return OpenAICompatibleModel(
            endpoint=choice.endpoint,
            clients=self._clients,
            timeout_seconds=self._config.model_timeout_seconds,
            retry=RetryPolicy(max_attempts=self._config.model_max_attempts),
            monotonic=self._clock.monotonic,
        )
