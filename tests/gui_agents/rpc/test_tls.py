"""TLS of the gRPC port, with a real service."""

import logging
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gui_agents.domain.errors import ConfigError
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from gui_agents.rpc.tls import RETRY_SECONDS, ServerTls, TlsFiles
from gui_agents.service import Service
from tests.certificates import PAST, Authority
from tests.serving import SECONDS, configured

SOON = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
async def started():
    """Starts services, and stops them."""
    services = []

    async def start(environment):
        service = Service(configured(environment))
        await service.start()
        services.append(service)
        return service.port

    yield start
    for service in services:
        await service.stop()


async def call(port, *, trusted=None, own=None):
    """Return what one call on a new connection ends with: OK, or the status."""
    if trusted is None:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    else:
        key, certificate = (None, None) if own is None else (own.key.read_bytes(), own.certificate.read_bytes())
        credentials = grpc.ssl_channel_credentials(trusted.file.read_bytes(), key, certificate)
        # Without the option, connections are shared with earlier channels.
        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options)
    async with channel:
        try:
            await pb_grpc.AgentStub(channel).GetAgentInfo(pb.GetAgentInfoRequest(), timeout=SECONDS)
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        except grpc.aio.AioRpcError as error:
            return error.code().name
    return "OK"


async def test_with_tls_nothing_answers_in_plain_text(started, authority):
    port = await started(authority.issue().of_service)
    assert await call(port, trusted=authority) == "OK"
    assert await call(port) == "UNAVAILABLE"
    with socket.create_connection(("127.0.0.1", port), SECONDS) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        assert b"\x00\x00\x00\x04" not in plain.recv(100)


async def test_old_versions_of_tls_are_not_spoken(started, authority):
    port = await started(authority.issue().of_service)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.file)
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        assert secured.version() in {"TLSv1.2", "TLSv1.3"}
        assert secured.selected_alpn_protocol() == "h2"
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", port), SECONDS) as plain, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(plain)


async def test_clients_need_a_certificate_where_an_authority_is_named(started, tmp_path, authority):
    clients = Authority(tmp_path, "clients")
    port = await started({**authority.issue().of_service, "GRPC_TLS_CLIENT_CA": str(clients.file)})
    assert await call(port, trusted=authority, own=clients.issue("client", "ann")) == "OK"
    assert await call(port, trusted=authority) == "UNAVAILABLE"
    assert await call(port, trusted=authority, own=authority.issue("foreign", "eve")) == "UNAVAILABLE"
    assert await call(port, trusted=authority, own=clients.issue("old", "ann", expires=PAST)) == "UNAVAILABLE"


async def test_changed_files_serve_the_next_connection(started, tmp_path, authority):
    port = await started(authority.issue().of_service)
    next_one = Authority(tmp_path, "next")
    assert await call(port, trusted=next_one) == "UNAVAILABLE"
    next_one.issue()
    assert await call(port, trusted=next_one) == "OK"
    assert await call(port, trusted=authority) == "UNAVAILABLE"


async def test_a_connection_that_stands_outlives_a_change(started, tmp_path, authority):
    port = await started(authority.issue().of_service)
    credentials = grpc.ssl_channel_credentials(authority.file.read_bytes())
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        agent = pb_grpc.AgentStub(channel)
        await agent.GetAgentInfo(pb.GetAgentInfoRequest(), timeout=SECONDS)
        next_one = Authority(tmp_path, "next")
        next_one.issue()
        assert await call(port, trusted=next_one) == "OK"
        await agent.GetAgentInfo(pb.GetAgentInfoRequest(), timeout=SECONDS)


async def test_changed_authorities_of_clients_are_used(started, tmp_path, authority):
    clients, others = Authority(tmp_path, "clients"), Authority(tmp_path, "others")
    ann, bob = clients.issue("ann", "ann"), others.issue("bob", "bob")
    port = await started({**authority.issue().of_service, "GRPC_TLS_CLIENT_CA": str(clients.file)})
    assert await call(port, trusted=authority, own=bob) == "UNAVAILABLE"
    clients.file.write_bytes(others.file.read_bytes())
    assert await call(port, trusted=authority, own=bob) == "OK"
    assert await call(port, trusted=authority, own=ann) == "UNAVAILABLE"


async def test_a_half_written_pair_leaves_the_old_one_in_use_until_the_other_half_comes(started, tmp_path, authority):
    pair = authority.issue()
    port = await started(pair.of_service)
    new = authority.issue("new")
    pair.certificate.write_bytes(new.certificate.read_bytes())
    assert await call(port, trusted=authority) == "OK"
    pair.key.write_bytes(new.key.read_bytes())
    assert await call(port, trusted=authority) == "OK"


