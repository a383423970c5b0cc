"""Who is behind a token. The file of tokens is read again when it changes.

A change that cannot be used leaves everything as it was, is reported once, and is tried again until it can be used: the
file's owner may be set after it was put in place. So a token that was removed is refused within about a second, unless
the file has a mistake.

`identify` may be called from any thread: all that is known is in one frozen value, which a change replaces.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from gui_agents.access import token_file
from gui_agents.access.token_file import Stamp, TokenFile
from gui_agents.access.tokens import digest, is_token
from gui_agents.domain.access import ANYBODY, NO_QUOTAS, AuthFailure, Identity, Quotas
from gui_agents.domain.errors import ConfigError

BEARER: Final = "bearer"

_log = logging.getLogger(__name__)


@attrs.frozen
class _Known:
    """All that a file says."""

    by_digest: Mapping[bytes, Identity]
    by_name: Mapping[str, Identity]
    stamp: Stamp


@attrs.frozen
class _Failure:
    """A change that could not be used."""

    stamp: Stamp
    mistakes: tuple[str, ...]


class Guard:
    """Knows the tokens of a file; without one, everybody is `ANYBODY`.

    `quotas` are those of an owner whose token has none of its own.

    Raises:
        ConfigError: the file cannot be used; with one line for each mistake.
    """

    def __init__(self, path: Path | None, quotas: Quotas = NO_QUOTAS) -> None:
        self._path = path
        self._quotas = quotas
        self._anybody = Identity(ANYBODY.name, ANYBODY.roles, quotas)
        self._known = _Known({}, {}, token_file.NO_FILE)
        self._failure: _Failure | None = None
        if path is not None:
            self._use(token_file.read(path), path)

    @property
    def on(self) -> bool:
        """Whether calls need a token."""
        return self._path is not None

    def identify(self, authorization: str | None) -> Identity | AuthFailure:
        """Return who sent this `authorization`, such as `Bearer gat_…`, or why that is not known; from any thread."""
        if self._path is None:
            return self._anybody
        if authorization is None:
            return AuthFailure.MISSING
        scheme, _, token = authorization.partition(" ")
        token = token.strip(" ")
        if scheme.lower() != BEARER or not is_token(token):
            return AuthFailure.MALFORMED
        # The time of a lookup may depend on the digest. That helps nobody, who cannot choose digests: the one of a
        # token that is right but for its last letter has nothing in common with the right one.
        return self._known.by_digest.get(digest(token), AuthFailure.UNKNOWN)

    def quotas(self, owner: str) -> Quotas:
        """Return the quotas of an owner as they are now; those of a revoked one are what the settings say."""
        known = self._known.by_name.get(owner)
        return self._quotas if known is None else known.quotas

    def current(self, identity: Identity) -> Identity | None:
        """Return what its token makes of `identity` now, or None if that was revoked.

        The name does not count: whoever has a lost token is out, also if another token has got its name.
        """
        return self._anybody if self._path is None else self._known.by_digest.get(identity.digest)

    def reload(self) -> bool:
        """Read the file again if it has changed or could not be used before, and tell whether anything is new.

        It reads the disk, so the event loop calls it in a thread.
        """
        if self._path is None:
            return False
        stamp = token_file.stamp_of(self._path)
        if stamp == self._known.stamp:
            # Nothing has changed, or the file that is in use is back.
            self._failure = None
            return False
        try:
            read = token_file.read(self._path)
        except ConfigError as error:
            failure = _Failure(stamp, error.mistakes)
            if failure != self._failure:
                told = "; ".join(error.mistakes)
                _log.error("the changed tokens are not used: %s; the file is tried again until it can be used", told)
            self._failure = failure
            return False
        self._use(read, self._path)
        self._failure = None
        _log.info("the tokens have changed and are in use (%d)", len(read.lines))
        return True

    def _use(self, read: TokenFile, path: Path) -> None:
        identities = [
            (line, Identity(line.name, line.roles, line.quotas.over(self._quotas), line.digest)) for line in read.lines
        ]
        self._known = _Known(
            {line.digest: identity for line, identity in identities},
            {line.name: identity for line, identity in identities},
            read.stamp,
        )
        for doubt in read.doubts(path):
            _log.warning("%s", doubt)
