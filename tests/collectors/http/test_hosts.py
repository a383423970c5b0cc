import threading

import pytest

from collectors.http.hosts import MAX_REMEMBERED, VARIABLE, Hosts
from collectors.http.messages import Request
from tests.collectors.http.serving import TIMEOUT, Client, ask, serving


def hosts(*allowed, own=()):
    learned = threading.Event()

    def names():
        learned.set()
        return own

    made = Hosts(allowed, names)
    if "*" not in allowed:
        assert learned.wait(TIMEOUT)
        next((thread.join() for thread in threading.enumerate() if thread.name == "host names"), None)
    return made


def refused(made, host):
    headers = {} if host is None else {"host": host}
    return made.refusal(Request("GET", "/metrics", "", headers, 0.0, "127.0.0.1")) is not None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "127.0.0.1:8000",
        "10.1.2.3",
        "[::1]:8000",
        "[fe80::1%eth0]:8000",
        "localhost:8000",
        "LOCALHOST",
        "a.localhost",
        "gui-agents:8000",
        "gui_agents-1",
        "gui-agents.monitoring.svc:8000",
        "gui-agents-metrics.monitoring.svc.cluster.local:8000",
        "agents.internal.",
        "printer.home.arpa",
    ],
)
def test_what_a_stranger_cannot_own_is_answered(host):
    assert not refused(hosts(), host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "internal.example",
        "svc.cluster.local.evil.example",
        "evil.notlocal",
        "agents.example.com",
        ".",
        "x" * 300,
        "a." * 4000 + "localhost",
        "[::1",
        "a:b:c.d",
    ],
)
def test_names_that_a_stranger_could_own_are_refused(host):
    assert refused(hosts(), host) == (host != "[::1")


def test_the_names_of_the_machine_and_of_the_operator_are_answered():
    made = hosts("agents.example.com", "*.corp.example", own={"Worker7.Example.ORG"})
    assert not refused(made, "AGENTS.example.com:8000")
    assert not refused(made, "a.b.corp.example")
    assert not refused(made, "worker7.example.org:8000")
    assert refused(made, "corp.example")
    assert refused(made, "x.agents.example.com")
    assert not refused(hosts("*"), "evil.example")


def test_a_machine_without_a_name_is_answered_by_address():
    def nameless():
        raise OSError("no name")

    assert not refused(Hosts((), nameless), "127.0.0.1")


def test_what_was_allowed_is_remembered_within_bounds():
    made = hosts()
    for number in range(2 * MAX_REMEMBERED):
        assert not refused(made, f"host{number}")
    assert len(made._remembered) == MAX_REMEMBERED
    assert not refused(made, "host0")


def test_a_page_of_another_origin_gets_nothing(caplog):
    with serving() as endpoint, Client(endpoint.port) as client:
        for target in ("/metrics", "/", "/-/healthy", "/assets/page.js"):
            for _ in range(2):
                client.send(f"GET {target} HTTP/1.1\r\nHost: evil.example:8000\r\n\r\n".encode())
                body = client.answer_pipelined()
                assert VARIABLE.encode() in body
                assert b"agent_" not in body
        assert client.ask()[0] == 200
    (record,) = caplog.records
    assert record.getMessage().startswith("a request for the host evil.example:8000 was refused; ")


@pytest.mark.parametrize("header", ["127.0.0.1", "evil.example"])
@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://evil.example/metrics", 421),
        ("HTTP://EVIL.example:80/metrics?name=x", 421),
        ("https://evil.example", 421),
        ("ftp://evil.example/metrics", 421),
        ("http://127.0.0.1@evil.example/metrics", 421),
        ("http://evil.example@127.0.0.1/metrics", 200),
        ("http://[::1]:8000/metrics", 200),
        ("http://localhost/metrics", 200),
        ("http:/metrics", 400),
        ("http:///metrics", 400),
        ("http://me@/metrics", 400),
    ],
)
def test_the_host_of_a_whole_url_goes_before_the_header(target, status, header):
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(f"GET {target} HTTP/1.1\r\nHost: {header}\r\nConnection: close\r\n\r\n".encode())
        answer = client.raw()
    assert int(answer.split()[1]) == status
    assert (b"agent_" in answer) == (status == 200)


@pytest.mark.parametrize("target", ["metrics", "http://[::1/metrics", "*"])
def test_a_target_that_is_neither_path_nor_url_finds_nothing_and_its_header_is_checked(target):
    with serving() as endpoint, Client(endpoint.port) as client:
        assert client.ask(target)[0] == 404
        client.send(f"GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
        assert int(client.raw().split()[1]) == 421


def test_a_whole_url_that_comes_again_is_answered_again():
    with serving() as endpoint, Client(endpoint.port) as client:
        asked = ["http://evil.example/metrics"] * 2 + ["http://localhost/metrics"] * 2
        assert [client.ask(target)[0] for target in asked] == [421, 421, 200, 200]


def test_the_host_of_a_whole_url_is_checked_without_a_header():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(b"GET http://evil.example/metrics HTTP/1.0\r\n\r\n")
        assert int(client.raw().split()[1]) == 421


def test_the_operators_names_reach_the_endpoint():
    with serving(allowed_hosts=["agents.example.com"]) as endpoint, Client(endpoint.port) as client:
        client.send(b"GET /-/healthy HTTP/1.1\r\nHost: agents.example.com\r\n\r\n")
        assert client.answer_pipelined() == b"healthy\n"


def test_no_answer_lets_other_origins_read_it():
    with serving() as endpoint:
        for target in ("/metrics", "/", "/-/ready", "/nothing"):
            for method in ("GET", "HEAD", "OPTIONS"):
                _, headers, _ = ask(endpoint, target, method, origin="http://evil.example")
                assert not [name for name in headers if name.startswith("access-control")]
