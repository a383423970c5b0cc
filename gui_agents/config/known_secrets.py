"""The secrets of this process, for what must not show them."""

import re
from typing import Final
from urllib.parse import unquote

from gui_agents.config.loading import CLIENT, Config, settings
from gui_agents.domain.secret import Secret

PASSWORD: Final = re.compile(
    r"://[^\s:/@]{0,100}:(?P<of_uri>[^\s@]{1,1000})@"
    r"|\bpassword ?= ?(?:'(?P<quoted>[^']{1,1000})'|(?P<word>[^\s']{1,1000}))"
)
"""In a connection string, of which libraries may show a part."""


def known_secrets(config: Config) -> frozenset[Secret]:
    """Return every secret that is set, and the passwords within them."""
    sections = ((getattr(config, row.section), row.name) for row in settings() if row.secret and row.section != CLIENT)
    found = {secret for section, name in sections if (secret := getattr(section, name)) is not None}
    passwords = filter(None, (PASSWORD.search(secret.reveal()) for secret in found))
    return frozenset(found).union(Secret(unquote(password[password.lastgroup or 0])) for password in passwords)
