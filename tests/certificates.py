"""Certificates for tests: an authority of their own, and files as a service and its clients read them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PAST = datetime(2021, 1, 1, tzinfo=UTC)


@attrs.frozen
class Pair:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path

    @property
    def of_service(self) -> dict[str, str]:
        """The variables with which a service uses it."""
        return {"GRPC_TLS_CERT": str(self.certificate), "GRPC_TLS_KEY": str(self.key)}


class Authority:
    """Signs certificates that are written into one directory."""

    def __init__(self, directory: Path, name: str = "ca") -> None:
        self._directory = directory
        self._ca = trustme.CA()
        self.file = directory / f"{name}.crt"
        self._ca.cert_pem.write_to_path(self.file)

    def issue(self, name: str = "server", *hosts: str, expires: datetime | None = None) -> Pair:
        """Write a certificate for `hosts`, by default 127.0.0.1 and localhost, and its key; files are replaced."""
        issued = self._ca.issue_cert(*(hosts or ("127.0.0.1", "localhost")), not_after=expires)
        pair = Pair(self._directory / f"{name}.crt", self._directory / f"{name}.key")
        pair.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        pair.key.write_bytes(issued.private_key_pem.bytes())
        return pair


def self_signed(directory: Path, key: Any, *, name: str = "own", expires: datetime | None = None) -> Pair:
    """Write a certificate that is an authority, too, with a key of any kind, and return its files."""
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "agents.test")])
    end = expires or datetime.now(UTC) + timedelta(days=1)
    built = (
        x509.CertificateBuilder(title, title, key.public_key(), x509.random_serial_number())
        .not_valid_before(end - timedelta(days=2))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None if isinstance(key, Ed25519PrivateKey | Ed448PrivateKey) else SHA256())
    )
    pair = Pair(directory / f"{name}.crt", directory / f"{name}.key")
    pair.certificate.write_bytes(built.public_bytes(Encoding.PEM))
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair
