"""The choice of a task's model, and its making.

The first of these layers that names a model chooses it: the request, the global configuration, DEFAULT_MODEL. Its
provider is the one that this layer, or one before it, names. A model that is named without one is of the provider of
DEFAULT_MODEL, else of `openai`. Where that is a vendor's own endpoint, whose names hold no slash, PROVIDER/NAME is
taken as such.
"""

from collections.abc import Callable
from typing import Final

import attrs

from gui_agents.config import DefaultsConfig, ModelsConfig
from gui_agents.domain.clock import Clock
from gui_agents.domain.errors import InvalidFieldError, PreconditionError, RefusedError
from gui_agents.domain.model import BUILTIN_MODEL, Model, Provider
from gui_agents.domain.providers import (
    PROVIDERS,
    UNCALLABLE,
    ProviderRow,
    is_text_only,
    provider_row,
)
from gui_agents.domain.spec import Endpoint, LLMSettings, ModelChoice
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.errors import ProxyError
from gui_agents.http.proxies import proxy_for
from gui_agents.models.caller import called_models
from gui_agents.models.clients import LIBRARY
from gui_agents.models.endpoint import (
    GLOBAL_FIELD,
    REQUEST_FIELD,
    Layers,
    called_url,
    check_model_name,
    select_endpoint,
)
from gui_agents.models.settings import SettingsOfModels
from gui_agents.simulated.decider import RulesModel
from gui_agents.threads import Threads

OPEN_TO_LOOPBACK: Final = EndpointPolicy(loopback=True)
"""For a service that only this machine's users can ask."""

_BUILTIN: Final = ModelChoice(Provider.BUILTIN, BUILTIN_MODEL)
_BUILTIN_NAMES: Final = frozenset({BUILTIN_MODEL, BUILTIN_MODEL.partition("/")[2]})
_BUILTIN_PREFIX: Final = f"{Provider.BUILTIN}/"


def configured_rows(defaults: DefaultsConfig, config: ModelsConfig) -> tuple[ProviderRow, ...]:
    """Return the providers that the operator has given a key or an address, or that DEFAULT_MODEL names."""
    default = provider_row(defaults.model.partition("/")[0])
    return tuple(row for row in PROVIDERS if row is default or _is_set(config, row))


def configured_providers(defaults: DefaultsConfig, config: ModelsConfig) -> tuple[str, ...]:
    """Return the providers whose series metrics show from the start, as metrics spell them."""
    return (str(Provider.BUILTIN), *(str(row.provider) for row in configured_rows(defaults, config)))


def _is_set(config: ModelsConfig, row: ProviderRow) -> bool:
    own = config.provider(row)
    return own.api_key is not None or own.address is not None


@attrs.frozen
class _Named:
    """The model that is asked for."""

    model: str
    spelling: str
    """Of its provider."""
    field: str
    """What errors call the settings that named it."""
    provider_field: str


