"""Parsers of variables: each one returns the value, or raises a ValueError that says what the value must be."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from gui_agents.domain import azure_urls
from gui_agents.domain.address import checked_host
from gui_agents.domain.base_urls import address_problem, key_problem, nearest_address
from gui_agents.domain.claim import NOTHING
from gui_agents.domain.cloud import id_problem
from gui_agents.domain.egress_list import EgressEntry, egress_entries
from gui_agents.domain.model import BUILTIN_MODEL
from gui_agents.domain.money import USD
from gui_agents.domain.providers import PROVIDERS, UNCALLABLE, provider_row
from gui_agents.domain.screen import ScreenSize
from gui_agents.domain.secret import Secret

TRUE: Final = frozenset({"true", "1", "yes", "on", "enabled", "enable"})
FALSE: Final = frozenset({"false", "0", "no", "off", "disabled", "disable", ""})

_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,40}")
_HOST_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")

_COMMAND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,60}")
_POSTGRES: Final = re.compile(r"postgres(ql)?://|[a-z_]+ ?=")
_SCREEN: Final = re.compile(r"([0-9]{1,5})[xX×]([0-9]{1,5})")
SMALLEST_SCREEN: Final = (320, 240)
LARGEST_SCREEN: Final = (7680, 4320)

_AMOUNT: Final = re.compile(
    r"((?P<before>[A-Za-z]{3})( ?[:=])? ?)?(?P<amount>[0-9]{1,12}(\.[0-9]{1,12})?)(( ?[:=])? ?(?P<after>[A-Za-z]{3}))?"
)

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


def amounts(text: str) -> Mapping[str, Decimal]:
    """Read amounts of money above 0 by the ISO code of their currency, which may stand on either side."""
    found: dict[str, Decimal] = {}
    for part in names(text):
        match = _AMOUNT.fullmatch(" ".join(part.split()))
        currency, amount = (USD, NOTHING) if match is None else (_currency(match), Decimal(match["amount"]))
        if currency is None or not amount:
            raise ValueError(
                f"must list amounts of money above 0 with their currency, such as 5 USD, 30 CNY; not {part:.40}"
            )
        if currency in found:
            raise ValueError(f"must name each currency once; {currency} is there twice")
        found[currency] = amount
    return found


def _currency(match: re.Match[str]) -> str | None:
    """Return the one currency that an amount names, USD if it names none, or None if it names two."""
    named = [code.upper() for code in (match["before"], match["after"]) if code]
    return None if len(named) > 1 else (*named, USD)[0]


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
    problem = address_problem(text)
    if problem is not None:
        meant = nearest_address(text)
        advice = meant and azure_urls.advice(text)
        if advice:
            raise ValueError(f"is no base URL: write {advice}")
        raise ValueError(f"is no base URL: {problem}" if meant is None else f"is no base URL: write {meant}; {problem}")
    return text


def key(text: str) -> Secret:
    """Read a key. The error does not show it."""
    problem = key_problem(text)
    if problem is not None:
        raise ValueError(problem)
    return Secret(text)


def connection_string(text: str) -> Secret:
    """Read where a PostgreSQL database is, as a URI or as NAME=VALUE words. The error does not show it."""
    if not _POSTGRES.match(text):
        raise ValueError("must be postgresql://USER:PASSWORD@HOST/DATABASE, or words such as host=HOST dbname=DATABASE")
    return Secret(text)


SECRETS: Final[frozenset[Parser]] = frozenset({key, connection_string})
"""The parsers of what nobody may see."""


def cloud_id(text: str) -> str:
    """Read the name of an organization or of a shape, as a cloud spells it."""
    problem = id_problem(text)
    if problem is not None:
        raise ValueError(problem)
    return text


def version(text: str) -> str:
    """Read the version of an API."""
    if not _VERSION.fullmatch(text):
        raise ValueError("must be a version such as 2024-10-21")
    return text


def host(text: str) -> str:
    """Read an address to listen on; an IPv6 one may stand in brackets."""
    return checked_host(text)


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def commands(text: str) -> tuple[str, ...]:
    """Read names of programs, separated by commas."""
    found = names(text)
    for name in found:
        if not _COMMAND.fullmatch(name):
            raise ValueError(
                f"must list names of programs such as mousepad, without paths and arguments; not {name:.40}"
            )
    return tuple(dict.fromkeys(found))


def screen(text: str) -> ScreenSize:
    """Read the size of a screen."""
    match = _SCREEN.fullmatch(text)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(low <= side <= high for low, side, high in zip(SMALLEST_SCREEN, size, LARGEST_SCREEN, strict=True)):
        raise ValueError("must be WIDTHxHEIGHT in pixels, from 320x240 to 7680x4320, such as 1280x720")
    return ScreenSize(*size)


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


def egress(text: str) -> tuple[EgressEntry, ...]:
    """Read the places that browsers may reach, separated by commas."""
    found: list[EgressEntry] = []
    wrong: list[str] = []
    for item in names(text):
        try:
            found.extend(egress_entries(item))
        except ValueError as error:
            wrong.append(f"{item:.80} {error}")
    if wrong:
        raise ValueError(
            f"must list hosts, *.domain, addresses, networks or public, each with or without :PORT; {'; '.join(wrong)}"
        )
    return tuple(found)


def existing_file(text: str) -> Path:
    """Read the path of a file that can be read."""
    path = Path(text)
    try:
        exists = path.is_file()
    except OSError:
        # No file can have such a name.
        exists = False
    if not exists:
        raise ValueError(f"must name a file that exists, not {text!r:.80}")
    return path


def model(text: str) -> str:
    """Read PROVIDER/NAME. The provider comes back in small letters."""
    provider, _, name = text.partition("/")
    if text.lower() == BUILTIN_MODEL:
        return BUILTIN_MODEL
    if provider.lower() in UNCALLABLE:
        raise ValueError(f"cannot be of {provider}: {UNCALLABLE[provider.lower()]}")
    if provider_row(provider) is None or not name.strip():
        known = ", ".join(str(row.provider) for row in PROVIDERS)
        raise ValueError(f"must be {BUILTIN_MODEL} or PROVIDER/NAME, with PROVIDER one of: {known}")
    return f"{provider.lower()}/{name}"
