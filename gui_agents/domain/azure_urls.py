"""What is pasted as the address of Azure: its resource, its deployment and the version of its API.

A resource answers at `/openai/deployments/NAME/…?api-version=…`, and without versions at `/openai/v1`. Foundry's
resources also answer at `/models/…?api-version=…`. See https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle.
"""

from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit

FOUNDRY: Final = ".services.ai.azure.com"
"""Ends the hosts that answer at `/models`, too."""
MODELS: Final = "/models"
_DEPLOYMENTS: Final = "/openai/deployments/"
_UNVERSIONED: Final = "/openai/v1"


def deployment_in(address: str) -> str | None:
    """Return the deployment that is part of an address, or None if none is."""
    _, found, rest = urlsplit(address).path.partition(_DEPLOYMENTS)
    return unquote(rest.partition("/")[0]) if found else None


def resource_of(address: str) -> str:
    """Return the address without the deployment and what follows it."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.partition(_DEPLOYMENTS)[0], "", ""))


def advice(address: str) -> str | None:
    """Return what to write in place of the URL of a call to a deployment; None if an address is no such URL."""
    deployment = deployment_in(address)
    if not deployment or not deployment.isprintable():
        return None
    version = parse_qs(urlsplit(address).query).get("api-version", [""])[0]
    versioned = f" with OPENAI_API_VERSION={version}" if version.replace("-", "").isalnum() else ""
    return f"{resource_of(address)}{versioned}, and name the model azure/{deployment}"


def call_url(address: str, *, deployment: str, version: str | None, versioned_path: bool) -> str:
    """Return the URL to whose path that of a call is added; its query goes behind that.

    `versioned_path` says whether the called API is one of those that a deployment has at its own path.
    """
    parts = urlsplit(resource_of(address))
    path = parts.path.rstrip("/")
    if path.endswith(MODELS):
        return _url(address, path, version)
    named = path.endswith(_UNVERSIONED)
    root = path.removesuffix(_UNVERSIONED).removesuffix("/openai")
    if version is None or named or not versioned_path:
        return _url(address, f"{root}{_UNVERSIONED}", None)
    return _url(address, f"{root}{_DEPLOYMENTS}{quote(deployment, safe='')}", version)


def _url(address: str, path: str, version: str | None) -> str:
    parts = urlsplit(address)
    query = "" if version is None else urlencode({"api-version": version})
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))
