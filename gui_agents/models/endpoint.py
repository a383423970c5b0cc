"""Where a task's model is, and which key goes there.

Settings come in three layers: the request, the global configuration, the environment. From the first to the last:

- a layer that names another provider than the chosen one gives neither address nor key;
- address: the first layer that names one, else the provider's usual one;
- key: the first layer that has one and whose own view of the address is the chosen one. A layer sees its own address,
  or if it has none, that of the layers after it. So a key of the request goes to whatever address is chosen, but a
  key of the global configuration or of the environment never goes to an address that a layer before it named, even
  one spelled the same.

What MODELS_FILE adds to requests, which may be secret, follows the rule for keys of the environment.

Without a key the call carries `NO_KEY`, which is no secret: servers on one's own network often want none.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import attrs

from gui_agents.domain import azure_urls
from gui_agents.domain.base_urls import address_problem, key_problem
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.providers import ProviderRow, provider_row
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import Endpoint, LLMSettings

NO_KEY: Final = "no-key"
MAX_NAME_LENGTH: Final = 200
OWN_SERVER: Final = "/v1"
"""The path at which a server of one's own answers."""

REQUEST_FIELD: Final = "runningConfig.stageModelConfig.actionGeneratorModel"
GLOBAL_FIELD: Final = "the global configuration's actionGeneratorModel"
ENVIRONMENT_FIELD: Final = "the environment's model"


@attrs.frozen(kw_only=True)
class Layers:
    """What each layer says of the model; None says nothing."""

    request: LLMSettings | None
    global_: LLMSettings | None
    environment: LLMSettings | None
    request_field: str = REQUEST_FIELD
    """What errors call the request's settings."""

    def given(self) -> list[tuple[str, LLMSettings]]:
        """Return the settings that there are, the first ones first, each with what errors call it."""
        fields = (self.request_field, GLOBAL_FIELD, ENVIRONMENT_FIELD)
        layers = zip(fields, (self.request, self.global_, self.environment), strict=True)
        return [(field, settings) for field, settings in layers if settings is not None]


def select_endpoint(layers: Layers, *, row: ProviderRow, model: str) -> Endpoint:
    """Return the endpoint of a model of the provider `row`.

    Raises:
        InvalidFieldError: an address or a key that cannot be used.
        PreconditionError: no address is known, or the chosen one is the public one and there is no key for it.
    """
    peers = [
        (field, settings)
        for field, settings in layers.given()
        if not settings.provider or provider_row(settings.provider) is row
    ]
    address, api_key, namer = _address_and_key(peers, row.address)
    field = layers.request_field
    if address is None:
        raise PreconditionError(
            f"no address is known of {row.provider}; give {field}.apiEndpoint, or set {row.address_variables[0]}"
        )
    if api_key is None and row.key_needed and row.owns(address):
        raise PreconditionError(
            f"there is no key for {address}; give {field}.apiKey, or set {row.key_variables[0]}"
            " (a configured key goes only to the address configured beside it)"
        )
    if row.version_variable is not None:
        _check_deployment(address, model, field)
    environment = layers.environment
    return Endpoint(
        provider=str(row.provider),
        model=model,
        base_url=address,
        api_key=api_key,
        configured=environment is not None and address == environment.endpoint,
        named_by_operator=namer is None or namer is environment,
        public=row.is_usual(address),
    )


def check_model_name(model: str, field: str) -> None:
    """Refuse what can be no name of a model.

    Raises:
        InvalidFieldError: naming `field`.
    """
    if len(model) > MAX_NAME_LENGTH or not model.isprintable():
        raise InvalidFieldError(field, f"must be printable, with at most {MAX_NAME_LENGTH} characters")


def _address_and_key(
    layers: Sequence[tuple[str, LLMSettings]], usual: str | None
) -> tuple[str | None, Secret | None, LLMSettings | None]:
    """Go down to the layer that names the address, and return it too: no layer after it may give the key."""
    api_key: Secret | None = None
    for field, settings in layers:
        own = settings.api_key
        if api_key is None and own is not None and own.reveal() not in {"", MASKED_KEY}:
            check_key(own, f"{field}.apiKey")
            api_key = own
        if settings.endpoint:
            check_address(settings.endpoint, f"{field}.apiEndpoint")
            return settings.endpoint, api_key, settings
    return usual, api_key, None


def _check_deployment(address: str, model: str, field: str) -> None:
    """Refuse an address that names another deployment of Azure than the model.

    Raises:
        InvalidFieldError: naming the field of the model.
    """
    deployment = azure_urls.deployment_in(address)
    if deployment and deployment.lower() != model.lower():
        raise InvalidFieldError(
            f"{field}.modelName",
            f"{model!r:.60} is not the deployment of the address, {deployment!r:.60}; "
            f"name that one, or give the address of the resource alone: {azure_urls.resource_of(address)}",
        )


def authorization(endpoint: Endpoint, key: Secret | None) -> Mapping[str, str]:
    """Return the header that carries the key: as a bearer token, or as it is in the provider's own header."""
    own = endpoint.key_header
    if own is not None:
        return {} if key is None else {own: key.reveal()}
    return {"Authorization": f"Bearer {NO_KEY if key is None else key.reveal()}"}


def check_address(address: str, field: str) -> None:
    """Refuse what is no http or https URL, carries a user name or a password, or more than a path.

    Raises:
        InvalidFieldError: naming `field`; the text does not repeat the address, which may hold a password.
    """
    problem = address_problem(address)
    if problem is not None:
        raise InvalidFieldError(field, problem)


def check_key(key: Secret, field: str) -> None:
    """Refuse a key that no HTTP header can carry.

    Raises:
        InvalidFieldError: naming `field`, without the key.
    """
    problem = key_problem(key.reveal())
    if problem is not None:
        raise InvalidFieldError(field, problem)


def called_url(row: ProviderRow, base_url: str, *, model: str, protocol: WireProtocol, version: str | None) -> str:
    """Return the URL to whose path the path of a call is added; its query goes behind that.

    What is written for one vendor's own tools works here too: the host of a vendor or of one's own server alone, an
    address of Messages with or without `/v1`, and an Azure resource, whose deployment `model` is part of the path
    unless its API has no version.
    """
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    if row.version_variable is not None and protocol is not WireProtocol.MESSAGES:
        # Responses has no path for a deployment.
        versioned = protocol is WireProtocol.CHAT
        return azure_urls.call_url(base_url, deployment=model, version=version, versioned_path=versioned)
    if not path and (row.owns(base_url) or not row.key_needed):
        path = OWN_SERVER if row.address is None else urlsplit(row.address).path
    if protocol is WireProtocol.MESSAGES:
        path = path.removesuffix("/v1")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
