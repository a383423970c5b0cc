import asyncio
import base64
import contextlib
import ssl
import threading

import bcrypt
import pytest
import trustme
import yaml

from collectors.http import passwords, web_config
from collectors.http.connection import Timeouts
from collectors.http.endpoint import Limits
from collectors.http.passwords import MAX_WAITING, Passwords, Verdict
from collectors.http.security import Security
from gui_agents.errors import ConfigError
from tests.collectors.http.serving import TIMEOUT, Client, serving

SECRET = "s3cret: with colon"  # noqa: S105 - of this test
HASH = bcrypt.hashpw(SECRET.encode(), bcrypt.gensalt(4)).decode()
SWEEPING = Limits(timeouts=Timeouts(idle=30, receiving=10, sending=10, leaving=0.05))
"""Looks for changes every 25 ms."""


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def config(tmp_path):
    """Return a function that writes the configuration, and returns its path."""
    path = tmp_path / "web.yml"

    def write(**content):
        fresh = tmp_path / "fresh.yml"
        fresh.write_text(yaml.safe_dump(content))
        fresh.replace(path)
        return path

    return write


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def certificate(tmp_path, authority):
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "server.key")
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(tmp_path / "server.crt", append=number > 0)
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    return {"cert_file": "server.crt", "key_file": "server.key"}


def mistakes(path):
    with pytest.raises(ConfigError) as wrong:
        Security(path)
    return list(wrong.value.mistakes)


def client_context(authority, *, certificate=None, highest=None):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    if highest is not None:
        context.maximum_version = highest
    return context


def secured(context):
    return lambda plain: context.wrap_socket(plain, server_hostname="127.0.0.1")


# The file.


def test_an_empty_file_locks_nothing(config, tmp_path):
    path = config()
    path.write_text("")
    assert web_config.load(path) == web_config.WebConfig(None, {})
    path.write_text("http_server_config:\n  http2: true\n")
    assert web_config.load(path) == web_config.WebConfig(None, {})


def test_a_missing_file_is_a_mistake(tmp_path):
    assert mistakes(tmp_path / "none.yml") == [
        f"PROMETHEUS_WEB_CONFIG {tmp_path / 'none.yml'}: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("a: [", "is no YAML in line 1"),
        ("- a", "must hold a mapping"),
        ("\x00", "is no YAML"),
        ("odd: 1", "odd: is not known here"),
        ("http_server_config: {headers: {X: y}}", "http_server_config: only http2 is known here"),
        ("http_server_config: 5", "http_server_config: only http2 is known here"),
        ("tls_server_config: 5", "tls_server_config: must be a mapping"),
        ("tls_server_config: {cert_file: a}", "tls_server_config.key_file: is missing"),
        ("tls_server_config: {key_file: a}", "tls_server_config.cert_file: is missing"),
        ("tls_server_config: {cipher_suites: []}", "tls_server_config.cipher_suites: is not known here"),
        ("tls_server_config: {min_version: TLS10}", "tls_server_config.min_version: must be one of TLS12, TLS13"),
        ("tls_server_config: {min_version: TLS13, max_version: TLS12}", "min_version is above max_version"),
        (
            "tls_server_config: {client_auth_type: RequireAnyClientCert}",
            "client_auth_type: must be one of NoClientCert",
        ),
        ("tls_server_config: {client_ca_file: a}", "client_auth_type and client_ca_file need each other"),
        ("basic_auth_users: 5", "basic_auth_users: must be a mapping"),
        ("basic_auth_users: {me: hunter2}", "basic_auth_users.me: is no bcrypt hash; make one with: htpasswd"),
        ("basic_auth_users: {'a:b': x}", "basic_auth_users.a:b: a name is a text without a colon"),
    ],
)
def test_mistakes_are_told_without_secrets(tmp_path, text, mistake):
    path = tmp_path / "web.yml"
    path.write_text(text)
    told = mistakes(path)
    assert any(mistake in line for line in told), told
    assert all(line.startswith("PROMETHEUS_WEB_CONFIG ") for line in told)
    assert "hunter2" not in "".join(told)


def test_files_that_do_not_fit_are_a_mistake(config, certificate, tmp_path, authority):
    other = authority.issue_cert("elsewhere")
    other.private_key_pem.write_to_path(tmp_path / "other.key")
    (told,) = mistakes(config(tls_server_config={**certificate, "key_file": "other.key"}))
    assert "tls_server_config: KEY_VALUES_MISMATCH" in told
    (told,) = mistakes(config(tls_server_config={**certificate, "key_file": "none.key"}))
    assert "No such file or directory" in told


def test_an_encrypted_key_is_a_mistake_and_asks_nobody(config, certificate, tmp_path):
    (tmp_path / "server.key").write_text(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
        "00000000000000000000000000000000\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE KEY-----\n"
    )
    (told,) = mistakes(config(tls_server_config=certificate))
    assert "tls_server_config: " in told


