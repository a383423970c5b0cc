"""The tables of docs/models.md, from the rows of providers and the fields of MODELS_FILE."""

from collections.abc import Iterator
from typing import Final

import attrs

from gui_agents.domain.model_settings import DEFAULT_SETTINGS
from gui_agents.domain.providers import PROVIDERS, ProviderRow
from gui_agents.models.models_file import FIELDS

MEANINGS: Final = {
    "protocol": "What the endpoint speaks: `chat`, `responses` or `messages`",
    "tools": "Whether it is offered tools; else it answers with JSON in text",
    "native_tool": "Whether the protocol's own computer tool is used, where there is one",
    "pictures": "Whether it is sent the screenshot",
    "picture_formats": "What it takes, of `jpeg` and `png`",
    "longest_side": "Pixels; larger pictures are scaled down. `null` sends them as they are",
    "coordinates": "What its coordinates count: `pixels`, `thousand` (0 to 1000) or `unit` (0 to 1)",
    "max_tokens": "The most tokens of an answer, reasoning included; always sent",
    "token_field": "The field that carries it; `null` takes the protocol's",
    "extra_body": "Fields that are added to each request",
    "headers": "Headers that are added to each request; they may hold keys",
    "history_turns": "Past turns that it is shown at most",
    "history_pictures": "Past pictures that it is shown at most",
    "history_characters": "Characters of past turns that it is shown at most",
}
"""Of each field of an entry."""


def providers() -> str:
    """Return a row for each provider with its names, its address and its variables."""
    lines = ["", "| Name | Provider | Usual address | Key | Address |", "|---|---|---|---|---|"]
    for row in PROVIDERS:
        names = ", ".join(f"`{name}`" for name in row.names)
        usual = f"`{row.address}`" if row.address else "none"
        keys = ", ".join(f"`{name}`" for name in row.key_variables) or "none"
        addresses = ", ".join(f"`{name}`" for name in row.address_variables)
        lines.append(f"| {names} | {row.title} | {usual} | {keys} | {addresses} |")
    return "".join(f"{line}\n" for line in lines)


def examples() -> str:
    """Return a command for each provider that starts the service with a model of it."""
    lines = ["", "```console", *(f"$ {_example(row)} gui-agents serve" for row in PROVIDERS), "```"]
    return "".join(f"{line}\n" for line in lines)


def _example(row: ProviderRow) -> str:
    settings = [f"DEFAULT_MODEL={row.provider}/{row.example}"]
    if row.key_variables and row.key_needed:
        settings.append(f"{row.key_variables[0]}=$KEY")
    if row.address is None:
        settings.append(f"{row.address_variables[0]}=$URL")
    return " ".join(settings)


def fields() -> str:
    """Return a row for each field of an entry, with its default."""
    lines = ["", "| Field | Unless set | Meaning |", "|---|---|---|"]
    lines.extend(f"| `{field}` | {default} | {MEANINGS[field]} |" for field, default in _defaults())
    return "".join(f"{line}\n" for line in lines)


def _defaults() -> Iterator[tuple[str, str]]:
    values = attrs.asdict(DEFAULT_SETTINGS)
    for field in FIELDS:
        value = values[field]
        match value:
            case True | False:
                yield field, f"`{str(value).lower()}`"
            case None:
                yield field, "`null`"
            case tuple():
                yield field, f"`[{', '.join(value)}]`"
            case int() | str():
                yield field, f"`{value}`"
            case _:
                yield field, "none"
