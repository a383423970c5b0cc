"""Parsers of variables: each one returns the value, or raises a ValueError that says what the value must be."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from gui_agents.domain.address import checked_host
from gui_agents.domain.model import BUILTIN_MODEL, Provider

TRUE: Final = frozenset({"true", "1", "yes", "on", "enabled", "enable"})
FALSE: Final = frozenset({"false", "0", "no", "off", "disabled", "disable", ""})

_HOST_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")

Parser = Callable[[str], Any]

NO_ALIASES: Final[Mapping[str, str]] = MappingProxyType({})


def boolean(text: str) -> bool:
    """Read a switch."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError("must be true or false (also 1/0, yes/no, on/off, enabled/disabled)")


def says_true(text: str) -> bool:
    """Read a switch of OpenTelemetry, whose specification knows `true` in any case alone; all else is false."""
    return text.strip().lower() == "true"


def integer(minimum: int, maximum: int) -> Parser:
    """Return a parser of whole numbers from `minimum` to `maximum`."""
    return _within(int, minimum, maximum, f"a whole number from {minimum} to {maximum}")


def seconds(minimum: float, maximum: float) -> Parser:
    """Return a parser of durations in seconds."""
    return _within(float, minimum, maximum, f"a number of seconds from {minimum:g} to {maximum:g}")


def _within(read: Callable[[str], float], minimum: float, maximum: float, words: str) -> Parser:
    def parse(text: str) -> float:
        try:
            number = read(text)
        except ValueError:
            number = math.nan
        if not minimum <= number <= maximum:
            raise ValueError(f"must be {words}")
        return number

    return parse


def money(text: str) -> Decimal:
    """Read an amount of money above 0."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise ValueError("must be an amount of money above 0, such as 2.50")
    return amount


def choice(*options: str, aliases: Mapping[str, str] = NO_ALIASES) -> Parser:
    """Return a parser of one out of `options`, in any case; `aliases` are other words for them, in lower case."""
    words = {**aliases, **{option.lower(): str(option) for option in options}}

    def parse(text: str) -> str:
        value = words.get(text.lower())
        if value is None:
            raise ValueError(f"must be one of: {', '.join(options)}")
        return value

    return parse


def address(text: str) -> str:
    """Read the base URL of an API."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(checked_host(parts.hostname or "")) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc:
        raise ValueError("must be an http or https URL without a user name, such as https://api.openai.com/v1")
    return text


def host(text: str) -> str:
    """Read an address to listen on; an IPv6 one may stand in brackets."""
    return checked_host(text)


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def hosts(text: str) -> tuple[str, ...]:
    """Read host names, addresses and networks (CIDR), separated by commas."""
    found = tuple(name.lower() for name in names(text))
    for name in found:
        try:
            ip_network(name, strict=False)
        except ValueError:
            if not _HOST_NAME.fullmatch(name) or name.replace(".", "").isdecimal():
                raise ValueError(
                    f"must list hosts, addresses and networks such as llm.internal or 10.0.0.0/8, not {name:.80}"
                ) from None
    return found


def host_names(text: str) -> tuple[str, ...]:
    """Read host names, `*.domain` for all below a domain and `*` for any, separated by commas."""
    found = tuple(name.lower() for name in names(text))
    for name in found:
        if name != "*" and not _HOST_NAME.fullmatch(name.removeprefix("*.")):
            raise ValueError(f"must list names such as agents.example.com or *.example.com, or *, not {name}")
    return found


def existing_file(text: str) -> Path:
    """Read the path of a file that can be read."""
    path = Path(text)
    try:
        exists = path.is_file()
    except OSError:
        # No file can have such a name.
        exists = False
    if not exists:
        raise ValueError(f"must name a file that exists, not {text:.80}")
    return path


def model(text: str) -> str:
    """Read PROVIDER/NAME."""
    provider, _, name = text.partition("/")
    if text != BUILTIN_MODEL and not (provider == Provider.OPENAI and name):
        raise ValueError(f"must be {BUILTIN_MODEL} or {Provider.OPENAI}/NAME")
    return text
