"""TLS of the gRPC port. Its files are read again when they change; what cannot be used leaves the old ones in use.

gRPC asks for the files before the handshake of each connection, in threads of its own. So a new certificate serves the
next connection, and nothing runs while nobody connects. What cannot be used is tried again until it can, though it
does not change any more: its owner may be set after it was put in place.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import attrs
import grpc

from gui_agents.config import RpcConfig
from gui_agents.domain.certificates import (
    Certificate,
    CertificateError,
    PemFile,
    checked_authorities,
    checked_server,
)
from gui_agents.domain.errors import ConfigError

EXPIRES_SOON: Final = timedelta(days=30)
"""Before which a certificate is to be replaced."""
RETRY_SECONDS: Final = 1.0
"""Between two tries of files that could not be used and have not changed."""
TRIES: Final = 3
"""To read files that change while they are read."""

_VARIABLES: Final = {
    PemFile.CERTIFICATE: "GRPC_TLS_CERT",
    PemFile.KEY: "GRPC_TLS_KEY",
    PemFile.AUTHORITIES: "GRPC_TLS_CLIENT_CA",
}

_log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int] | None, ...]


@attrs.frozen
class Expiry:
    """When something expires, to be told to an operator."""

    subject: str
    at: datetime
    """UTC."""

    @property
    def soon(self) -> bool:
        """Whether it is to be replaced."""
        return self.at - datetime.now(UTC) < EXPIRES_SOON

    def __str__(self) -> str:
        left = f", in {(self.at - datetime.now(UTC)).days} days" if self.soon else ""
        return f"{self.subject} expires on {self.at:%Y-%m-%d}{left}"


@attrs.frozen
class TlsFiles:
    """The files that GRPC_TLS_CERT, GRPC_TLS_KEY and GRPC_TLS_CLIENT_CA name."""

    certificate: Path
    key: Path
    client_ca: Path | None

    @classmethod
    def of(cls, rpc: RpcConfig) -> Self | None:
        """Return the files of a configuration; None if it has no TLS."""
        if rpc.tls_certificate is None or rpc.tls_key is None:
            return None
        return cls(rpc.tls_certificate, rpc.tls_key, rpc.tls_client_ca)

    def expiries(self) -> Iterator[Expiry]:
        """Check the files, and yield when what they hold expires.

        Raises:
            ConfigError: with a line for a file that cannot be used.
        """
        certificate, *_ = self.read()
        named = f", for {certificate.name}," if certificate.name else ""
        yield Expiry(f"the certificate of gRPC{named}", certificate.expires)
        last = None if self.client_ca is None else checked_authorities(self.client_ca)
        if last is not None:
            yield Expiry("the last authority for clients of gRPC", last)

    def read(self) -> tuple[Certificate, grpc.ServerCertificateConfiguration, _Stamp]:
        """Return what the certificate says, what gRPC is to use, and how the files looked meanwhile.

        Raises:
            ConfigError: with a line for a file that cannot be used.
        """
        for _ in range(TRIES):
            before = self.stamp()
            found, configuration = self._read()
            if self.stamp() == before:
                return found, configuration, before
        raise ConfigError([f"{_VARIABLES[PemFile.CERTIFICATE]} {self.certificate} is being written"])

    def stamp(self) -> _Stamp:
        """Return what changes when a file does; None for a file that is not there."""
        return tuple(map(_stamp, self._paths()))

    def _paths(self) -> Iterator[Path]:
        yield self.certificate
        yield self.key
        if self.client_ca is not None:
            yield self.client_ca

    def _read(self) -> tuple[Certificate, grpc.ServerCertificateConfiguration]:
        try:
            found = checked_server(self.certificate, self.key)
            if self.client_ca is not None:
                checked_authorities(self.client_ca)
        except CertificateError as error:
            raise ConfigError([self._mistake(error)]) from error
        try:
            pair = (self.key.read_bytes(), self.certificate.read_bytes())
            roots = None if self.client_ca is None else self.client_ca.read_bytes()
        except OSError as error:
            raise ConfigError([f"{_VARIABLES[PemFile.CERTIFICATE]} {error.filename}: {error.strerror}"]) from error
        return found, grpc.ssl_server_certificate_configuration([pair], root_certificates=roots)

    def _mistake(self, error: CertificateError) -> str:
        paths = {
            PemFile.CERTIFICATE: self.certificate,
            PemFile.KEY: self.key,
            PemFile.AUTHORITIES: self.client_ca,
        }
        return f"{_VARIABLES[error.file]} {paths[error.file]} {error}"


class ServerTls:
    """What the gRPC port proves with who it is.

    Raises:
        ConfigError: with a line for a file that cannot be used.
    """

    def __init__(self, files: TlsFiles, monotonic_seconds: Callable[[], float] = time.monotonic) -> None:
        self._files = files
        self._monotonic_seconds = monotonic_seconds
        _, self._first, self._used = files.read()
        self._failed: tuple[_Stamp, tuple[str, ...]] | None = None
        self._again_monotonic_seconds = 0.0
        self._looking = threading.Lock()

    def credentials(self) -> grpc.ServerCredentials:
        """Return the credentials of the port."""
        return grpc.dynamic_ssl_server_credentials(
            self._first, self.changed, require_client_authentication=self._files.client_ca is not None
        )

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return what is to be used from now on; None if that is what is in use."""
        # One connection looks; others need not wait for it.
        if not self._looking.acquire(blocking=False):
            return None
        try:
            return self._look()
        finally:
            self._looking.release()

    def _look(self) -> grpc.ServerCertificateConfiguration | None:
        stamp, now = self._files.stamp(), self._monotonic_seconds()
        if stamp == self._used:
            # Nothing has changed, or the files that are in use are back.
            self._failed = None
            return None
        if self._failed is not None and self._failed[0] == stamp and now < self._again_monotonic_seconds:
            return None
        try:
            found, configuration, self._used = self._files.read()
        except ConfigError as error:
            self._again_monotonic_seconds = now + RETRY_SECONDS
            self._tell(stamp, error.mistakes)
            return None
        self._failed = None
        _log.info("the certificate of gRPC has changed and is in use; it expires on %s", f"{found.expires:%Y-%m-%d}")
        return configuration

    def _tell(self, stamp: _Stamp, mistakes: tuple[str, ...]) -> None:
        """Log what is wrong, once for each change."""
        if self._failed != (stamp, mistakes):
            told = "; ".join(mistakes)
            _log.error(
                "the changed certificate of gRPC is not used: %s; it is tried again at new connections until it can be "
                "used",
                told,
            )
        self._failed = (stamp, mistakes)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
