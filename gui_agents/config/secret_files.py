"""Secrets in files, as Docker and Kubernetes hand them out: NAME_FILE names the file that holds the secret NAME."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from gui_agents.config.setting import file_variable
from gui_agents.domain.errors import ConfigError

LARGEST_BYTES: Final = 100_000


@attrs.frozen
class SecretText:
    """A secret as it is written, without white space around it."""

    text: str = attrs.field(repr=False)
    """Empty if there is none."""
    variable: str
    """What holds it, or names its file."""


def secret_text(variable: str, values: Mapping[str, str]) -> SecretText:
    """Return a secret from its variable, or from the file that the variable beside it names.

    Raises:
        ConfigError: both are set, or the file holds no secret.
    """
    text, file = values.get(variable, "").strip(), file_variable(variable)
    path = values.get(file, "").strip()
    if not path:
        return SecretText(text, variable)
    if text:
        raise ConfigError([f"{variable} and {file} are both set; set one of them"])
    return SecretText(secret_in(file, Path(path)), file)


def secret_in(variable: str, path: Path) -> str:
    """Return the secret in a file that `variable`, or an option, names.

    Raises:
        ConfigError: it holds none.
    """
    try:
        # To open a pipe would wait for its other end.
        if not path.is_file():
            raise ConfigError([f"{variable} must name a file that exists, not {str(path)!r:.80}"])
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have such a name"
        raise ConfigError([f"{variable} {str(path)!r:.80} cannot be read: {reason}"]) from error
    if len(content) > LARGEST_BYTES:
        raise ConfigError([f"{variable} names a file that is too large; {LARGEST_BYTES} bytes are the most"])
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        # Its text would show the content.
        raise ConfigError([f"{variable} names a file that is no text in UTF-8"]) from None
    if not text:
        raise ConfigError([f"{variable} names an empty file; write the secret into it"])
    return text
