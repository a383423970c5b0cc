"""Which model a task uses, where it is, and which key goes there.

Settings come in three layers: the request, the global configuration, the environment. From the first to the last:

- model: the first layer that names one;
- provider: the first layer that names one, down to the layer that named the model, else `openai`;
- a layer that names another provider than the chosen one gives neither address nor key; `openai-text` is `openai`
  with a model that takes no screenshots;
- address: the first layer that names one, else the provider's public one;
- key: the first layer that has one and whose own view of the address is the chosen one. A layer sees its own address,
  or if it has none, that of the layers after it. So a key of the request goes to whatever address is chosen, but a
  key of the global configuration or of the environment never goes to an address that a layer before it named, even
  one spelled the same.

Without a key the call carries `NO_KEY`, which is no secret: servers on one's own network often want none.
"""

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.model import Provider
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import Endpoint, LLMSettings

OPENAI_ADDRESS: Final = "https://api.openai.com/v1"
OPENAI_HOST: Final = "api.openai.com"
NO_KEY: Final = "no-key"
MAX_NAME_LENGTH: Final = 200
MAX_ADDRESS_LENGTH: Final = 2000
MAX_KEY_LENGTH: Final = 4000
HOST_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?")
NUMBERS: Final = re.compile(r"[0-9.]+")

REQUEST_FIELD: Final = "runningConfig.stageModelConfig.actionGeneratorModel"
GLOBAL_FIELD: Final = "the global configuration's actionGeneratorModel"
ENVIRONMENT_FIELD: Final = "the environment's model"


@attrs.frozen(kw_only=True)
class Family:
    """What is known of the endpoints of one provider."""

    provider: Provider
    """As metrics spell it."""
    spellings: Mapping[str, bool]
    """What a request may write for it, and whether its model then gets screenshots."""
    address: str
    """The public base URL. It needs a key."""
    key_variable: str
    """The variable that holds the key of the configured address."""


OPENAI: Final = Family(
    provider=Provider.OPENAI,
    spellings={"openai": True, "openai-text": False},
    address=OPENAI_ADDRESS,
    key_variable="OPENAI_API_KEY",
)


@attrs.frozen
class _Layer:
    """Settings, and what to call them in an error."""

    field: str
    settings: LLMSettings

    @property
    def key(self) -> Secret | None:
        """The layer's key, unless it is empty or a mask."""
        key = self.settings.api_key
        return None if key is None or key.reveal() in {"", MASKED_KEY} else key


def select_endpoint(
    request: LLMSettings | None,
    global_: LLMSettings | None,
    environment: LLMSettings | None,
    *,
    family: Family = OPENAI,
    request_field: str = REQUEST_FIELD,
) -> Endpoint:
    """Return the endpoint that a task calls; `request_field` names the request's settings in errors.

    The layer that names the model, or one before it, must name a provider of `family`, or none.

    Raises:
        InvalidFieldError: a name, an address, a key or a provider that cannot be used, or no model at all.
        PreconditionError: the chosen address is the public one of the provider, and there is no key for it.
    """
    fields = (request_field, GLOBAL_FIELD, ENVIRONMENT_FIELD)
    given = zip(fields, (request, global_, environment), strict=True)
    layers = [_Layer(field, settings) for field, settings in given if settings is not None]
    naming = next((place for place, layer in enumerate(layers) if layer.settings.model), None)
    if naming is None:
        raise InvalidFieldError(f"{request_field}.modelName", "no model is named, and there is no default")
    spelling = next(
        (layer.settings.provider for layer in layers[: naming + 1] if layer.settings.provider), family.provider
    )
    if spelling not in family.spellings:
        raise InvalidFieldError(f"{request_field}.provider", f"{spelling!r:.60} is not {family.provider}")
    model = layers[naming].settings.model
    if len(model) > MAX_NAME_LENGTH or not model.isprintable():
        raise InvalidFieldError(
            f"{layers[naming].field}.modelName", f"must be printable, with at most {MAX_NAME_LENGTH} characters"
        )
    peers = [layer for layer in layers if not layer.settings.provider or layer.settings.provider in family.spellings]
    base_url, api_key = _address_and_key(peers, family.address)
    operators = environment is not None and base_url == environment.endpoint
    if api_key is None and _split(base_url).hostname == _split(family.address).hostname:
        raise PreconditionError(
            f"there is no key for {base_url}; give {request_field}.apiKey, or set {family.key_variable}"
            " (a configured key goes only to the address configured beside it)"
        )
    return Endpoint(
        provider=family.provider,
        model=model,
        base_url=base_url,
        api_key=api_key,
        takes_screenshots=family.spellings[spelling],
        configured=operators,
    )


def _address_and_key(layers: Sequence[_Layer], public: str) -> tuple[str, Secret | None]:
    """Go down to the layer that names the address: no layer after it may give the key."""
    api_key: Secret | None = None
    for layer in layers:
        if api_key is None and layer.key is not None:
            check_key(layer.key, f"{layer.field}.apiKey")
            api_key = layer.key
        if layer.settings.endpoint:
            check_address(layer.settings.endpoint, f"{layer.field}.apiEndpoint")
            return layer.settings.endpoint, api_key
    return public, api_key


def check_address(address: str, field: str) -> None:
    """Refuse what is no http or https URL, carries a user name or a password, or more than a path.

    Raises:
        InvalidFieldError: naming `field`; the text does not repeat the address, which may hold a password.
    """
    problem = _address_problem(address)
    if problem is not None:
        raise InvalidFieldError(field, f"{problem}; it must be a URL such as {OPENAI_ADDRESS}")


def check_key(key: Secret, field: str) -> None:
    """Refuse a key that no HTTP header can carry.

    Raises:
        InvalidFieldError: naming `field`, without the key.
    """
    text = key.reveal()
    visible = text.isascii() and text.isprintable() and " " not in text
    if not visible or len(text) > MAX_KEY_LENGTH:
        raise InvalidFieldError(field, f"must be 1 to {MAX_KEY_LENGTH} visible ASCII characters")


def _address_problem(address: str) -> str | None:
    if len(address) > MAX_ADDRESS_LENGTH:
        return f"it has more than {MAX_ADDRESS_LENGTH} characters"
    parts = _split(address)
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        return "it holds characters that no URL has"
    if parts.scheme not in {"http", "https"} or not _is_host(parts.hostname or ""):
        return "it is no http or https URL with a host"
    if "@" in parts.netloc:
        return "it holds a user name or a password"
    if parts.query or parts.fragment:
        return "it holds a query or a fragment"
    return None


def _is_host(name: str) -> bool:
    try:
        if ":" in name:
            IPv6Address(name)
        elif NUMBERS.fullmatch(name):
            IPv4Address(name)
    except ValueError:
        return False
    return ":" in name or HOST_NAME.fullmatch(name) is not None


def _split(address: str) -> SplitResult:
    """Split a URL; what cannot be split, its port included, has no parts."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts
