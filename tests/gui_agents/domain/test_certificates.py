import os
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from gui_agents.domain.certificates import (
    LARGEST_BYTES,
    CertificateError,
    PemFile,
    checked_authorities,
    checked_server,
    load_pair,
)
from tests.certificates import PAST, Authority, self_signed

RSA = rsa.generate_private_key(65537, 2048)
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def refused(certificate, key):
    with pytest.raises(CertificateError) as caught:
        checked_server(certificate, key)
    return caught.value.file, str(caught.value)


def test_a_pair_that_fits_is_read(authority):
    pair = authority.issue("server", "agents.test", "127.0.0.1", expires=TOMORROW)
    found = checked_server(pair.certificate, pair.key)
    assert (found.name, found.expires) == ("agents.test", TOMORROW)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), RSA], ids=["P-384", "RSA"])
def test_keys_that_grpc_can_use_are_taken(tmp_path, key):
    pair = self_signed(tmp_path, key)
    assert checked_server(pair.certificate, pair.key).name == "agents.test"


UNUSABLE = {
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": Ed25519PrivateKey.generate(),
    "Ed448": Ed448PrivateKey.generate(),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_keys_that_grpc_cannot_use_are_told(tmp_path, kind):
    pair = self_signed(tmp_path, UNUSABLE[kind])
    file, text = refused(pair.certificate, pair.key)
    assert file is PemFile.CERTIFICATE
    assert text == f"has a key of the kind {kind}, which gRPC cannot use; make one of the kind P-256 or RSA"


def test_a_key_of_another_certificate_is_told(tmp_path, authority):
    one, other = authority.issue("one"), authority.issue("other")
    assert refused(one.certificate, other.key) == (PemFile.KEY, "belongs to another certificate")
    own = self_signed(tmp_path, RSA)
    assert refused(one.certificate, own.key) == (PemFile.KEY, "belongs to another certificate")


def test_what_has_expired_is_told(authority):
    pair = authority.issue("old", expires=PAST)
    file, text = refused(pair.certificate, pair.key)
    assert (file, text) == (PemFile.CERTIFICATE, "cannot be used: certificate has expired")


def test_an_encrypted_key_is_told_and_nobody_is_asked(authority):
    pair = authority.issue()
    key = load_pem_private_key(pair.key.read_bytes(), None)
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"planted")))
    assert refused(pair.certificate, pair.key) == (PemFile.KEY, "is encrypted; give one without a password")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"\xff\x00"])
def test_files_that_hold_something_else_are_told(authority, content):
    pair = authority.issue()
    pem = pair.certificate.read_bytes()
    pair.certificate.write_bytes(content)
    assert refused(pair.certificate, pair.key) == (PemFile.CERTIFICATE, "holds no certificate in PEM")
    pair.certificate.write_bytes(pem)
    pair.key.write_bytes(content)
    assert refused(pair.certificate, pair.key) == (PemFile.KEY, "holds no key in PEM")
    pair.key.write_bytes(pem)
    assert refused(pair.certificate, pair.key) == (PemFile.KEY, "holds no key in PEM")
    authority.file.write_bytes(content)
    with pytest.raises(CertificateError, match="holds no certificate in PEM"):
        checked_authorities(authority.file)


def test_what_is_no_file_is_told(tmp_path, authority):
    pair = authority.issue()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * (LARGEST_BYTES + 1))
    assert refused(tmp_path / "missing", pair.key) == (PemFile.CERTIFICATE, "is no file")
    assert refused(pair.certificate, tmp_path / "pipe") == (PemFile.KEY, "is no file")
    assert refused(pair.certificate, tmp_path / "large")[1].startswith("is too large; ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_key_that_may_not_be_read_is_told(authority):
    pair = authority.issue()
    pair.key.chmod(0)
    assert refused(pair.certificate, pair.key) == (PemFile.KEY, "cannot be read: Permission denied")


def test_a_client_s_pair_is_loaded(authority):
    pair = authority.issue()
    load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), pair.certificate, pair.key)


def test_authorities_tell_when_the_last_of_them_expires(authority):
    expires = checked_authorities(authority.file)
    assert expires is not None
    assert expires > datetime.now(UTC)


def test_a_leaf_may_stand_for_an_authority(tmp_path, authority):
    assert checked_authorities(authority.issue().certificate) is None


def test_authorities_that_have_all_expired_are_told(tmp_path):
    old = self_signed(tmp_path, RSA, expires=PAST)
    with pytest.raises(
        CertificateError, match="cannot be used: the last of its authorities expired on 2021-01-01"
    ) as caught:
        checked_authorities(old.certificate)
    assert caught.value.file is PemFile.AUTHORITIES