def test_missing_packages_are_a_mistake_with_the_command(config, monkeypatch):
    path = config(basic_auth_users={"me": HASH})
    monkeypatch.setitem(__import__("sys").modules, "bcrypt", None)
    assert mistakes(path) == ['PROMETHEUS_WEB_CONFIG basic_auth_users needs bcrypt; run: pip install "gui-agents[web]"']
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    assert mistakes(path) == ['PROMETHEUS_WEB_CONFIG needs yaml; run: pip install "gui-agents[web]"']


# Passwords.


@contextlib.contextmanager
def checking(**users):
    checker = Passwords({name: hashed.encode() for name, hashed in users.items()})
    try:
        yield checker
    finally:
        checker.close()


@pytest.mark.parametrize(
    ("authorization", "verdict"),
    [
        (basic("me", SECRET), Verdict.ALLOWED),
        (basic("me", SECRET).replace("Basic", "bAsIc"), Verdict.ALLOWED),
        (basic("me", "wrong"), Verdict.DENIED),
        (basic("you", SECRET), Verdict.DENIED),
        (basic("me", SECRET + "\0"), Verdict.DENIED),
        (basic("me", ""), Verdict.DENIED),
        ("", Verdict.DENIED),
        ("Bearer abc", Verdict.DENIED),
        ("Basic ?", Verdict.DENIED),
        ("Basic " + base64.b64encode(b"no colon").decode(), Verdict.DENIED),
        ("Basic " + base64.b64encode(b"\xff:x").decode(), Verdict.DENIED),
    ],
)
async def test_only_the_right_password_is_allowed(authorization, verdict):
    with checking(me=HASH) as checker:
        for _ in range(2):
            assert await checker.check(authorization) is verdict


async def test_a_verified_password_costs_no_bcrypt_again(monkeypatch):
    checked = []
    real = bcrypt.checkpw
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *pair: checked.append(pair) or real(*pair))
    with checking(me=HASH) as checker:
        for _ in range(5):
            assert await checker.check(basic("me", SECRET)) is Verdict.ALLOWED
        assert len(checked) == 1
        assert await checker.check(basic("me", "wrong")) is Verdict.DENIED
        assert await checker.check(basic("me", SECRET)) is Verdict.ALLOWED
        assert len(checked) == 2


async def test_an_unknown_user_costs_as_much_as_a_wrong_password(monkeypatch):
    costs = []
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda _, hashed: costs.append(hashed[:7]) or False)
    with checking(me=HASH.replace("$04$", "$12$"), you=HASH) as checker:
        await checker.check(basic("me", "wrong"))
        await checker.check(basic("nobody", "wrong"))
    assert costs == [b"$2b$12$", b"$2b$12$"]


async def test_a_password_beyond_what_bcrypt_reads_never_matches():
    long = "x" * 72
    with checking(me=bcrypt.hashpw(long.encode(), bcrypt.gensalt(4)).decode()) as checker:
        assert await checker.check(basic("me", long)) is Verdict.ALLOWED
        assert await checker.check(basic("me", long + "y")) is Verdict.DENIED


async def test_few_checks_wait_for_bcrypt(monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *_: go_on.wait(TIMEOUT) and False)
    with checking(me=HASH) as checker:
        waiting = [asyncio.create_task(checker.check(basic("me", "wrong"))) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        assert await checker.check(basic("me", "wrong")) is Verdict.BUSY
        refusal = await checker.refusal(basic("me", "wrong"))
        assert (refusal.status, refusal.headers) == (503, (("Retry-After", "1"),))
        go_on.set()
        assert set(await asyncio.gather(*waiting)) == {Verdict.DENIED}
        assert await checker.check(basic("me", "wrong")) is Verdict.DENIED


# The endpoint.


def test_a_password_is_asked_for(config):
    path = config(basic_auth_users={"me": HASH})
    with serving(web_config=path) as endpoint, Client(endpoint.port) as client:
        status, headers, body = client.ask()
        assert (status, headers["www-authenticate"]) == (401, 'Basic realm="metrics", charset="UTF-8"')
        assert b"agent_" not in body
        assert client.ask(authorization=basic("me", "wrong"))[0] == 401
        assert client.ask(authorization=basic("me", SECRET))[0] == 200
        assert client.ask("/", authorization=basic("me", SECRET))[0] == 200
        assert client.ask("/-/healthy")[0] == 401
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("metrics")]


def test_health_probes_can_go_without(config):
    path = config(basic_auth_users={"me": HASH})
    with serving(web_config=path, open_probes=True) as endpoint, Client(endpoint.port) as client:
        assert client.ask("/-/healthy")[0] == 200
        assert client.ask("/-/ready")[0] == 200
        assert client.ask("/metrics")[0] == 401
        assert client.ask("/")[0] == 401


