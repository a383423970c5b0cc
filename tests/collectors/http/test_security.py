import asyncio
import contextlib
import ssl
import threading
import time

import pytest
import trustme

from collectors.http import passwords, security, web_config
from collectors.http.endpoint import Limits
from collectors.http.phases import Timeouts
from gui_agents.domain.errors import ConfigError
from tests.collectors.http.credentials import HASH, SECRET, basic
from tests.collectors.http.serving import TIMEOUT, Client, serving

SWEEPING = Limits(timeouts=Timeouts(idle=30, receiving=10, sending=10, leaving=0.05))
"""Looks for changes every 25 ms."""


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


def test_a_client_with_tls_that_asks_for_it_is_closed(config, certificate, authority, caplog):
    path = config(tls_server_config=certificate)
    wrap = secured(client_context(authority))
    patient = Limits(timeouts=Timeouts(leaving=TIMEOUT))
    with serving(web_config=path, limits=patient) as endpoint, Client(endpoint.port, wrap=wrap) as client:
        client.send(b"GET /-/healthy HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        assert client.raw().endswith(b"\r\n\r\nhealthy\n")
        client.socket.unwrap().close()
        with Client(endpoint.port, wrap=wrap) as other:
            assert other.ask("/-/healthy")[0] == 200
    assert caplog.records == []


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
    limits = Limits(timeouts=SILENT, stopping_seconds=2 * TIMEOUT)
    with serving(web_config=path, limits=limits) as endpoint, Client(endpoint.port) as silent:
        stopping = threading.Thread(target=endpoint.stop)
        stopping.start()
        assert silent.raw() == b""
        stopping.join(TIMEOUT)
        assert not stopping.is_alive()


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
        for nothing in ("", "tls_server_config:"):
            logged = caplog.text.count("it would let in everyone")
            path.write_text(nothing)
            wait_until(lambda logged=logged: caplog.text.count("it would let in everyone") == logged + 1)
            assert client.ask()[0] == 401
    assert "the web configuration has changed and is in use" in caplog.text


def test_a_file_that_takes_long_to_read_holds_up_nobody_and_may_change_meanwhile(config, monkeypatch):
    path = config(basic_auth_users={"me": HASH})
    load, read, go_on = web_config.load, threading.Event(), threading.Event()

    def load_slowly(path):
        loaded = load(path)
        read.set()
        assert go_on.wait(TIMEOUT)
        return loaded

    with serving(web_config=path, limits=SWEEPING) as endpoint, Client(endpoint.port) as client:
        monkeypatch.setattr(web_config, "load", load_slowly)
        config(basic_auth_users={"you": HASH})
        assert read.wait(TIMEOUT)
        assert client.ask(authorization=basic("me", SECRET))[0] == 200
        config(basic_auth_users={"another": HASH})
        go_on.set()
        wait_until(lambda: client.ask(authorization=basic("another", SECRET))[0] == 200)


def test_a_check_that_waits_is_answered_though_no_password_is_needed_any_more(
    config, certificate, authority, monkeypatch, caplog
):
    caplog.set_level("INFO")
    asked, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *_: asked.set() or (go_on.wait(TIMEOUT) and False))
    verifying = {**certificate, "client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.crt"}
    wrap = secured(client_context(authority, certificate=authority.issue_cert("client")))
    path = config(tls_server_config=verifying, basic_auth_users={"me": HASH})
    with contextlib.ExitStack() as stack:
        endpoint = stack.enter_context(serving(web_config=path, limits=SWEEPING))
        stack.callback(go_on.set)
        checked, waiting, other = (stack.enter_context(Client(endpoint.port, wrap=wrap)) for _ in range(3))
        for client in (checked, waiting):
            client.request(authorization=basic("me", "wrong"))
        assert asked.wait(TIMEOUT)
        assert other.ask()[0] == 401
        config(tls_server_config=verifying)
        wait_until(lambda: "the web configuration has changed" in caplog.text)
        assert other.ask()[0] == 200
        assert [client.answer()[0] for client in (checked, waiting)] == [429, 429]


def test_a_change_never_takes_away_the_last_lock(config, certificate, authority, caplog):
    path = config(tls_server_config=certificate)
    wrap = secured(client_context(authority))
    with serving(web_config=path, limits=SWEEPING) as endpoint:
        config()
        wait_until(lambda: "is not used: it would lock nothing" in caplog.text)
        with Client(endpoint.port, wrap=wrap) as client:
            assert client.ask()[0] == 200


