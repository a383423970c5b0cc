"""What is wrong with a base URL of an API, or with a key for one: for variables, requests and commands alike."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from gui_agents.domain.azure_urls import FOUNDRY, MODELS

MAX_ADDRESS_LENGTH: Final = 2000
MAX_KEY_LENGTH: Final = 4000
EXAMPLE: Final = "https://api.openai.com/v1"

_HOST_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?")
_NUMBERS: Final = re.compile(r"[0-9.]+")
_NO_PARTS: Final = SplitResult("", "", "", "", "")
_CALLS: Final = ("/chat/completions", "/completions", "/responses", "/messages", "/embeddings", MODELS)
"""Ends of paths that each call adds by itself."""


def address_problem(address: str) -> str | None:
    """Return why a text is no base URL, and what to write; None if it is one.

    The text is not repeated, because it may hold a password.
    """
    problem = _problem(address)
    if problem is not None:
        return f"{problem}; it must be a URL such as {EXAMPLE}"
    end = _added_by_calls(urlsplit(address))
    return None if not end else f"it ends in {end}, which each call adds by itself; leave that out"


def nearest_address(address: str) -> str | None:
    """Return what was probably meant: the URL without query, fragment and what calls add; None if that is none."""
    parts = _split(address)
    path = parts.path.rstrip("/")
    path = path[: len(path) - len(_added_by_calls(parts))]
    meant = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    return meant if address_problem(meant) is None else None


def key_problem(key: str) -> str | None:
    """Return why no HTTP header can carry a key, without the key; None if one can."""
    visible = key.isascii() and key.isprintable() and " " not in key
    if not visible or not 0 < len(key) <= MAX_KEY_LENGTH:
        return f"must be 1 to {MAX_KEY_LENGTH} visible ASCII characters"
    return None


def host_name(address: str) -> str:
    """Return the host of a base URL in small letters; empty if it has none."""
    return _split(address).hostname or ""


def same_host(one: str, other: str) -> bool:
    """Tell whether two base URLs have the same host."""
    return host_name(one) == host_name(other)


def _added_by_calls(parts: SplitResult) -> str:
    """Return the end of a URL's path that calls add to a base URL; empty if it has none."""
    path = parts.path.rstrip("/").lower()
    end = next((end for end in _CALLS if path.endswith(end)), "")
    # Azure's Foundry answers at /models/chat/completions.
    return "" if end == MODELS and (parts.hostname or "").endswith(FOUNDRY) else end


def _problem(address: str) -> str | None:
    if len(address) > MAX_ADDRESS_LENGTH:
        return f"it has more than {MAX_ADDRESS_LENGTH} characters"
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        return "it holds characters that no URL has"
    parts = _split(address)
    if "://" in address and (parts == _NO_PARTS or parts.port == 0):
        return "its port or its host in brackets cannot be one"
    return _problem_of_parts(parts, address)


def _problem_of_parts(parts: SplitResult, address: str) -> str | None:
    if parts.scheme not in {"http", "https"} or not _is_host(parts.hostname or ""):
        return "it is no http or https URL with a host"
    if "@" in parts.netloc:
        return "it holds a user name or a password"
    if parts.query or parts.fragment or "?" in address or "#" in address:
        return "it holds a query or a fragment"
    return None


def _is_host(name: str) -> bool:
    try:
        if ":" in name:
            IPv6Address(name)
        elif _NUMBERS.fullmatch(name):
            IPv4Address(name)
    except ValueError:
        return False
    return ":" in name or _HOST_NAME.fullmatch(name) is not None


def _split(address: str) -> SplitResult:
    """Split a URL; what cannot be split, its port included, has no parts."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return _NO_PARTS
    return parts
