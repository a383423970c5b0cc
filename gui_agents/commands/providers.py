"""What is configured of each provider of models, what is missing, and whether its endpoint answers."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import attrs

from gui_agents.config import Config
from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.providers import PROVIDERS, ProviderRow
from gui_agents.domain.secret import Secret
from gui_agents.http.errors import ProxyError

PROBE_SECONDS: Final = 5.0
MAX_PROBES: Final = 8
"""At once."""
KEY_REFUSED: Final = frozenset({401, 403})
SERVER_FAULTS: Final = range(500, 600)


@attrs.frozen(kw_only=True)
class ProviderState:
    """One provider, as this configuration has it."""

    row: ProviderRow
    configured: bool
    address: str | None
    """The configured one, else the usual one; None if there is neither."""
    api_key: Secret | None
    missing: tuple[str, ...]
    """What has to be set before its models can be called without a key of the request."""

    def as_record(self) -> dict[str, Any]:
        """Return it for scripts, without the key."""
        return {
            "provider": str(self.row.provider),
            "names": list(self.row.names),
            "title": self.row.title,
            "protocol": str(self.row.protocol),
            "configured": self.configured,
            "address": self.address,
            "key": self.api_key is not None,
            "missing": list(self.missing),
            "variables": list(self.row.variables),
        }


def provider_states(effective: Config) -> Iterator[ProviderState]:
    """Yield the state of each provider."""
    from gui_agents.models.registry import configured_rows  # noqa: PLC0415 - most verbs call no model

    configured = configured_rows(effective.defaults, effective.models)
    for row in PROVIDERS:
        own = effective.models.provider(row)
        address = own.address or row.address
        missing = [] if address is not None else [row.address_variables[0]]
        if row.key_needed and own.api_key is None and (address is None or row.owns(address)):
            missing.append(row.key_variables[0])
        yield ProviderState(
            row=row, configured=row in configured, address=address, api_key=own.api_key, missing=tuple(missing)
        )


@attrs.frozen
class Reached:
    """What a probe found."""

    ok: bool
    text: str


def probe(states: list[ProviderState]) -> Mapping[ProviderState, Reached]:
    """Ask each endpoint for its list of models, which costs nothing."""
    asked = [state for state in states if state.address is not None]
    if not asked:
        return {}
    with ThreadPoolExecutor(MAX_PROBES) as pool:
        return dict(zip(asked, pool.map(_reached, asked), strict=True))


def _reached(state: ProviderState) -> Reached:
    from gui_agents.http.proxies import proxy_for  # noqa: PLC0415
    from gui_agents.models.endpoint import called_url  # noqa: PLC0415 - most verbs call no model

    row = state.row
    base = called_url(row, state.address or "", model="", protocol=row.protocol, version=None)
    url = _models_url(base, row.protocol)
    try:
        proxy_for(url)
        # Redirects are not followed: one would carry the key to an address that nobody configured.
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(urllib.request.Request(url, headers=_headers(state)), timeout=PROBE_SECONDS) as reply:  # noqa: S310 - http or https, as the configuration checks
            status = reply.status
    except urllib.error.HTTPError as error:
        error.close()
        status = error.code
    except (ProxyError, OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return Reached(ok=False, text=f"cannot be reached: {reason or type(error).__name__}")
    if status in KEY_REFUSED:
        refused = "refuses the key" if state.api_key is not None else "asks for a key"
        return Reached(ok=state.api_key is None, text=f"answers and {refused} (HTTP {status})")
    if status in SERVER_FAULTS:
        return Reached(ok=False, text=f"fails (HTTP {status})")
    if status == HTTPStatus.NOT_FOUND and state.address != row.address:
        # A vendor may have no such list; a base URL that somebody wrote is the likelier reason.
        return Reached(ok=False, text=f"has no list of models at {_shown(url)} (HTTP {status}): is its base URL wrong?")
    return Reached(ok=True, text=f"answers (HTTP {status})")


def _shown(url: str) -> str:
    return url.partition("?")[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _models_url(base: str, protocol: WireProtocol) -> str:
    parts = urlsplit(base)
    path = f"{parts.path}/v1/models" if protocol is WireProtocol.MESSAGES else f"{parts.path}/models"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def _headers(state: ProviderState) -> dict[str, str]:
    headers = {"User-Agent": "gui-agents", "Accept": "application/json"}
    if state.row.protocol is WireProtocol.MESSAGES:
        headers["anthropic-version"] = "2023-06-01"
    if state.api_key is not None:
        if state.row.protocol is WireProtocol.MESSAGES:
            headers["x-api-key"] = state.api_key.reveal()
        elif state.row.key_header is not None:
            headers[state.row.key_header] = state.api_key.reveal()
        else:
            headers["Authorization"] = f"Bearer {state.api_key.reveal()}"
    return headers