@pytest.mark.parametrize("text", ["basic_auth_users: {x: 2024-99-99}", "[" * 20_000, "basic_auth_users: !!int foo"])
def test_after_a_mistake_connections_are_still_looked_after(config, caplog, text):
    path = config(basic_auth_users={"me": HASH})
    quick = Limits(timeouts=Timeouts(receiving=0.2))
    with serving(web_config=path, limits=quick) as endpoint:
        path.write_text(text)
        wait_until(lambda: "is not used" in caplog.text)
        with Client(endpoint.port) as client:
            client.send(b"GET /")
            assert client.raw() == b""
        config(basic_auth_users={"you": HASH})

        def repaired():
            with Client(endpoint.port) as client:
                return client.ask(authorization=basic("you"))[0] == 200

        wait_until(repaired)


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


def metric(client, name, **headers):
    """Return a sample without labels, as the endpoint shows it now."""
    status, _, body = client.ask(**headers)
    assert status == 200
    lines = [line.partition(" ") for line in body.decode().splitlines()]
    return next((float(value) for sample, _, value in lines if sample == name), None)


SUCCESS = "agent_web_config_reload_success"
READ_AT = "agent_web_config_last_reload_timestamp_seconds"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(security, "RETRY_SECONDS", 0.01)


@pytest.mark.usefixtures("impatient")
def test_files_that_come_after_the_file_that_names_them_are_used(config, certificate, authority, tmp_path, caplog):
    caplog.set_level("INFO")
    path = config(basic_auth_users={"me": HASH, "removed": HASH})
    before = time.time()
    with serving(web_config=path, limits=SWEEPING) as endpoint, Client(endpoint.port) as client:
        auth = basic("removed", SECRET)
        assert metric(client, SUCCESS, authorization=auth) == 1
        first = metric(client, READ_AT, authorization=auth)
        assert before <= first <= time.time()
        issued = authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem
        config(tls_server_config={"cert_file": "late.pem", "key_file": "late.pem"}, basic_auth_users={"me": HASH})
        wait_until(lambda: metric(client, SUCCESS, authorization=auth) == 0)
        assert metric(client, READ_AT, authorization=auth) == first
        # Many tries later it is still said once.
        threading.Event().wait(0.3)
        assert caplog.text.count("is not used") == 1
        issued.write_to_path(tmp_path / "late.pem")
        wait_until(lambda: client.ask(authorization=auth)[0] == 401)
        assert metric(client, SUCCESS, authorization=basic("me", SECRET)) == 1
        assert metric(client, READ_AT, authorization=basic("me", SECRET)) > first
        with Client(endpoint.port, wrap=secured(client_context(authority))) as other:
            assert other.ask(authorization=basic("me", SECRET))[0] == 200


@pytest.mark.usefixtures("impatient")
def test_a_certificate_that_can_be_read_later_is_used_though_no_file_changes(config, certificate, monkeypatch, caplog):
    path = config(tls_server_config=certificate, basic_auth_users={"me": HASH})
    lock = security.Security(path)
    load, tries = web_config.load, []

    def forbidden(path):
        tries.append(path)
        raise ConfigError(["Permission denied"])

    async def reload_until(holds):
        while not holds():
            await lock.reload()
            await asyncio.sleep(0.005)

    monkeypatch.setattr(web_config, "load", forbidden)
    config(tls_server_config=certificate, basic_auth_users={"you": HASH})
    asyncio.run(reload_until(lambda: len(tries) == 4))
    assert not lock.up_to_date
    assert caplog.text.count("Permission denied") == 1
    monkeypatch.setattr(web_config, "load", load)
    asyncio.run(reload_until(lambda: lock.up_to_date))
    lock.close()


def test_a_failed_reading_is_not_repeated_at_each_look(config, monkeypatch):
    path = config(basic_auth_users={"me": HASH})
    lock = security.Security(path)
    tries = []

    def slow(path):
        tries.append(path)
        raise ConfigError(["a mistake"])

    async def reload(times):
        for _ in range(times):
            await lock.reload()

    monkeypatch.setattr(web_config, "load", slow)
    config(basic_auth_users={"you": HASH})
    asyncio.run(reload(50))
    assert len(tries) == 1
    config(basic_auth_users={"another": HASH})
    asyncio.run(reload(50))
    assert len(tries) == 2
    lock.close()


def test_files_that_are_put_back_are_up_to_date(config, tmp_path):
    path = config(basic_auth_users={"me": HASH})
    lock = security.Security(path)
    good = path.rename(tmp_path / "good.yml")
    asyncio.run(lock.reload())
    assert not lock.up_to_date
    good.rename(path)
    asyncio.run(lock.reload())
    assert lock.up_to_date
    lock.close()


def test_without_a_web_configuration_its_metrics_are_absent():
    with serving() as endpoint, Client(endpoint.port) as client:
        assert "web_config" not in client.ask()[2].decode()


def test_the_metrics_of_the_web_configuration_can_be_switched_off(config):
    path = config(basic_auth_users={"me": HASH})
    with serving(web_config=path, disabled=["web_config"]) as endpoint, Client(endpoint.port) as client:
        assert metric(client, SUCCESS, authorization=basic("me", SECRET)) is None
