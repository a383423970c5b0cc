"""Certificates and keys in PEM files: whether they can be used, whom they name, and when they expire.

A certificate and its key are tried in a TLS handshake with ourselves, in memory. OpenSSL then says all that a real
handshake would say: keys that belong to other certificates, expired certificates, purposes that do not fit.
"""

import contextlib
import ssl
from datetime import UTC, datetime
from enum import StrEnum, unique
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.domain.errors import GuiAgentsError

LARGEST_BYTES: Final = 2**20
"""Of a file; a bundle of all public authorities has a quarter of it."""
ROUND_TRIPS: Final = 4
"""After which a handshake is over, however it ends."""

_UNUSABLE_KEYS: Final = (
    (bytes.fromhex("300506032b6570032100"), "Ed25519"),
    (bytes.fromhex("300506032b6571033a00"), "Ed448"),
    (bytes.fromhex("301006072a8648ce3d020106052b81040023"), "P-521"),
)
"""How a certificate tells the kind of its public key (RFC 8410 and RFC 5480), for those that gRPC cannot sign with."""
_OTHER_KEY: Final = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})


@unique
class PemFile(StrEnum):
    """What a file is for."""

    CERTIFICATE = "certificate"
    KEY = "key"
    AUTHORITIES = "authorities"


class CertificateError(GuiAgentsError):
    """A file cannot be used. The text says why, to be read after the file's name; `file` says which one it is."""

    def __init__(self, file: PemFile, problem: str) -> None:
        super().__init__(problem)
        self.file = file


@attrs.frozen
class Certificate:
    """What a certificate says."""

    expires: datetime
    """UTC."""
    name: str
    """The first host name or address that it is for; empty if it has none."""


def load_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Load a certificate with those that follow it, and its key.

    Raises:
        CertificateError: a file cannot be used.
    """
    load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate, PemFile.CERTIFICATE)
    _check_file(PemFile.KEY, key)
    try:
        # Asked for a password, OpenSSL would wait at the terminal.
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason in _OTHER_KEY:
            raise CertificateError(PemFile.KEY, "belongs to another certificate") from error
        if error.reason is not None and ("TOO_SMALL" in error.reason or "TOO_WEAK" in error.reason):
            weak = f"is too weak ({error.reason.lower().replace('_', ' ')})"
            raise CertificateError(PemFile.CERTIFICATE, weak) from error
        raise CertificateError(PemFile.KEY, "holds no key in PEM") from error
    except ValueError as error:
        raise CertificateError(PemFile.KEY, "is encrypted; give one without a password") from error
    except OSError as error:
        # It has been taken away since it was looked at.
        raise CertificateError(PemFile.KEY, f"cannot be read: {error.strerror}") from error


def load_authorities(context: ssl.SSLContext, path: Path, file: PemFile = PemFile.AUTHORITIES) -> None:
    """Load the certificates of a file as trusted ones.

    Raises:
        CertificateError: the file cannot be used.
    """
    _check_file(file, path)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        raise CertificateError(file, "holds no certificate in PEM") from error
    except OSError as error:
        raise CertificateError(file, f"cannot be read: {error.strerror}") from error


def checked_server(certificate: Path, key: Path) -> Certificate:
    """Check that a server can prove with these files who it is, and return what the certificate says.

    Raises:
        CertificateError: it cannot.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_pair(server, certificate, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    load_authorities(client, certificate, PemFile.CERTIFICATE)
    try:
        found, der = _presented(server, client)
    except ssl.SSLCertVerificationError as error:
        raise CertificateError(PemFile.CERTIFICATE, f"cannot be used: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise CertificateError(PemFile.CERTIFICATE, f"cannot be used: {error.reason}") from error
    for prefix, kind in _UNUSABLE_KEYS:
        if prefix in der:
            problem = f"has a key of the kind {kind}, which gRPC cannot use; make one of the kind P-256 or RSA"
            raise CertificateError(PemFile.CERTIFICATE, problem)
    names = [str(value) for kind, value in found.get("subjectAltName", ()) if kind in {"DNS", "IP Address"}]
    common = [str(value) for field in found.get("subject", ()) for kind, value in field if kind == "commonName"]
    return Certificate(_instant(found["notAfter"]), next(iter([*names, *common]), ""))


def checked_authorities(path: Path) -> datetime | None:
    """Return when the last authority of a file expires; None if the file has certificates, but no authority's.

    Raises:
        CertificateError: the file cannot be used, or all its authorities have expired.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_authorities(context, path)
    last = max((_instant(str(found["notAfter"])) for found in context.get_ca_certs()), default=None)
    if last is not None and last <= datetime.now(UTC):
        problem = f"cannot be used: the last of its authorities expired on {last:%Y-%m-%d}"
        raise CertificateError(PemFile.AUTHORITIES, problem)
    return last


def _check_file(file: PemFile, path: Path) -> None:
    """Check that a path names a file of sensible size; to open a pipe would wait for its other end."""
    try:
        if not path.is_file():
            raise CertificateError(file, "is no file")
        if path.stat().st_size > LARGEST_BYTES:
            raise CertificateError(file, f"is too large; {LARGEST_BYTES} bytes are the most")
        with path.open("rb"):
            pass
    except OSError as error:
        raise CertificateError(file, f"cannot be read: {error.strerror}") from error


def _no_password() -> str:
    raise ValueError


def _presented(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[dict[str, Any], bytes]:
    """Return what a server presents to a client, read and as DER."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = server.wrap_bio(to_server, to_client, server_side=True)
    asking = client.wrap_bio(to_client, to_server)
    for _ in range(ROUND_TRIPS):
        for side in (asking, serving):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return asking.getpeercert() or {}, asking.getpeercert(binary_form=True) or b""


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
