"""What a request asks of Lybic: with which account, at which endpoint, for which kind of sandbox.

The account comes in three layers: the request, the global configuration, the environment. The organization and the
endpoint are those of the first layer that names one. The key is that of the first layer that has one for this
organization, and no layer behind the one that names the endpoint is asked: a configured key never goes to an endpoint
that somebody else names.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from gui_agents.config import LybicConfig
from gui_agents.config.lybic import DEFAULT_ENDPOINT
from gui_agents.domain.cloud import PLATFORMS, Account, Authorization, CloudOrder, CloudWish, SandboxKind, id_problem
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.sandbox import Backend, SandboxType
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.http.addresses import EndpointPolicy

REQUEST: Final = "runningConfig.authorizationInfo"
GLOBAL: Final = "the global configuration's authorizationInfo"
ENVIRONMENT: Final = "the environment's account"


def order(backend: str, wish: CloudWish, config: LybicConfig, policy: EndpointPolicy) -> CloudOrder:
    """Return what a task asks of Lybic.

    Raises:
        InvalidFieldError: a field cannot be what it is.
        PreconditionError: there is no account, or the endpoint may not be named.
    """
    if wish.sandbox_id:
        _check_id(wish.sandbox_id, "sandbox.id")
    return CloudOrder(account=_account(wish, config, policy), kind=_kind(backend, wish))


def _kind(backend: str, wish: CloudWish) -> SandboxKind:
    kind = wish.kind
    if kind.shape:
        _check_id(kind.shape, "sandbox.shapeName")
    if wish.heeds_platform:
        kind = attrs.evolve(kind, os=PLATFORMS[wish.platform.lower()])
    if backend != Backend.LYBIC_MOBILE or kind.os is SandboxType.ANDROID:
        return kind
    if kind.os is not None:
        raise InvalidFieldError("sandbox.os", f"{backend} has Android alone; set runningConfig.backend to lybic")
    # A shape and an id say by themselves of which system they are.
    return kind if kind.shape or wish.sandbox_id else attrs.evolve(kind, os=SandboxType.ANDROID)


def _account(wish: CloudWish, config: LybicConfig, policy: EndpointPolicy) -> Account:
    own = Authorization(config.lybic_org_id or "", config.lybic_api_key, config.lybic_address)
    layers = [(REQUEST, wish.request), (GLOBAL, wish.global_), (ENVIRONMENT, own)]
    given = [(field, each) for field, each in layers if each is not None]
    namer, organization = next(((field, each.organization) for field, each in given if each.organization), ("", ""))
    asked, base_url = next((field, each.endpoint) for field, each in given if each.endpoint)
    key = _key(given, organization, asked)
    if not organization or key is None:
        missing = "key" if organization else "organization"
        at = f" for {organization} at {base_url}" if organization else ""
        raise PreconditionError(
            f"{REQUEST}: there is no {missing} of a Lybic account{at}; give orgID and apiKey, or set LYBIC_ORG_ID and "
            "LYBIC_API_KEY (a configured key goes only to the endpoint configured beside it)"
        )
    _check_id(organization, f"{namer}.orgID")
    configured = base_url == config.lybic_address or base_url.rstrip("/") == DEFAULT_ENDPOINT
    if not configured:
        policy.check_url(base_url, f"{asked}.apiEndpoint")
    return Account(
        organization=organization,
        api_key=key[1],
        base_url=base_url.rstrip("/"),
        configured=configured,
        of_operator=key[0] == ENVIRONMENT,
        named_by="LYBIC_API_ENDPOINT" if configured else f"{asked}.apiEndpoint",
    )


def _key(given: Sequence[tuple[str, Authorization]], organization: str, asked: str) -> tuple[str, Secret] | None:
    """Return the key and the layer that has it; None if there is none."""
    for field, each in given:
        key = each.api_key
        if key is not None and key.reveal() not in {"", MASKED_KEY} and each.organization in {"", organization}:
            return field, key
        if field == asked:
            return None
    return None


def _check_id(text: str, field: str) -> None:
    problem = id_problem(text)
    if problem is not None:
        raise InvalidFieldError(field, problem)
