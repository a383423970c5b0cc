"""The endpoint's lock: TLS and passwords of a web configuration file, re-read when it changes.

A change never opens the endpoint: a file that is empty for the moment in which someone writes it looks like one that
is meant to lock nothing, and only a restart can tell that it is.

What cannot be used is tried again until it can, though the file itself does not change any more: its owner may be set
after it was put in place, and a certificate that it names may come later. Until then a user who was removed is let in,
so the metrics say that what is in use is not what the file says.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from collectors.http import web_config
from collectors.http.messages import Request, Response
from collectors.http.web_config import WebConfig
from gui_agents.domain.errors import ConfigError

if TYPE_CHECKING:
    from collectors.http.passwords import Passwords

_log = logging.getLogger(__name__)

PROBES: Final = frozenset({"/-/healthy", "/-/ready"})

RETRY_SECONDS: Final = 1.0
"""Between two tries of files that could not be used."""
RETRY_FACTOR: Final = 10
"""Between two tries passes so many times what the last one took: a file of many users costs a tenth of one core."""

_Stamp = tuple[tuple[str, int, int, int], ...]


@attrs.frozen
class _Failure:
    """A change that could not be used."""

    stamp: _Stamp
    mistakes: tuple[str, ...]
    again_monotonic_seconds: float
    """When it is tried again if nothing changes before."""


class Security:
    """Holds what the file says now; a change that is a mistake leaves everything as it was.

    With `open_probes` the health probes need no password.

    Raises:
        ConfigError: with one line for each mistake.
    """

    def __init__(self, path: Path, *, open_probes: bool = False) -> None:
        self._path = path
        self._open_probes = open_probes
        self._config, self._context, self._stamp = _read(path)
        self._failure: _Failure | None = None
        self._read_at = time.time()
        self._passwords = _passwords(self._config)
        doubt = self._config.doubt()
        if doubt is not None:
            _log.warning("%s", doubt)

    @property
    def context(self) -> ssl.SSLContext | None:
        """What new connections are secured with; None for plain HTTP."""
        return self._context

    @property
    def up_to_date(self) -> bool:
        """Whether the file as it stands is in use."""
        return self._failure is None

    @property
    def read_at(self) -> float:
        """When it was last read with success, in seconds since the epoch."""
        return self._read_at

    async def reload(self) -> None:
        """Read the file again if it or one that it names has changed, or could not be used before.

        In a thread: many users take seconds.
        """
        stamp, failure = _stamp(self._path, self._config), self._failure
        if stamp == self._stamp:
            # Nothing has changed, or the files that are in use are back.
            self._failure = None
            return
        began = time.monotonic()
        if failure is not None and failure.stamp == stamp and began < failure.again_monotonic_seconds:
            return
        try:
            config, context, read = await asyncio.to_thread(_read, self._path)
            self._refuse_to_open(config)
        except ConfigError as error:
            self._fail(stamp, error.mistakes, began)
            return
        self._config, self._context, self._stamp = config, context, read
        self._failure, self._read_at = None, time.time()
        if self._passwords is None:
            self._passwords = _passwords(config)
        elif config.users:
            self._passwords.use(config.users)
        else:
            self._passwords.retire()
            self._passwords = None
        _log.info("the web configuration has changed and is in use")

    def _fail(self, stamp: _Stamp, mistakes: Iterable[str], began: float) -> None:
        """Record what is wrong, and say it once for each change."""
        before, now = self._failure, time.monotonic()
        again = now + max(RETRY_SECONDS, RETRY_FACTOR * (now - began))
        self._failure = _Failure(stamp, tuple(mistakes), again)
        if before is None or (before.stamp, before.mistakes) != (stamp, self._failure.mistakes):
            told = "; ".join(self._failure.mistakes)
            _log.error("the changed web configuration is not used: %s; it is tried again until it can be used", told)

    def _refuse_to_open(self, config: WebConfig) -> None:
        if self._config.identifies and not config.identifies:
            raise ConfigError(["it would let in everyone; if that is meant, restart the service"])
        if self._config.locks and not config.locks:
            raise ConfigError(["it would lock nothing; if that is meant, restart the service"])

    def close(self) -> None:
        """Check no more passwords."""
        if self._passwords is not None:
            self._passwords.retire()

    def guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return `answer` behind the password."""

        async def guard(request: Request) -> Response:
            refusal = await self._refusal(request)
            return refusal or await answer(request)

        return guard

    async def _refusal(self, request: Request) -> Response | None:
        passwords = self._passwords
        if passwords is None or (self._open_probes and request.path in PROBES):
            return None
        return await passwords.refusal(request)


def _read(path: Path) -> tuple[WebConfig, ssl.SSLContext | None, _Stamp]:
    """Return what the file says, and the stamp of what was read: a change in the meantime makes another one."""
    own = _file_stamp(path)
    config = web_config.load(path)
    _, *others = _stamp(path, config)
    return config, config.tls.context() if config.tls else None, (own, *others)


def _stamp(path: Path, config: WebConfig) -> _Stamp:
    """Return what changes when the file or one that it names does, without reading them."""
    return tuple(map(_file_stamp, (path, *(config.tls.files() if config.tls else ()))))


def _file_stamp(path: Path) -> tuple[str, int, int, int]:
    try:
        told = path.stat()
    except OSError:
        return (str(path), 0, 0, 0)
    return (str(path), told.st_mtime_ns, told.st_size, told.st_ino)


def _passwords(config: WebConfig) -> "Passwords | None":
    if not config.users:
        return None
    from collectors.http.passwords import Passwords  # noqa: PLC0415 - needs bcrypt, which is optional

    return Passwords(config.users)
