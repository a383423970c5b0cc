"""A request that comes again byte for byte is answered as the first time, whatever it asks for."""

import asyncio
import contextlib
import re
import socket
import threading
from http import HTTPStatus

import pytest

from collectors.http.connection import MAX_PIPELINED_BYTES
from collectors.http.endpoint import Limits, MetricsEndpoint
from collectors.http.messages import plain
from collectors.http.phases import Timeouts
from collectors.http.reader import Reader
from collectors.http.static import packaged_files
from tests.collectors.http.credentials import HASH, SECRET, basic
from tests.collectors.http.serving import TIMEOUT, Client, serving
from tests.collectors.http.test_security import SWEEPING, wait_until

GET = b"GET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n"
ASSET, FILE = next((name, file) for name, file in packaged_files().items() if name.endswith(".css"))


@pytest.fixture
def again(monkeypatch):
    """Return the list of requests that were not parsed again."""
    requests = []
    known = Reader.again

    def noted(reader, data):
        request = known(reader, data)
        if request is not None:
            requests.append(request)
        return request

    monkeypatch.setattr(Reader, "again", noted)
    return requests


def without_date(head: bytes) -> bytes:
    """Return a head without its date, and without the length of a compressed page, whose numbers change."""
    dateless, dates = re.subn(rb"Date: [^\r]*\r\n", b"", head)
    assert dates == 1
    return re.sub(rb"Content-Length: \d{3,}", b"Content-Length: many", dateless)


def exchange(client: Client, request: bytes) -> tuple[bytes, bytes]:
    """Return head and body of the answer."""
    client.send(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.socket.recv(2**16)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    expected = 0 if length is None or request.startswith(b"HEAD") else int(length[1])
    while len(body) < expected:
        body += client.socket.recv(2**16)
    assert len(body) == expected
    return head, body


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("GET /-/healthy", (), 200),
        ("HEAD /-/healthy", (), 200),
        ("HEAD /metrics", ("Accept-Encoding: gzip",), 200),
        ("GET /metrics", (), 200),
        ("GET /metrics", ("Accept: application/openmetrics-text", "Accept-Encoding: gzip"), 200),
        ("GET /metrics?name[]=agent_tasks_active", ("X-Prometheus-Scrape-Timeout-Seconds: 10",), 200),
        ("GET /", (), 200),
        (f"GET /assets/{ASSET}", (), 200),
        (f"GET /assets/{ASSET}", (f"If-None-Match: {FILE.tag}",), 304),
        (f"HEAD /assets/{ASSET}", (f"If-None-Match: {FILE.tag}",), 304),
        ("GET /nothing", (), 404),
        ("GET http://elsewhere/-/ready?x=1", (), 503),
    ],
)
def test_the_second_answer_is_the_first_one(again, line, headers, status):
    request = "\r\n".join([f"{line} HTTP/1.1", "Host: test", *headers, "", ""]).encode()
    with serving(ready=lambda: False) as endpoint, Client(endpoint.port) as client:
        answers = [exchange(client, request) for _ in range(3)]
    heads = [without_date(head) for head, _ in answers]
    assert heads[0].startswith(b"HTTP/1.1 %d " % status)
    assert heads == heads[:1] * 3
    if b"/metrics" not in request:
        assert [body for _, body in answers] == [answers[0][1]] * 3
    assert len(again) == 2


def test_an_answer_that_fails_fails_again(again, caplog):
    async def fail(request):
        raise ValueError("gone wrong")

    with MetricsEndpoint(fail, host="127.0.0.1", port=0) as endpoint, Client(endpoint.port) as client:
        heads = [without_date(exchange(client, GET)[0]) for _ in range(2)]
    assert heads[0].startswith(b"HTTP/1.1 500 ")
    assert heads[0] == heads[1]
    assert caplog.text.count("GET /-/healthy could not be answered") == 2
    assert len(again) == 1


def test_different_requests_take_turns(again):
    with serving() as endpoint, Client(endpoint.port) as client:
        for _ in range(2):
            assert client.ask("/-/healthy")[2] == b"healthy\n"
            assert client.ask("/-/ready")[2] == b"ready\n"
        assert client.ask("/-/ready")[2] == b"ready\n"
    assert len(again) == 1


def test_each_connection_remembers_its_own(again):
    with serving() as endpoint, Client(endpoint.port) as one, Client(endpoint.port) as other:
        assert one.ask("/-/healthy")[0] == other.ask("/-/healthy")[0] == 200
    assert again == []


def test_a_request_in_pieces_is_read_after_one_that_repeats_itself(again):
    answered = []

    async def answer(request):
        answered.append(request.path)
        return plain(HTTPStatus.OK, "answered")

    with MetricsEndpoint(answer, host="127.0.0.1", port=0) as endpoint, Client(endpoint.port) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            exchange(client, GET)
        # A byte alone: each is read before the next one is there, or with it.
        for byte in GET[:-1]:
            client.send(bytes([byte]))
        # What the endpoint has answered later it has read later: the last byte comes by itself.
        with Client(endpoint.port) as other:
            exchange(other, GET)
        exchange(client, GET[-1:])
        exchange(client, GET)
    assert answered == ["/-/healthy"] * 5
    assert len(again) == 1