class ModelFactory:
    """Chooses and makes models as the configuration says; `settings` are those of MODELS_FILE, if it was read already.

    Raises:
        ConfigError: MODELS_FILE cannot be used; one line for each mistake.
    """

    def __init__(
        self,
        defaults: DefaultsConfig,
        config: ModelsConfig,
        clock: Clock,
        policy: EndpointPolicy = OPEN_TO_LOOPBACK,
        *,
        settings: SettingsOfModels | None = None,
    ) -> None:
        self._default_provider, _, default_model = defaults.model.partition("/")
        self._default = BUILTIN_MODEL if defaults.model == BUILTIN_MODEL else default_model
        self._config = config
        self._policy = policy
        self._settings = SettingsOfModels.load(config.models_file) if settings is None else settings
        self._configured = configured_rows(defaults, config)
        pool = Threads("decider", limit=2)
        self._built_in: Callable[[ModelChoice], Model] = lambda _choice: RulesModel(pool)
        self._called = called_models(config, clock, policy)

    def choose(self, requested: LLMSettings | None, configured: LLMSettings | None, field: str) -> ModelChoice:
        """Return the model that `requested`, else `configured`, else the environment names.

        Raises:
            InvalidFieldError: the provider or the built-in model is unknown; `field` names the request's settings.
            PreconditionError: the model cannot be used here; the text says what is missing.
        """
        owned = self._owned(configured)
        named = self._named(requested, configured, owned, field)
        if named.spelling.lower() == Provider.BUILTIN and named.model in _BUILTIN_NAMES:
            return _BUILTIN
        row = _row(named.spelling, named.provider_field)
        if row is None or named.model.startswith(_BUILTIN_PREFIX):
            raise _no_model_of(named.model, named.spelling, named.provider_field)
        LIBRARY.check()
        check_model_name(named.model, f"{named.field}.modelName")
        layers = Layers(request=requested, global_=owned, environment=self._environment(row), request_field=field)
        endpoint = select_endpoint(layers, row=row, model=named.model)
        if not endpoint.configured:
            self._policy.check_url(endpoint.base_url, f"{field}.apiEndpoint")
        return ModelChoice(row.provider, endpoint.model, self._as_called(endpoint, row, named.spelling))

    def default_problem(self) -> str | None:
        """Return why the default model cannot be called, such as a missing key; None if it can."""
        try:
            choice = self.choose(None, None, REQUEST_FIELD)
            if choice.endpoint is not None:
                proxy_for(choice.endpoint.base_url)
        except (RefusedError, ProxyError) as error:
            return str(error)
        return None

    def create(self, choice: ModelChoice) -> Model:
        """Return a new model for one task."""
        return self._built_in(choice) if choice.endpoint is None else self._called(choice)

    def _owned(self, configured: LLMSettings | None) -> LLMSettings | None:
        """Return the global settings with their provider: a key that names none must reach no other one's endpoint."""
        if configured is None or configured.provider:
            return configured
        spelling, model = self._usual(configured.model, [configured])
        return attrs.evolve(configured, provider=spelling, model=model)

    def _named(
        self, requested: LLMSettings | None, configured: LLMSettings | None, owned: LLMSettings | None, field: str
    ) -> _Named:
        layers = [(given, place) for given, place in ((requested, field), (configured, GLOBAL_FIELD)) if given]
        naming = next((index for index, (given, _) in enumerate(layers) if given.model), len(layers))
        asked = [(given.provider, place) for given, place in layers[: naming + 1] if given.provider]
        owner: str | None
        if naming == len(layers):
            model, named_at, owner = self._default, field, self._default_provider
        elif layers[naming][0] is configured and owned is not None:
            model, named_at, owner = owned.model, GLOBAL_FIELD, owned.provider
        else:
            model, named_at, owner = layers[naming][0].model, field, layers[naming][0].provider
        if not asked:
            spelling, model = (owner, model) if owner else self._usual(model, [given for given, _ in layers])
            return _Named(model, spelling, named_at, named_at)
        spelling, place = asked[0]
        # A name of one provider says nothing to another one.
        if owner and _row(spelling, place) is not _row(owner, named_at):
            raise _no_model_of(BUILTIN_MODEL if owner == Provider.BUILTIN else model, spelling, place)
        return _Named(model, spelling, named_at, place)

    def _usual(self, name: str, layers: list[LLMSettings]) -> tuple[str, str]:
        """Return the provider and the name of a model that is named without its provider."""
        if name.startswith(_BUILTIN_PREFIX):
            return str(Provider.BUILTIN), name
        built_in = self._default_provider == Provider.BUILTIN
        usual = str(Provider.OPENAI) if built_in else self._default_provider
        prefix, slash, rest = name.partition("/")
        row = _row(usual, "")
        vendors = row is not None and not row.resells and self._config.provider(row).address in {None, row.address}
        elsewhere = any(given.endpoint for given in layers)
        if slash and rest and vendors and not elsewhere and (prefix in UNCALLABLE or provider_row(prefix) is not None):
            return prefix, rest
        return usual, name

    def _environment(self, row: ProviderRow) -> LLMSettings:
        own = self._config.provider(row)
        # The usual address of a provider on this machine is the operator's only if it is the operator who chose it.
        trusted = row.key_needed or row in self._configured
        return LLMSettings(
            provider=str(row.provider), api_key=own.api_key, endpoint=own.address or (row.address if trusted else None)
        )

    def _as_called(self, endpoint: Endpoint, row: ProviderRow, spelling: str) -> Endpoint:
        settings = self._settings.of(
            row, endpoint.model, endpoint.base_url, named_by_operator=endpoint.named_by_operator
        )
        if is_text_only(spelling):
            settings = attrs.evolve(settings, pictures=False)
        url = called_url(
            row,
            endpoint.base_url,
            model=endpoint.model,
            protocol=settings.protocol,
            version=self._config.provider(row).version,
        )
        return attrs.evolve(endpoint, base_url=url, settings=settings, key_header=row.key_header)


def _no_model_of(name: str, spelling: str, place: str) -> InvalidFieldError:
    return InvalidFieldError(
        f"{place}.modelName", f"{name!r:.60} is no model of {spelling!r:.60}; name one, or leave the provider out"
    )


def _row(spelling: str, field: str) -> ProviderRow | None:
    """Return the row of the provider that a request spells so; None for the built-in one.

    Raises:
        InvalidFieldError: nobody knows it.
        PreconditionError: it is known, and cannot be called.
    """
    plain = spelling.lower()
    if plain == Provider.BUILTIN:
        return None
    row = provider_row(plain)
    if row is not None:
        return row
    if plain in UNCALLABLE:
        raise PreconditionError(f"{field}.provider: {spelling!r:.60} cannot be called: {UNCALLABLE[plain]}")
    known = ", ".join((str(Provider.BUILTIN), *(name for each in PROVIDERS for name in each.names)))
    raise InvalidFieldError(f"{field}.provider", f"{spelling!r:.60} is none of: {known}; or such a name with -text")
