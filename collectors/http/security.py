"""The endpoint's lock: TLS and passwords of a web configuration file, re-read when it changes.

A change never opens the endpoint: a file that is empty for the moment in which someone writes it looks like one that
is meant to lock nothing, and only a restart can tell that it is.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from collectors.http import web_config
from collectors.http.messages import Request, Response
from collectors.http.web_config import WebConfig
from gui_agents.domain.errors import ConfigError

if TYPE_CHECKING:
    from collectors.http.passwords import Passwords

_log = logging.getLogger(__name__)

PROBES: Final = frozenset({"/-/healthy", "/-/ready"})

_Stamp = tuple[tuple[str, int, int, int], ...]


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
        self._passwords = _passwords(self._config)
        doubt = self._config.doubt()
        if doubt is not None:
            _log.warning("%s", doubt)

    @property
    def context(self) -> ssl.SSLContext | None:
        """What new connections are secured with; None for plain HTTP."""
        return self._context

    async def reload(self) -> None:
        """Read the file again if it or one that it names has changed; in a thread: many users take seconds."""
        stamp = _stamp(self._path, self._config)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            config, context, stamp = await asyncio.to_thread(_read, self._path)
            self._refuse_to_open(config)
        except ConfigError as error:
            _log.error("the changed web configuration is not used: %s", "; ".join(error.mistakes))
            return
        self._config, self._context, self._stamp = config, context, stamp
        if self._passwords is None:
            self._passwords = _passwords(config)
        elif config.users:
            self._passwords.use(config.users)
        else:
            self._passwords.retire()
            self._passwords = None
        _log.info("the web configuration has changed and is in use")

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
