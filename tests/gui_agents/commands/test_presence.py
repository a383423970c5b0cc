import contextlib
import socket
import threading

from gui_agents.commands.presence import Presence, presence
from tests.web_servers import answering, full, silent


@contextlib.contextmanager
def closing():
    """Accept one connection and close it, and yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def close_one() -> None:
            listening.accept()[0].close()

        thread = threading.Thread(target=close_one)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_a_port_where_nobody_listens_is_absent(unused_tcp_port):
    assert presence("127.0.0.1", unused_tcp_port) is Presence.ABSENT


def test_a_name_that_can_have_no_address_is_absent():
    assert presence("x" * 64, 1) is Presence.ABSENT


def test_what_accepts_and_says_nothing_is_silent():
    with silent() as url:
        assert presence("127.0.0.1", port_of(url)) is Presence.SILENT


def test_a_full_queue_of_connections_is_neither_there_nor_absent():
    with full() as port:
        assert presence("127.0.0.1", port) is Presence.UNREACHED


def test_a_grpc_service_speaks_http2(service):
    assert presence("127.0.0.1", port_of(service[1])) is Presence.HTTP2


def test_a_web_server_is_another_program():
    with answering(lambda _: (200, b"fine")) as (url, _):
        assert presence("127.0.0.1", port_of(url)) is Presence.OTHER


def test_who_closes_the_connection_is_another_program():
    with closing() as port:
        assert presence("127.0.0.1", port) is Presence.OTHER


def test_an_ipv6_address_is_found():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        assert presence("::1", listening.getsockname()[1]) is Presence.SILENT
