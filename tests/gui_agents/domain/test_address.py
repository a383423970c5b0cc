import pytest

from gui_agents.domain.address import checked_host, host_and_port, split_address


@pytest.mark.parametrize(
    ("host", "written"),
    [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]:8000"), ("[::1]", "[::1]:8000"), ("localhost", "localhost:8000")],
)
def test_an_ipv6_address_stands_in_brackets(host, written):
    assert host_and_port(host, 8000) == written


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("agents.example.com:65535", ("agents.example.com", 65535)),
        ("[::1]:50051", ("::1", 50051)),
        ("[fe80::1%eth0]:50051", ("fe80::1%eth0", 50051)),
        ("bücher.example:50051", ("bücher.example", 50051)),
    ],
)
def test_an_address_is_a_host_and_a_port(text, address):
    assert split_address(text) == address


NO_ADDRESSES = (
    "",
    "host",
    "host:",
    ":50051",
    "host:port",
    "host:0",
    "host:65536",
    "host:99999",
    "host:999999",
    "host:+80",
    "host:٣",
    "host:80 ",
    "http://host:80",
    "dns:///host:80",
    "user:password@host:80",
    "host/path:80",
    "host name:80",
    "host\x00:80",
    "a..b:80",
    "x" * 64 + ":80",
    "::1:50051",
    "[::1]",
    "[::1]50051",
    "[::1:50051",
    "[host]:80",
    "[127.0.0.1]:80",
)


@pytest.mark.parametrize("text", NO_ADDRESSES, ids=ascii)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"^must be (HOST:PORT|a host name or an address), such as 127\.0\.0\.1"):
        split_address(text)


@pytest.mark.parametrize(
    "text", ["localhost:50051", "1:2:3", "[localhost]", "[::1", "::1]", "a:b@c", "", "a\\b"], ids=ascii
)
def test_what_is_no_host_is_refused(text):
    with pytest.raises(ValueError, match="must be a host name or an address"):
        checked_host(text)