def test_metrics_are_served_over_tls(config, certificate, authority):
    path = config(tls_server_config=certificate)
    context = client_context(authority)
    with serving(web_config=path) as endpoint:
        assert endpoint.scheme == "https"
        with Client(endpoint.port, wrap=secured(context)) as client:
            assert client.socket.version() == "TLSv1.3"
            for _ in range(2):
                assert b"agent_tasks_active 3.0" in client.ask()[2]
            client.send(b"nonsense\r\n\r\n")
            assert client.raw().startswith(b"HTTP/1.1 400 ")
        with Client(endpoint.port) as client:
            client.send(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
            assert b"agent_" not in client.raw()


def test_the_version_of_tls_is_bounded(config, certificate, authority):
    path = config(tls_server_config={**certificate, "min_version": "TLS13"})
    old = client_context(authority, highest=ssl.TLSVersion.TLSv1_2)
    with serving(web_config=path) as endpoint, pytest.raises(ssl.SSLError):
        Client(endpoint.port, wrap=secured(old))


def test_clients_can_be_asked_for_a_certificate(config, certificate, authority):
    path = config(
        tls_server_config={
            **certificate,
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_ca_file": "ca.crt",
        }
    )
    known = client_context(authority, certificate=authority.issue_cert("client"))
    stranger = client_context(authority, certificate=trustme.CA().issue_cert("client"))
    with serving(web_config=path) as endpoint:
        with Client(endpoint.port, wrap=secured(known)) as client:
            assert client.ask()[0] == 200
        for context in (stranger, client_context(authority)):
            told = b""
            with (
                contextlib.suppress(ssl.SSLError, ConnectionError),
                Client(endpoint.port, wrap=secured(context)) as client,
            ):
                client.send(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
                told = client.raw()
            assert told == b""


SILENT = Timeouts(idle=1000, receiving=1000, sending=1000, leaving=1000)


def test_clients_that_never_agree_on_tls_make_place_as_others_do(config, certificate, authority):
    path = config(tls_server_config=certificate)
    with serving(web_config=path, limits=Limits(connections=3, timeouts=SILENT)) as endpoint:
        silent = [Client(endpoint.port) for _ in range(60)]
        assert [client.raw() for client in silent[:-3]] == [b""] * 57
        with Client(endpoint.port, wrap=secured(client_context(authority))) as client:
            assert client.ask("/-/healthy")[0] == 200
        for client in silent:
            client.socket.close()


def test_a_client_that_never_agrees_on_tls_is_closed(config, certificate):
    path = config(tls_server_config=certificate)
    quick = Limits(timeouts=Timeouts(idle=1000, receiving=0.2, sending=1000, leaving=0.2))
    with serving(web_config=path, limits=quick) as endpoint, Client(endpoint.port) as client:
        assert client.raw() == b""


def test_the_end_does_not_wait_for_clients_that_never_agree_on_tls(config, certificate):
    path = config(tls_server_config=certificate)
    with serving(web_config=path, limits=Limits(timeouts=SILENT, stopping_seconds=1000)) as endpoint:
        silent = Client(endpoint.port)
    assert silent.raw() == b""
    silent.socket.close()


def wait_until(condition):
    """Ask again and again; the test's time limit is how long that may take."""
    for _ in range(2000):
        if condition():
            return
        threading.Event().wait(0.005)
    pytest.fail("it never came true")


def test_a_changed_file_is_used_without_a_restart(config, caplog):
    caplog.set_level("INFO")
    path = config(basic_auth_users={"me": HASH})
    with serving(web_config=path, limits=SWEEPING) as endpoint, Client(endpoint.port) as client:
        assert client.ask(authorization=basic("me", SECRET))[0] == 200
        config(basic_auth_users={"you": HASH})
        wait_until(lambda: client.ask(authorization=basic("you", SECRET))[0] == 200)
        assert client.ask(authorization=basic("me", SECRET))[0] == 401
        config(basic_auth_users={"you": "a mistake"})
        wait_until(lambda: "is not used" in caplog.text)
        assert client.ask(authorization=basic("you", SECRET))[0] == 200
        path.unlink()
        wait_until(lambda: caplog.text.count("is not used") == 2)
        assert client.ask(authorization=basic("you", SECRET))[0] == 200
        config()
        wait_until(lambda: client.ask()[0] == 200)
    assert "the web configuration has changed and is in use" in caplog.text


def test_a_new_certificate_is_used_without_a_restart(config, certificate, authority, tmp_path):
    path = config(tls_server_config=certificate)
    successor = trustme.CA()
    with serving(web_config=path, limits=SWEEPING) as endpoint:
        old = Client(endpoint.port, wrap=secured(client_context(authority)))
        assert old.ask()[0] == 200
        issued = successor.issue_cert("127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
        config(tls_server_config={"cert_file": "both.pem", "key_file": "both.pem"})

        def renewed():
            try:
                with Client(endpoint.port, wrap=secured(client_context(successor))) as client:
                    return client.ask()[0] == 200
            except (ssl.SSLError, ConnectionError):
                return False

        wait_until(renewed)
        assert old.ask()[0] == 200
        old.socket.close()


def test_answers_are_logged_when_asked_for(caplog):
    caplog.set_level("INFO", logger="collectors.http.access")
    for access_log in (False, True):
        with serving(access_log=access_log) as endpoint, Client(endpoint.port) as client:
            client.ask("/-/healthy?secret=1")
    (record,) = caplog.records
    assert record.message.startswith('127.0.0.1 "GET /-/healthy" 200 8 ')
