import asyncio
import contextlib
import errno
import itertools
import os
import socket
import threading
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import ListenError, MetricsEndpoint, metrics_endpoint
from collectors.http.endpoint import Limits
from collectors.http.listening import RESERVED, Listener
from collectors.http.messages import plain
from collectors.http.phases import Timeouts
from collectors.http.reader import MAX_BODY_BYTES, MAX_HEADER_BYTES
from gui_agents.grpc_app import METRICS_OVERHEAD
from gui_agents.snapshot import ServiceSnapshot
from tests.collectors import golden
from tests.collectors.http.serving import TIMEOUT, Client, ask, serving
from tests.collectors.sources import Fixed

GET = b"GET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n"


def threads():
    return {thread.name for thread in threading.enumerate()}


class Gated:
    """A source whose snapshots wait for a test."""

    def __init__(self):
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.taken = 0

    def snapshot(self) -> ServiceSnapshot:
        self.asked.set()
        assert self.go_on.wait(TIMEOUT)
        self.taken += 1
        return golden.busy_snapshot()


def test_a_connection_is_kept_for_the_next_request():
    with serving() as endpoint, Client(endpoint.port) as client:
        for _ in range(3):
            status, headers, body = client.ask("/-/healthy")
            assert (status, body, headers["content-length"]) == (200, b"healthy\n", "8")
            assert "connection" not in headers


def test_a_client_that_asks_for_it_is_closed():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = client.raw().lower()
        assert answer.startswith(b"http/1.1 200 ")
        assert b"\r\nconnection: close\r\n" in answer


def test_http_1_0_is_answered_and_closed():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(b"GET /-/healthy HTTP/1.0\r\n\r\n")
        assert client.raw().endswith(b"\r\n\r\nhealthy\n")


def test_pipelined_requests_are_answered_in_order():
    targets = [b"/-/healthy", b"/metrics", b"/nothing", b"/-/ready"]
    requests = [b"GET %s HTTP/1.1\r\nHost: test\r\n\r\n" % target for target in targets]
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(b"".join(requests))
        client.socket.shutdown(socket.SHUT_WR)
        answer = client.raw()
    positions = [
        answer.index(part) for part in (b"healthy\n", b"agent_tasks_active 3.0", b"nothing here", b"\nready\n")
    ]
    assert positions == sorted(positions)
    assert answer.count(b"HTTP/1.1 200 ") == 3


def test_many_pipelined_requests_are_all_answered():
    count = 4000
    with serving() as endpoint, Client(endpoint.port) as client:
        sender = threading.Thread(target=client.send, args=(GET * count,))
        sender.start()
        for _ in range(count):
            client.answer_pipelined()
        sender.join(TIMEOUT)


def test_a_request_in_single_bytes_is_answered():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET:
            client.send(bytes([byte]))
        assert client.socket.recv(100).startswith(b"HTTP/1.1 200 ")


def test_head_tells_the_length_without_the_body():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(GET.replace(b"GET", b"HEAD") + GET)
        client.socket.shutdown(socket.SHUT_WR)
        answer = client.raw().lower()
    assert answer.count(b"content-length: 8\r\n") == 2
    assert answer.count(b"healthy\n") == 1


