"""The steps from one version of a database to the next, forward only: NUMBER_WORD.sql in a directory a database.

A step that was released is never changed. The version of a database is the number of its last step.
"""

from importlib import resources
from typing import Final

import attrs

SUFFIX: Final = ".sql"


@attrs.frozen
class Migration:
    """One step."""

    version: int
    """That the database has after it."""
    sql: str


def migrations(database: str) -> tuple[Migration, ...]:
    """Return the steps for `sqlite` or `postgres`, in their order."""
    files = sorted(resources.files(__name__).joinpath(database).iterdir(), key=lambda file: file.name)
    return tuple(Migration(int(file.name[:4]), file.read_text()) for file in files if file.name.endswith(SUFFIX))
