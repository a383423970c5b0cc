"""Where the database is: the connection string of the operator, which has a password."""

import re
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.storage import StorageStartError

VARIABLE: Final = "POSTGRES_CONNECTION_STRING"
EXAMPLE: Final = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
DEFAULTS: Final = {
    "connect_timeout": "10",
    "target_session_attrs": "read-write",  # of several hosts, the one that is no standby
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""What a connection string may say otherwise. A connection whose other side is gone is noticed after 25 seconds."""
LONGEST_PROBLEM: Final = 500


class Address:
    """A connection string, taken apart. Nothing that is said of it has its password."""

    def __init__(self, connection_string: Secret) -> None:
        """Take it apart.

        Raises:
            StorageStartError: it is none.
        """
        try:
            given = conninfo_to_dict(connection_string.reveal())
        except psycopg.Error:
            # The error quotes the string.
            raise StorageStartError(VARIABLE, f"must be like {EXAMPLE}") from None
        if not connection_string.reveal().strip():
            raise StorageStartError(VARIABLE, f"must say where the database is, like {EXAMPLE}")
        # A password with such a character would end as a part of the host, which errors show.
        place = f"{given.get('host', '')}{given.get('hostaddr', '')}{given.get('dbname', '')}"
        ports = str(given.get("port", "5432"))
        if "@" in place or not re.fullmatch(r"[0-9,]*", ports):
            raise StorageStartError(
                VARIABLE, f"must be like {EXAMPLE}, with %40 for @, %2F for / and %3A for : in the password"
            )
        self._password = str(given.get("password", ""))
        self._parameters: dict[str, Any] = {**DEFAULTS, **given, "client_encoding": "UTF8"}

    def connect(self, name: str) -> psycopg.Connection[Any]:
        """Open a connection that the server lists under `name`; each statement is a transaction.

        Raises:
            psycopg.Error: it cannot be opened.
        """
        parameters = {**self._parameters, "application_name": name}
        return psycopg.connect(autocommit=True, **parameters)

    def problem(self, error: psycopg.Error) -> str:
        """Return what is wrong, in one line; without the data of rows, which only the details have."""
        text = error.diag.message_primary or str(error) or type(error).__name__
        line = " ".join(text.split())
        if self._password:
            line = line.replace(self._password, MASKED_KEY)
        return line if len(line) <= LONGEST_PROBLEM else f"{line[:LONGEST_PROBLEM]}…"
