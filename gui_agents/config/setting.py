"""One setting: a field of a section with its variable, its parser, its default and its help text."""

from collections.abc import Iterator
from typing import Any

import attrs

from gui_agents.config.parsers import SECRETS, Parser


def setting(variable: str, parse: Parser, default: str | None, text: str) -> Any:
    """Describe one setting as a field of a section; without a default it is None unless the variable is set."""
    return attrs.field(metadata={"variable": variable, "parse": parse, "default": default, "help": text})


@attrs.frozen
class Setting:
    """One setting, as loading, documentation and checks need it."""

    section: str
    """The field of `Config` that holds the setting's section."""
    name: str
    """The field of the section."""
    variable: str
    parse: Parser
    default: str | None
    """As it would be written in the environment."""
    help: str

    @property
    def secret(self) -> bool:
        """Whether nobody may see the value."""
        return self.parse in SECRETS

    @property
    def variables(self) -> tuple[str, ...]:
        """The variable; and for a secret, the one that names a file with it."""
        return (self.variable, file_variable(self.variable)) if self.secret else (self.variable,)


def file_variable(variable: str) -> str:
    """Return the variable that names the file of a secret."""
    return f"{variable}_FILE"


def settings_of(section: str, kind: type[attrs.AttrsInstance]) -> Iterator[Setting]:
    """Yield the settings of one section, in the order of its fields."""
    for field in attrs.fields(kind):
        yield Setting(section=section, name=field.name, **field.metadata)
