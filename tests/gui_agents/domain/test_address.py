import pytest

from gui_agents.domain.address import host_and_port


@pytest.mark.parametrize(
    ("host", "written"),
    [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]:8000"), ("[::1]", "[::1]:8000"), ("localhost", "localhost:8000")],
)
def test_an_ipv6_address_stands_in_brackets(host, written):
    assert host_and_port(host, 8000) == written
