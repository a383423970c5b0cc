"""The providers of models as data, the choice of a task's model, and its making.

A new provider is a member of `Provider`, a row here, and a room that makes its models.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from gui_agents.config import DefaultsConfig, ModelsConfig
from gui_agents.domain.clock import Clock
from gui_agents.domain.errors import InvalidFieldError, PreconditionError, RefusedError
from gui_agents.domain.model import BUILTIN_MODEL, Model, Provider
from gui_agents.domain.packages import OptionalPackage
from gui_agents.domain.providers import FOREIGN_PROVIDERS
from gui_agents.domain.spec import LLMSettings, ModelChoice
from gui_agents.models.caller import called_models
from gui_agents.models.endpoint import GLOBAL_FIELD, OPENAI, REQUEST_FIELD, Family, select_endpoint
from gui_agents.models.http.addresses import EndpointPolicy
from gui_agents.models.http.clients import LIBRARY
from gui_agents.simulated.decider import RulesModel
from gui_agents.threads import Threads

Maker = Callable[[ModelChoice], Model]
"""Returns a new model for one task."""


def _built_in(pool: Threads) -> Maker:
    return lambda _choice: RulesModel(pool)


@attrs.frozen(kw_only=True)
class ProviderRow:
    """One provider."""

    provider: Provider
    """As metrics spell it."""
    meanings: Mapping[str, str]
    """What a request may write, with its meaning in words."""
    family: Family | None = None
    """The endpoints of a provider that is called over HTTP."""
    needs: tuple[OptionalPackage, ...] = ()
    """What must be installed."""
    maker: Callable[[ModelsConfig, Clock, EndpointPolicy], Maker]
    """Called once for each service, so that its models can share what is slow to set up."""


ROWS: Final = (
    ProviderRow(
        provider=Provider.OPENAI,
        family=OPENAI,
        meanings={
            "openai": "any endpoint that speaks its protocol",
            "openai-text": "the same, without screenshots",
        },
        needs=(LIBRARY,),
        maker=called_models,
    ),
    ProviderRow(
        provider=Provider.BUILTIN,
        meanings={"builtin": f"the model {BUILTIN_MODEL}"},
        maker=lambda _config, _clock, _policy: _built_in(Threads("decider", limit=2)),
    ),
)

OPEN_TO_LOOPBACK: Final = EndpointPolicy(loopback=True)
"""For a service that only this machine's users can ask."""

_BUILTIN: Final = ModelChoice(Provider.BUILTIN, BUILTIN_MODEL)
_BUILTIN_NAMES: Final = frozenset({BUILTIN_MODEL, BUILTIN_MODEL.partition("/")[2]})


class ModelFactory:
    """Chooses and makes models as the configuration says."""

    def __init__(
        self, defaults: DefaultsConfig, config: ModelsConfig, clock: Clock, policy: EndpointPolicy = OPEN_TO_LOOPBACK
    ) -> None:
        self._default = defaults.model
        self._policy = policy
        self._makers = {row.provider: row.maker(config, clock, policy) for row in ROWS}
        self._environment = LLMSettings(
            model="" if self._default == BUILTIN_MODEL else self._default.partition("/")[2],
            provider=Provider.OPENAI,
            api_key=config.openai_api_key,
            endpoint=config.openai_base_url,
        )

    def choose(self, requested: LLMSettings | None, configured: LLMSettings | None, field: str) -> ModelChoice:
        """Return the model that `requested`, else `configured`, else the environment names.

        Raises:
            InvalidFieldError: the provider or the built-in model is unknown; `field` names the request's settings.
            PreconditionError: the model cannot be used here; the text says what is missing.
        """
        layers = [(given, place) for given, place in ((requested, field), (configured, GLOBAL_FIELD)) if given]
        naming = next((index for index, (given, _) in enumerate(layers) if given.model), len(layers))
        name, named_at = (
            (self._default, field) if naming == len(layers) else (layers[naming][0].model, layers[naming][1])
        )
        asked = [(given.provider, place) for given, place in layers[: naming + 1] if given.provider]
        spelling, place = asked[0] if asked else (_usual_provider(name), named_at)
        row = _row(spelling, place)
        if row.family is None and name in _BUILTIN_NAMES:
            return _BUILTIN
        if row.family is None or name.startswith(f"{Provider.BUILTIN}/"):
            raise InvalidFieldError(
                f"{place}.modelName", f"{name!r:.60} is no model of {spelling!r}; name one, or leave the provider out"
            )
        for package in row.needs:
            package.check()
        endpoint = select_endpoint(requested, configured, self._environment, family=row.family, request_field=field)
        if not endpoint.configured:
            self._policy.check_url(endpoint.base_url, f"{field}.apiEndpoint")
        return ModelChoice(row.provider, endpoint.model, endpoint)

    def default_problem(self) -> str | None:
        """Return why the default model cannot be called, such as a missing key; None if it can."""
        try:
            self.choose(None, None, REQUEST_FIELD)
        except RefusedError as error:
            return str(error)
        return None

    def create(self, choice: ModelChoice) -> Model:
        """Return a new model for one task."""
        return self._makers[Provider(choice.provider)](choice)


def _usual_provider(name: str) -> str:
    """Return the provider of a model that is named without one."""
    return str(Provider.BUILTIN if name.startswith(f"{Provider.BUILTIN}/") else Provider.OPENAI)


def _row(spelling: str, field: str) -> ProviderRow:
    """Return the row of the provider that a request spells so.

    Raises:
        InvalidFieldError: nobody knows it.
        PreconditionError: it is known, and cannot be called by this name yet.
    """
    for row in ROWS:
        if spelling in row.meanings:
            return row
    if spelling in FOREIGN_PROVIDERS:
        instead = FOREIGN_PROVIDERS[spelling].instead
        raise PreconditionError(f"{field}.provider: {spelling!r} cannot be called by this name yet; {instead}")
    known = ", ".join(f"{name} ({meaning})" for row in ROWS for name, meaning in row.meanings.items())
    raise InvalidFieldError(f"{field}.provider", f"{spelling!r:.60} is none of: {known}")
