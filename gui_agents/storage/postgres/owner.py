"""The connection that writes. It has the lock of the database, and comes back when it was lost."""

import secrets
import time
from typing import Final

from gui_agents.domain.storage import StorageError, StorageStartError
from gui_agents.storage.postgres import lease, schema
from gui_agents.storage.postgres.address import VARIABLE, Address
from gui_agents.storage.postgres.session import WRITING, Session
from gui_agents.storage.postgres.watchdog import Watchdog

AGAIN_SECONDS: Final = 2.0
"""How long a connection that replaces a lost one waits for the lock."""
MIGRATION_SECONDS: Final = 24 * 3600.0
RETRY_SECONDS: Final = 0.2
TRANSIENT: Final = ("starting up", "shutting down", "recovery mode", "too many")
"""In the words of a server that may let this service in a moment later."""


class Owner:
    """Has the database from `open` on. One thread uses it."""

    def __init__(self, address: Address, watchdog: Watchdog, answer_seconds: float) -> None:
        self._address = address
        self._watchdog = watchdog
        self._answer_seconds = answer_seconds
        self._name = f"gui-agents {secrets.token_hex(4)}"
        """By which the server lists this connection, and no other service's."""
        self._takeover = 0
        self._session: Session | None = None

    def open(self, wait_seconds: float) -> None:
        """Connect, take the lock and bring the tables to the newest version.

        A server that is not there yet, and a service that has not ended yet, are waited for.

        Raises:
            StorageStartError: this service cannot use the database.
        """
        deadline = time.monotonic() + wait_seconds
        self._session = session = self._first_session(deadline)
        if session.encoding != "UTF8":
            raise StorageStartError(
                VARIABLE, f"the database has the encoding {session.encoding}; make one with ENCODING 'UTF8'"
            )
        if not lease.take_lock(session, wait_seconds=max(0.0, deadline - time.monotonic())):
            raise StorageStartError(
                VARIABLE,
                f"another service has this database ({lease.holder(session)}); end it, or make a database for each one",
            )
        with session.use(seconds=MIGRATION_SECONDS) as connection:
            schema.migrate(connection)
            schema.index_texts(connection)
            self._takeover = lease.count_takeover(connection)

    def _first_session(self, deadline: float) -> Session:
        while True:
            try:
                return self._connected()
            except StorageError as error:
                said = str(error)
                final = "FATAL" in said and not any(words in said for words in TRANSIENT)
                if final or time.monotonic() >= deadline:
                    raise StorageStartError(VARIABLE, said) from None
            time.sleep(RETRY_SECONDS)

    def _connected(self) -> Session:
        return Session(self._address, self._name, WRITING, self._watchdog)

    def session(self) -> Session:
        """Return the session that writes; another one if the last one was lost.

        Raises:
            StorageError: the server cannot be reached now, or another service has the database.
        """
        if self._session is None or self._session.lost:
            self._session = None
            session = self._connected()
            try:
                self._take_again(session)
            except StorageError:
                session.close()
                raise
            self._session = session
        return self._session

    def _take_again(self, session: Session) -> None:
        lease.end_former(session, self._name)
        if not lease.take_lock(session, wait_seconds=AGAIN_SECONDS):
            raise StorageError(f"PostgreSQL: another service has the database now ({lease.holder(session)})")
        with session.use(seconds=self._answer_seconds) as connection:
            if lease.takeover(connection) != self._takeover:
                raise StorageError("PostgreSQL: another service has had the database meanwhile; restart this one")

    def close(self) -> None:
        """End the connection, and so the lock."""
        if self._session is not None:
            self._session.close()
            self._session = None
