"""The settings of the providers of models: one for each variable that a row of `domain.providers` names."""

from collections.abc import Iterator
from typing import Any, Final

import attrs

from gui_agents.config import parsers
from gui_agents.config.setting import setting
from gui_agents.domain.providers import PROVIDERS, ProviderRow
from gui_agents.domain.secret import Secret

_VERSION_HELP: Final = (
    "Version of Azure's API, such as 2024-10-21; not needed if AZURE_OPENAI_ENDPOINT ends in /openai/v1."
)


def with_providers(_section: type, fields: list["attrs.Attribute[Any]"]) -> list["attrs.Attribute[Any]"]:
    """Return the fields of all providers, and those of a section; attrs calls it, as a field transformer."""
    section = attrs.make_class("Providers", dict(_settings()), kw_only=True)
    return [*attrs.fields(section), *fields]


@attrs.frozen(kw_only=True)
class ProviderConfig:
    """What the operator has set of one provider."""

    api_key: Secret | None
    address: str | None
    version: str | None
    """Of its API."""


def provider_config(section: object, row: ProviderRow) -> ProviderConfig:
    """Return what a section with these fields holds of one provider; the first variable that is set counts."""

    def first(variables: tuple[str, ...]) -> Any:
        return next((value for name in variables if (value := getattr(section, _field(name))) is not None), None)

    version = () if row.version_variable is None else (row.version_variable,)
    return ProviderConfig(
        api_key=first(row.key_variables), address=first(row.address_variables), version=first(version)
    )


def _field(variable: str) -> str:
    """Return the field of a variable; one that is not all capitals keeps its spelling, to differ from one that is."""
    return variable.lower() if variable.isupper() else variable


def _settings() -> Iterator[tuple[str, Any]]:
    for row in PROVIDERS:
        for variable in row.key_variables:
            yield _field(variable), setting(variable, parsers.key, None, _key_help(row, variable))
        for variable in row.address_variables:
            yield _field(variable), setting(variable, parsers.address, None, _address_help(row, variable))
        if row.version_variable is not None:
            yield _field(row.version_variable), setting(row.version_variable, parsers.version, None, _VERSION_HELP)


def _key_help(row: ProviderRow, variable: str) -> str:
    if variable != row.key_variables[0]:
        return f"The same as {row.key_variables[0]}, which goes before it."
    return f"Key for {row.address_variables[0]}; it is sent to no other endpoint."


def _address_help(row: ProviderRow, variable: str) -> str:
    if variable != row.address_variables[0]:
        return f"The same as {row.address_variables[0]}, which goes before it."
    where = "must be set to use it" if row.address is None else f"{row.address} unless set"
    return f"Endpoint of {row.title}; {where}."
