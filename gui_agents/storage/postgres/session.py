"""A connection with the settings of the store. Its errors are those of the store, and it never waits for ever."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.types.numeric import Int8Dumper

from gui_agents.domain.storage import StorageError
from gui_agents.storage.postgres.address import Address
from gui_agents.storage.postgres.watchdog import Line, Watchdog

COMMON: Final = {
    "jit": "off",  # takes longer to compile than our statements to run
    "tcp_keepalives_idle": "10",  # so that the server, too, notices when the other side is gone, and lets the lock go
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "idle_session_timeout": "0",
}
WRITING: Final = {
    **COMMON,
    "synchronous_commit": "on",  # what is acknowledged is on disk, whatever the server's or the role's setting
    "lock_timeout": "10s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "60s",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
}
READING: Final = {
    **COMMON,
    "statement_timeout": "10s",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",  # all parts of an answer are of one instant
    "plan_cache_mode": "force_custom_plan",  # a plan for any filter is a bad one for most
}
SET_SETTINGS: Final = """
    SELECT set_config(name, value, false)
    FROM unnest(%s::text[], %s::text[]) AS wanted (name, value) JOIN pg_settings USING (name)
    WHERE setting <> 'remote_apply'
"""
"""Settings that the server's release does not have are left out, and `remote_apply` is stronger than `on`."""


VALUE_ERRORS: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)

# Its warnings say of lost connections what our errors say.
logging.getLogger("psycopg").setLevel(logging.ERROR)


class Session:
    """A connection that one thread uses at a time."""

    def __init__(self, address: Address, name: str, settings: Mapping[str, str], watchdog: Watchdog) -> None:
        """Connect.

        Raises:
            StorageError: it is not possible now.
        """
        self._address = address
        self._watchdog = watchdog
        try:
            self._connection = address.connect(name)
        except psycopg.Error as error:
            raise StorageError(f"PostgreSQL: {address.problem(error)}") from None
        # One type for all numbers; else every mix of small and large ones would be a statement to prepare.
        self._connection.adapters.register_dumper(int, Int8Dumper)
        self._line = Line(self._connection)
        try:
            with self.use(seconds=10) as connection:
                connection.execute(SET_SETTINGS, [list(settings), list(settings.values())])
        except StorageError:
            self.close()
            raise

    @property
    def lost(self) -> bool:
        """Whether another session must be opened."""
        return self._connection.closed

    @property
    def timed_out(self) -> bool:
        """Whether the server said nothing for too long."""
        return self._line.was_cut

    @property
    def encoding(self) -> str:
        """The encoding of the database."""
        return self._connection.info.parameter_status("server_encoding") or ""

    @contextmanager
    def use(self, *, seconds: float) -> Iterator[psycopg.Connection[Any]]:
        """Work with the connection for so long at most.

        Raises:
            StorageError: the server says no, or nothing. If it says nothing, or nobody knows in which state the
                connection is, the session is lost.
            ValueError: a value cannot be stored, now or later.
        """
        try:
            with self._watchdog.limit(self._line, seconds):
                yield self._connection
        except psycopg.Error as error:
            problem = f"no answer within {seconds:g} s" if self._line.was_cut else self._address.problem(error)
            if self._connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
                self.close()
            kind = ValueError if isinstance(error, VALUE_ERRORS) else StorageError
            raise kind(f"PostgreSQL: {problem}") from None  # the details of the error itself quote rows

    def close(self) -> None:
        """End the session. A second call does nothing."""
        self._connection.close()
        self._line.close()