def test_a_body_is_read_and_dropped():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(b"GET /-/healthy HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello" + GET)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.raw().count(b"healthy\n") == 2


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (MAX_HEADER_BYTES + 1), 431),
        (b"GET /" + b"x" * (MAX_HEADER_BYTES + 1), 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % 10**6 + b"x" * (MAX_BODY_BYTES + 1), 413),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X:\r\n" * 8_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: odd\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_and_closed(data, status):
    with serving() as endpoint:
        with Client(endpoint.port) as client:
            client.send(data)
            answer = client.raw()
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b"\r\nconnection: close\r\n" in answer.lower()
        assert ask(endpoint, "/-/healthy")[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"Content-Length: 1000000\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 1), 413),
        (b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n", 400),
        (b"X: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    ],
)
def test_a_head_request_is_refused_without_a_body(body, status, caplog):
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n" + body)
        answer = client.raw()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(b"\r\n\r\n")
    assert caplog.records == []


def test_headers_up_to_the_limit_are_read():
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(GET[:-2] + b"X: " + b"x" * (MAX_HEADER_BYTES - 100) + b"\r\n\r\n" + GET[:-2] + b"\r\n")
        assert [client.answer_pipelined() for _ in range(2)] == [b"healthy\n"] * 2


def test_who_asks_before_sending_a_body_is_told_to_go_on():
    asking = b"Host: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    with serving() as endpoint, Client(endpoint.port) as client:
        client.send(b"GET /-/healthy HTTP/1.1\r\n" + asking)
        assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hel")
        client.send(b"lo")
        client.socket.shutdown(socket.SHUT_WR)
        answer = client.raw()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_any_bytes_leave_the_endpoint_alive():
    with serving() as endpoint:

        @settings(max_examples=100)
        @given(
            st.lists(st.binary(max_size=60) | st.sampled_from([GET, b"\r\n", b"GET ", b" HTTP/1.1\r\n"]), max_size=6)
        )
        def send(parts):
            with Client(endpoint.port) as client:
                client.send(b"".join(parts))
                client.socket.shutdown(socket.SHUT_WR)
                client.raw()

        send()
        assert ask(endpoint, "/-/healthy")[0] == 200


QUICK = Limits(timeouts=Timeouts(idle=1, receiving=1, sending=1, leaving=1))
"""A second: what a test does before the time is up takes a while on a busy machine."""


def test_a_client_that_never_ends_its_request_is_closed():
    with serving(limits=QUICK) as endpoint, Client(endpoint.port) as client:
        client.send(GET[:-2])
        assert client.raw() == b""


def test_a_client_that_drips_its_request_is_closed():
    """Each byte is in time, the request is not."""
    closed = threading.Event()
    with serving(limits=QUICK) as endpoint, Client(endpoint.port) as client:

        def drip():
            try:
                while not closed.wait(0.01):
                    client.send(b"x")
            except OSError:
                pass

        dripping = threading.Thread(target=drip)
        client.send(b"GET /-/healthy HTTP/1.1\r\nHost: ")
        dripping.start()
        assert client.raw() == b""
        closed.set()
        dripping.join(TIMEOUT)


def test_an_idle_client_is_closed():
    with serving(limits=QUICK) as endpoint, Client(endpoint.port) as client:
        client.ask("/-/healthy")
        assert client.raw() == b""


def test_a_refused_client_that_stays_is_closed():
    with serving(limits=QUICK) as endpoint, Client(endpoint.port) as client:
        client.send(b"nonsense\r\n\r\n")
        assert client.socket.recv(12) == b"HTTP/1.1 400"
        client.send(b"more nonsense")
        assert client.raw().startswith(b" ")


def stop_reading(endpoint):
    """Return a client that asks for more than fits into all buffers, and takes nothing."""
    client = Client(endpoint.port)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.socket.settimeout(0.5)
    # It ends as the buffers are full, or as the endpoint has had enough.
    with contextlib.suppress(OSError):
        while True:
            client.send(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n" * 100)
    client.socket.settimeout(TIMEOUT)
    return client


def test_a_client_that_stops_reading_is_closed_and_costs_nobody_anything():
    with serving(limits=QUICK) as endpoint, stop_reading(endpoint) as client:
        assert ask(endpoint)[0] == 200
        client.raw()


def test_a_client_that_reads_late_gets_everything():
    with serving() as endpoint, Client(endpoint.port) as client:
        requests = 200
        client.send(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n" * requests)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.raw().count(b"agent_tasks_active 3.0\n") == requests


def test_idle_connections_do_not_keep_others_out():
    with serving() as endpoint:
        idle = [Client(endpoint.port) for _ in range(200)]
        assert ask(endpoint)[0] == 200
        assert [client.ask("/-/healthy")[0] for client in idle[:3]] == [200] * 3
        for client in idle:
            client.socket.close()


def test_at_the_limit_the_quietest_connection_goes():
    with serving(limits=Limits(connections=3)) as endpoint:
        first, second, third = (Client(endpoint.port) for _ in range(3))
        for client in (first, second, third, first):
            assert client.ask("/-/healthy")[0] == 200
        with Client(endpoint.port) as fourth:
            assert fourth.ask("/-/healthy")[0] == 200
            assert second.raw() == b""
            assert first.ask("/-/healthy")[0] == 200
        for client in (first, second, third):
            client.socket.close()


def test_who_comes_back_keeps_the_connection_through_a_flood(monkeypatch):
    monkeypatch.setattr("collectors.http.endpoint.REGULAR_SECONDS", 0.0)
    with serving(limits=Limits(connections=8)) as endpoint, Client(endpoint.port) as scraper:
        for _ in range(2):
            assert scraper.ask("/-/healthy")[0] == 200
        for _ in range(5):
            flood = [Client(endpoint.port) for _ in range(40)]
            assert ask(endpoint, "/-/healthy")[0] == 200
            assert scraper.ask("/-/healthy")[0] == 200
            for client in flood:
                client.socket.close()


def test_few_can_be_regulars_and_refused_ones_are_none(monkeypatch):
    monkeypatch.setattr("collectors.http.endpoint.REGULAR_SECONDS", 0.0)
    with serving(limits=Limits(connections=8)) as endpoint:
        clients = [Client(endpoint.port) for _ in range(7)]
        for client in clients:
            for _ in range(3):
                assert client.ask("/nothing")[0] == 404
        assert len(endpoint._regulars) == 0
        for client in clients:
            for _ in range(3):
                assert client.ask("/-/healthy")[0] == 200
        assert len(endpoint._regulars) == 2
        for client in clients:
            client.socket.close()


def test_where_all_are_regulars_the_one_that_has_not_asked_for_longest_goes(monkeypatch):
    monkeypatch.setattr("collectors.http.endpoint.REGULAR_SECONDS", 0.0)
    monkeypatch.setattr("collectors.http.endpoint.REGULARS", 1)
    with serving(limits=Limits(connections=2)) as endpoint:
        first, second = Client(endpoint.port), Client(endpoint.port)
        for client in (first, first, second, second, first):
            assert client.ask("/-/healthy")[0] == 200
        assert len(endpoint._regulars) == 2
        endpoint._loop.call_soon_threadsafe(endpoint._make_place)
        assert second.raw() == b""
        assert first.ask("/-/healthy")[0] == 200
        first.socket.close()
        second.socket.close()


def test_clients_that_do_not_take_their_answers_make_place():
    with serving(limits=Limits(connections=5, timeouts=Timeouts(sending=1000))) as endpoint:
        slow = [slow_reader(endpoint.port) for _ in range(20)]
        for _ in range(5):
            assert ask(endpoint)[0] == 200
        for client in slow:
            client.close()


def slow_reader(port):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    return client


def test_if_no_file_is_left_scrapers_get_those_in_reserve(monkeypatch):
    """The process has used up all its files: what the reserve gives back is all that there is."""
    free = [0]
    taken, close, dup = socket.socket.accept, os.close, os.dup

    def accept(listening):
        if not free[0]:
            raise OSError(errno.EMFILE, "Too many open files")
        accepted = taken(listening)
        free[0] -= 1
        return accepted

    def released(descriptor):
        close(descriptor)
        free[0] += 1

    def none_left(_):
        raise OSError(errno.EMFILE, "Too many open files")

    with serving() as endpoint:
        monkeypatch.setattr(socket.socket, "accept", accept)
        monkeypatch.setattr("collectors.http.listening.os.close", released)
        monkeypatch.setattr("collectors.http.listening.os.dup", none_left)
        # An attempt to take a connection costs one even if none waits.
        for _ in range(RESERVED // 4):
            assert ask(endpoint, "/-/healthy")[0] == 200
        monkeypatch.undo()
        assert os.dup is dup
        assert ask(endpoint, "/-/healthy")[0] == 200


def test_if_the_reserve_is_used_up_the_quietest_connection_makes_place(monkeypatch):
    taken = socket.socket.accept
    full = threading.Event()

    def accept(listening):
        if full.is_set():
            raise OSError(errno.EMFILE, "Too many open files")
        return taken(listening)

    with serving() as endpoint, Client(endpoint.port) as quiet:
        assert quiet.ask("/-/healthy")[0] == 200
        monkeypatch.setattr(socket.socket, "accept", accept)
        full.set()
        with Client(endpoint.port) as late:
            late.request("/-/healthy")
            assert quiet.raw() == b""
            full.clear()
            assert late.answer()[0] == 200


class Pondering:
    """Answers when a test lets it, and leaves the loop free until then."""

    def __init__(self):
        self.asked = threading.Event()
        self.go_on = threading.Event()

    async def answer(self, request):
        self.asked.set()
        await asyncio.to_thread(self.go_on.wait, TIMEOUT)
        return plain(HTTPStatus.OK, "at last")

    def endpoint(self, limits):
        return MetricsEndpoint(self.answer, host="127.0.0.1", port=0, limits=limits)


def test_where_everyone_is_being_answered_a_new_connection_goes():
    pondering = Pondering()
    with pondering.endpoint(Limits(connections=1)) as endpoint, Client(endpoint.port) as client:
        client.request()
        assert pondering.asked.wait(TIMEOUT)
        with Client(endpoint.port) as late:
            assert late.raw() == b""
        pondering.go_on.set()
        assert client.answer()[2] == b"at last\n"


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def burst(endpoint, source, count):
    """Return `count` connections that the endpoint finds all at once, as it was busy while they came."""
    with Client(endpoint.port) as busy:
        busy.request()
        assert source.asked.wait(TIMEOUT)
        clients = [Client(endpoint.port) for _ in range(count)]
        source.go_on.set()
        assert busy.answer()[0] == 200
    return clients


def test_a_burst_of_connections_leaves_no_more_open_than_the_limit():
    source = Gated()
    limits = Limits(connections=3, timeouts=Timeouts(idle=1000))
    with serving(source, limits=limits) as endpoint:
        clients = burst(endpoint, source, 60)
        assert ask(endpoint, "/-/healthy")[0] == 200
        assert [client.raw() for client in clients[:-3]] == [b""] * 57
        for client in clients:
            client.socket.close()


def test_a_burst_of_connections_never_holds_more_files_than_told(monkeypatch):
    source = Gated()
    held = []
    joined = MetricsEndpoint.joined

    def counted(endpoint, connection):
        held.append(open_files())
        joined(endpoint, connection)

    monkeypatch.setattr(MetricsEndpoint, "joined", counted)
    with serving(source, limits=Limits(connections=3)) as endpoint:
        before = open_files()
        clients = burst(endpoint, source, 300)
        assert ask(endpoint, "/-/healthy")[0] == 200
        # The clients' own, the busy one, the one that asked at the end, and the directory that is listed.
        assert max(held) - before <= len(clients) + 3 + 3 + METRICS_OVERHEAD
        for client in clients:
            client.socket.close()


def test_where_no_file_is_left_connections_wait(monkeypatch, caplog):
    none_left = threading.Event()
    taken = socket.socket.accept
    asked = threading.Event()

    def accept(listening):
        if none_left.is_set():
            asked.set()
            raise OSError(errno.EMFILE, "Too many open files")
        return taken(listening)

    monkeypatch.setattr(socket.socket, "accept", accept)
    with serving(limits=QUICK) as endpoint:
        none_left.set()
        with Client(endpoint.port) as client:
            client.request("/-/healthy")
            # First the reserve is used up.
            while not caplog.records:
                asked.clear()
                assert asked.wait(TIMEOUT)
            for _ in range(2):
                asked.clear()
                assert asked.wait(TIMEOUT)
            none_left.clear()
            assert client.answer()[0] == 200
    assert [record.getMessage() for record in caplog.records] == ["no connection can be taken: too many open files"]


def test_a_sweep_that_fails_is_told_and_not_the_last_one(monkeypatch, caplog):
    resume, calls, failed = Listener.resume, itertools.count(), threading.Event()

    def fail_once(listener):
        if next(calls) == 1:
            failed.set()
            raise OSError("gone wrong")
        resume(listener)

    monkeypatch.setattr(Listener, "resume", fail_once)
    with serving(limits=QUICK) as endpoint:
        assert failed.wait(TIMEOUT)
        with Client(endpoint.port) as client:
            client.send(GET[:-2])
            assert client.raw() == b""
    assert "OSError: gone wrong" in caplog.text


def test_a_client_that_leaves_before_its_answer_is_forgotten():
    source = Gated()
    with serving(source) as endpoint:
        with Client(endpoint.port) as client:
            client.request()
            assert source.asked.wait(TIMEOUT)
        source.go_on.set()
        assert ask(endpoint)[0] == 200


def test_a_taken_port_is_an_error_at_once():
    with serving() as endpoint:
        with pytest.raises(ListenError) as second:
            serving_on(endpoint.port)
        assert second.value.port == endpoint.port
        assert f"cannot listen on 127.0.0.1 port {endpoint.port}: address already in use" in str(second.value)
        assert isinstance(second.value, OSError)


def serving_on(port, host="127.0.0.1"):
    metrics_endpoint(Fixed(golden.busy_snapshot()), host=host, port=port, ready=lambda: True).start()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_an_error_at_once(host):
    with pytest.raises(ListenError, match=f"cannot listen on {host} port 0: "):
        serving_on(0, host)


def test_the_port_is_free_after_the_end(unused_tcp_port):
    with serving(port=unused_tcp_port) as endpoint:
        assert ask(endpoint)[0] == 200
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        pass


def test_the_end_leaves_no_thread():
    before = threads()
    with serving() as endpoint:
        assert ask(endpoint)[0] == 200
        assert threads() == before | {"metrics"}
    assert threads() == before
    endpoint.stop()


def test_the_end_does_not_wait_for_clients_that_hang():
    before = threads()
    limits = Limits(stopping_seconds=0.1)
    with serving(limits=limits) as endpoint:
        idle, half = Client(endpoint.port), Client(endpoint.port)
        half.send(GET[:-2])
        idle.ask("/-/healthy")
        deaf = stop_reading(endpoint)
    assert threads() == before
    for client in (idle, half, deaf):
        client.raw()
        client.socket.close()


def test_an_answer_that_is_under_way_goes_out_at_the_end():
    pondering = Pondering()
    limits = Limits(stopping_seconds=TIMEOUT)
    with pondering.endpoint(limits) as endpoint, Client(endpoint.port) as client, Client(endpoint.port) as idle:
        idle.send(GET[:1])
        client.request()
        assert pondering.asked.wait(TIMEOUT)
        stopping = threading.Thread(target=endpoint.stop)
        stopping.start()
        # The others are sent away at once: then the endpoint is about to stop.
        assert idle.raw() == b""
        pondering.go_on.set()
        status, headers, body = client.answer()
        assert (status, headers["connection"], body) == (200, "close", b"at last\n")
        stopping.join(TIMEOUT)
        assert not stopping.is_alive()


def test_an_answer_that_takes_too_long_is_given_up_at_the_end():
    pondering = Pondering()
    with pondering.endpoint(Limits(stopping_seconds=0.05)) as endpoint, Client(endpoint.port) as client:
        client.request()
        assert pondering.asked.wait(TIMEOUT)
        stopping = threading.Thread(target=endpoint.stop)
        stopping.start()
        assert client.raw() == b""
        pondering.go_on.set()
        stopping.join(TIMEOUT)
        assert not stopping.is_alive()


def test_an_endpoint_that_never_started_stops_at_once():
    endpoint = metrics_endpoint(Fixed(golden.busy_snapshot()), host="127.0.0.1", port=1234, ready=lambda: True)
    assert endpoint.port == 1234
    endpoint.stop()


def test_scrapes_are_answered_while_python_blocks_the_main_thread():
    """The main thread never waits and never lets go of more than the interpreter takes from it."""
    answers = []
    with serving() as endpoint:

        def scrape():
            with Client(endpoint.port) as client:
                answers.extend(client.ask()[0] for _ in range(5))

        scraper = threading.Thread(target=scrape)
        scraper.start()
        burned = 0
        while len(answers) < 5 and scraper.is_alive():
            burned += sum(range(1000))
        scraper.join(TIMEOUT)
    assert answers == [200] * 5