@pytest.mark.parametrize("count", [2, MAX_PIPELINED_BYTES // len(GET) + 100])
def test_pipelined_requests_are_answered_after_one_that_repeats_itself(again, count):
    with serving() as endpoint, Client(endpoint.port) as client:
        for _ in range(2):
            client.send(GET)
            assert client.answer_pipelined() == b"healthy\n"
        client.send(GET * count)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.raw().count(b"healthy\n") == count
    assert len(again) == 1


class Held:
    """Answers the first request at once, and the others when a test lets it."""

    def __init__(self):
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.requests = 0

    async def answer(self, request):
        self.requests += 1
        if self.requests > 1:
            self.asked.set()
            await asyncio.to_thread(self.go_on.wait, TIMEOUT)
        return plain(HTTPStatus.OK, f"answer {self.requests}")

    @contextlib.contextmanager
    def asked_again(self, limits=None):
        """Yield an endpoint and a client that has asked twice and waits for its second answer."""
        with (
            MetricsEndpoint(self.answer, host="127.0.0.1", port=0, limits=limits) as endpoint,
            Client(endpoint.port) as client,
        ):
            exchange(client, GET)
            client.send(GET)
            assert self.asked.wait(TIMEOUT)
            yield endpoint, client


@pytest.mark.parametrize("more", [1, MAX_PIPELINED_BYTES // len(GET) + 100])
def test_what_comes_while_a_repeated_request_is_answered_waits(again, more):
    held = Held()
    with held.asked_again() as (_, client):
        client.send(GET * more)
        client.socket.shutdown(socket.SHUT_WR)
        held.go_on.set()
        assert client.raw().count(b"\r\n\r\nanswer ") == 1 + more
    assert len(again) == 1


def test_a_repeated_request_that_is_answered_at_the_end_is_the_last_one(again):
    held = Held()
    with held.asked_again(Limits(stopping_seconds=TIMEOUT)) as (endpoint, client), Client(endpoint.port) as idle:
        stopping = threading.Thread(target=endpoint.stop)
        stopping.start()
        assert idle.raw() == b""
        held.go_on.set()
        answer = client.raw()
        stopping.join(TIMEOUT)
        assert not stopping.is_alive()
    assert answer.endswith(b"\r\nConnection: close\r\n\r\nanswer 2\n")
    assert len(again) == 1


def test_a_client_that_leaves_before_its_repeated_answer_is_forgotten(again):
    held = Held()
    with held.asked_again() as (endpoint, client):
        client.socket.close()
        held.go_on.set()
        with Client(endpoint.port) as other:
            assert exchange(other, GET)[1].startswith(b"answer ")
    assert len(again) == 1


def test_a_client_is_closed_that_is_idle_after_a_repeated_request(again):
    quick = Limits(timeouts=Timeouts(idle=1))
    with serving(limits=quick) as endpoint, Client(endpoint.port) as client:
        for _ in range(2):
            exchange(client, GET)
        assert client.raw() == b""
    assert len(again) == 1


def test_repeated_requests_count_as_use_where_the_quietest_connection_goes(again):
    limits = Limits(connections=2)
    with serving(limits=limits) as endpoint, Client(endpoint.port) as first, Client(endpoint.port) as second:
        for client in (first, second, first):
            exchange(client, GET)
        with Client(endpoint.port) as third:
            exchange(third, GET)
            assert second.raw() == b""
            exchange(first, GET)
    assert len(again) == 2


def test_repeated_requests_are_logged_as_others_are(again, caplog):
    caplog.set_level("INFO", logger="collectors.http.access")
    with serving(access_log=True) as endpoint, Client(endpoint.port) as client:
        for request in (GET, GET, GET.replace(b"GET", b"HEAD"), GET.replace(b"GET", b"HEAD")):
            exchange(client, request)
    lines = [re.sub(r" [0-9.]+ ms$", "", record.getMessage()) for record in caplog.records]
    assert lines == ['127.0.0.1 "GET /-/healthy" 200 8'] * 2 + ['127.0.0.1 "HEAD /-/healthy" 200 0'] * 2
    assert len(again) == 2


@pytest.mark.parametrize(("password", "status"), [(SECRET, 200), ("wrong", 401)])
def test_the_password_of_a_repeated_request_is_checked(again, config, password, status):
    path = config(basic_auth_users={"me": HASH})
    with serving(web_config=path) as endpoint, Client(endpoint.port) as client:
        answers = [client.ask("/-/healthy", authorization=basic("me", password)) for _ in range(2)]
    assert [answer[0] for answer in answers] == [status] * 2
    assert answers[0][2] == answers[1][2]
    assert len(again) == 1


def test_a_user_who_was_removed_is_refused_though_the_request_is_the_same(again, config):
    path = config(basic_auth_users={"me": HASH})
    with serving(web_config=path, limits=SWEEPING) as endpoint, Client(endpoint.port) as client:
        for _ in range(2):
            assert client.ask("/-/healthy", authorization=basic("me"))[0] == 200
        config(basic_auth_users={"you": HASH})

        def changed():
            with Client(endpoint.port) as other:
                return other.ask("/-/healthy", authorization=basic("you"))[0] == 200

        wait_until(changed)
        status, headers, body = client.ask("/-/healthy", authorization=basic("me"))
    assert (status, body) == (401, b"A name and a password are needed\n")
    assert headers["www-authenticate"] == 'Basic realm="metrics", charset="UTF-8"'
    assert len(again) == 2
