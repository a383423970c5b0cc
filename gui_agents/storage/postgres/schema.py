"""The tables: made and brought to the newest version by the one service that has the lock of the database."""

from typing import Any, Final

import psycopg
from psycopg import sql

from gui_agents.domain.storage import StorageStartError
from gui_agents.storage.migrations import migrations
from gui_agents.storage.postgres.address import VARIABLE

_VERSIONS: Final = """
CREATE TABLE IF NOT EXISTS versions (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())
"""
_FIND_TRIGRAMS: Final = """
SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'
"""


def migrate(connection: psycopg.Connection[Any]) -> None:
    """Bring the tables to the newest version, one transaction a step.

    Raises:
        StorageStartError: a newer service has been there.
        psycopg.Error: the server says no.
    """
    connection.execute(_VERSIONS)
    row = connection.execute("SELECT coalesce(max(version), 0) FROM versions").fetchone()
    found = int(row[0]) if row else 0
    steps = migrations("postgres")
    newest = steps[-1].version
    if found > newest:
        raise StorageStartError(
            VARIABLE, f"a newer release has made this database: its version is {found}, and this one knows {newest}"
        )
    for step in steps:
        if step.version > found:
            with connection.transaction():
                connection.execute(step.sql.encode())
                connection.execute("INSERT INTO versions (version) VALUES (%s)", [step.version])


def index_texts(connection: psycopg.Connection[Any]) -> bool:
    """Make the index for texts in instructions, if the server has the extension for it; return whether it has.

    Not a step of the schema, because an administrator may add the extension later. Without it each search reads all
    instructions.

    Raises:
        psycopg.Error: the server says no.
    """
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
        return False
    row = connection.execute(_FIND_TRIGRAMS).fetchone()
    operators = sql.Identifier(row[0] if row else "public", "gin_trgm_ops")
    statement = sql.SQL("CREATE INDEX IF NOT EXISTS by_text ON texts USING gin (folded {})")
    connection.execute(statement.format(operators))
    return True