class Watch:
    """A clock that stands."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def watched(authority):
    """What is served, its files, and the clock of the tries."""
    pair, watch = authority.issue(), Watch()
    files = TlsFiles(pair.certificate, pair.key, None)
    return ServerTls(files, watch), pair, watch


def test_nothing_is_loaded_again_while_nothing_changes(watched):
    tls, _, _ = watched
    assert [tls.changed() for _ in range(3)] == [None] * 3


def broken_key(pair, authority):
    pair.key.write_bytes(b"nonsense")


def missing_certificate(pair, authority):
    pair.certificate.unlink()


def expired(pair, authority):
    authority.issue(expires=PAST)


def other_key(pair, authority):
    pair.key.write_bytes(authority.issue("other").key.read_bytes())


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (broken_key, "GRPC_TLS_KEY {key} holds no key in PEM"),
        (missing_certificate, "GRPC_TLS_CERT {certificate} is no file"),
        (expired, "GRPC_TLS_CERT {certificate} cannot be used: certificate has expired"),
        (other_key, "GRPC_TLS_KEY {key} belongs to another certificate"),
    ],
)
def test_what_cannot_be_used_is_told_once_and_tried_until_it_can(watched, authority, caplog, spoil, told):
    tls, pair, watch = watched
    caplog.set_level(logging.INFO)
    spoil(pair, authority)
    for _ in range(3):
        assert tls.changed() is None
        watch.now += RETRY_SECONDS
    (line,) = caplog.messages
    assert told.format(key=pair.key, certificate=pair.certificate) in line
    assert line.startswith("the changed certificate of gRPC is not used: ")
    authority.issue(expires=SOON)
    assert tls.changed() is not None
    assert tls.changed() is None
    assert caplog.messages[1] == f"the certificate of gRPC has changed and is in use; it expires on {SOON:%Y-%m-%d}"
    assert len(caplog.messages) == 2


def test_the_old_files_may_come_back(watched, caplog):
    tls, pair, watch = watched
    kept = pair.key.rename(pair.key.with_suffix(".kept"))
    assert tls.changed() is None
    kept.rename(pair.key)
    watch.now += RETRY_SECONDS
    assert tls.changed() is None
    assert len(caplog.messages) == 1


def test_a_failure_without_a_change_is_tried_again_after_a_pause_only(watched, monkeypatch):
    tls, pair, watch = watched
    pair.key.write_bytes(b"nonsense")
    reads = []
    monkeypatch.setattr(TlsFiles, "read", lambda _: (reads.append(1), (_ for _ in ()).throw(ConfigError(["no"])))[1])
    for _ in range(5):
        tls.changed()
    assert len(reads) == 1
    watch.now += RETRY_SECONDS
    tls.changed()
    assert len(reads) == 2


def test_files_that_change_while_they_are_read_are_read_again(authority, monkeypatch):
    pair = authority.issue()
    files = TlsFiles(pair.certificate, pair.key, None)
    stamps = iter([1, 2, 2, 2])
    monkeypatch.setattr(TlsFiles, "stamp", lambda _: next(stamps))
    assert files.read()[2] == 2
    monkeypatch.setattr(TlsFiles, "stamp", lambda _: object())
    with pytest.raises(ConfigError, match=r"GRPC_TLS_CERT .* is being written"):
        files.read()


def test_one_connection_looks_at_a_time(watched, authority):
    tls, _, _ = watched
    authority.issue()
    with tls._looking:
        assert tls.changed() is None
    assert tls.changed() is not None


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_service_does_not_start_with_files_that_are_none(tmp_path, authority, kind):
    pair = authority.issue()
    place = tmp_path / kind
    os.mkfifo(place) if kind == "pipe" else place.mkdir()
    with pytest.raises(ConfigError, match=r"^GRPC_TLS_KEY must name a file that exists"):
        configured({**pair.of_service, "GRPC_TLS_KEY": str(place)})


def test_a_service_does_not_start_with_a_pair_that_does_not_fit(authority):
    pair, other = authority.issue(), authority.issue("other")
    with pytest.raises(ConfigError) as caught:
        Service(configured({**pair.of_service, "GRPC_TLS_KEY": str(other.key)}))
    assert caught.value.mistakes == (f"GRPC_TLS_KEY {other.key} belongs to another certificate",)
    authority.file.write_bytes(b"")
    with pytest.raises(ConfigError) as caught:
        Service(configured({**pair.of_service, "GRPC_TLS_CLIENT_CA": str(authority.file)}))
    assert caught.value.mistakes == (f"GRPC_TLS_CLIENT_CA {authority.file} holds no certificate in PEM",)
