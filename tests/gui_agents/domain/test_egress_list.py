from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.egress_list import EgressEntry, ascii_host, egress_entries, is_local_name
from gui_agents.domain.internet import is_public, unwrapped

WEB = frozenset({80, 443})


def entry(name=None, network=None, port=None):
    ports = None if port is None else frozenset({port})
    return EgressEntry(name=name, network=None if network is None else ip_network(network), ports=ports)


def loopback(name=None, port=None):
    return [entry(name, "127.0.0.1", port), entry(name, "::1", port)]


READ = [
    ("public", [EgressEntry(ports=WEB)]),
    ("Public", [EgressEntry(ports=WEB)]),
    ("public:8443", [entry(port=8443)]),
    ("public:*", [entry()]),
    ("example.com", [entry("example.com")]),
    ("Example.COM.:8443", [entry("example.com", port=8443)]),
    ("*.Example.com", [entry("*.example.com")]),
    ("b\u00fccher.example", [entry("xn--bcher-kva.example")]),
    ("a_b.example:*", [entry("a_b.example")]),
    ("10.0.0.7", [entry(network="10.0.0.7")]),
    ("10.0.0.7/8:80", [entry(network="10.0.0.0/8", port=80)]),
    ("127.1", [entry(network="127.0.0.1")]),
    ("0x7f000001:80", [entry(network="127.0.0.1", port=80)]),
    ("2130706433", [entry(network="127.0.0.1")]),
    ("::1", [entry(network="::1")]),
    ("[::1]:8080", [entry(network="::1", port=8080)]),
    ("fd00::/8", [entry(network="fd00::/8")]),
    ("[FD00::/8]:443", [entry(network="fd00::/8", port=443)]),
    ("localhost", loopback()),
    ("LOCALHOST.:8000", loopback(port=8000)),
    ("app.localhost:8000", loopback("app.localhost", 8000)),
    ("*.localhost", loopback("*.localhost")),
    ("wiki.corp=10.1.0.0/16:443", [entry("wiki.corp", "10.1.0.0/16", 443)]),
    ("*.corp=[fd00::/8]:*", [entry("*.corp", "fd00::/8")]),
    ("wiki=::1", [entry("wiki", "::1")]),
]
HOST, NETWORK = "is no host name", "is no address and no network"
WRONG = [
    ("*", "names no place: write public"),
    ("*:80", "names no place: write public"),
    ("http://example.com", NETWORK),
    ("example.com/path", NETWORK),
    ("example.com:http", NETWORK),
    ("example.com:0", "has no port from 1 to 65535"),
    ("example.com:65536", "has no port from 1 to 65535"),
    ("example.com:80:80", NETWORK),
    ("user@example.com", HOST),
    ("a..b", HOST),
    ("a b", HOST),
    (f"{'a.' * 127}a", HOST),
    ("*.*.example.com", HOST),
    ("a.*.example.com", HOST),
    ("stra\u00dfe.example", "has a letter that IDNA reads in two ways"),
    ("127\u30020\u30020\u30021", HOST),
    ("\uff11\uff12\uff17.0.0.1", NETWORK),
    ("10.0.0.256", NETWORK),
    ("10.0.0.0/33", NETWORK),
    ("host.7", NETWORK),
    ("[host]:80", NETWORK),
    ("[::1", NETWORK),
    ("[::1]]:80", NETWORK),
    ("fe80::1%eth0", NETWORK),
    ("0.0.0.0/0", "takes in loopback and private addresses, too"),
    ("::/0", "takes in loopback and private addresses, too"),
    ("::ffff:10.0.0.1", "wraps IPv4 addresses"),
    ("64:ff9b::/96", "wraps IPv4 addresses"),
    ("::1:80", "an IPv6 address with a port stands in brackets"),
    ("=10.0.0.1", HOST),
    ("wiki=", NETWORK),
    ("wiki=corp", NETWORK),
    ("a=b=10.0.0.1", NETWORK),
    ("10.0.0.1=10.0.0.1", HOST),
    ("", HOST),
]


@pytest.mark.parametrize(("text", "entries"), READ)
def test_an_item_is_read(text, entries):
    assert list(egress_entries(text)) == entries


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_a_wrong_item_says_what_is_wrong(text, problem):
    with pytest.raises(ValueError, match=problem):
        list(egress_entries(text))


@given(st.text(max_size=40) | st.text("[]:/*=.0123456789abf", max_size=20))
def test_any_text_is_an_item_or_an_error_in_words(text):
    try:
        entries = list(egress_entries(text))
    except ValueError:
        return
    else:
        assert entries
        assert all(entry.name or entry.network or ":" in text or text.lower() == "public" for entry in entries)


COVERED = [
    ("public", "example.com", 443, "93.184.215.14", True),
    ("public", "example.com", 8443, "93.184.215.14", False),
    ("public", "example.com", 80, "10.0.0.1", False),
    ("public:*", "example.com", 22, "93.184.215.14", True),
    ("public", "example.com", 80, "64:ff9b::a00:1", False),
    ("example.com", "example.com", 8443, "93.184.215.14", True),
    ("example.com", "www.example.com", 443, "93.184.215.14", False),
    ("example.com", "example.com", 443, "169.254.169.254", False),
    ("*.example.com", "a.b.example.com", 443, "93.184.215.14", True),
    ("*.example.com", "example.com", 443, "93.184.215.14", False),
    ("*.example.com", "badexample.com", 443, "93.184.215.14", False),
    ("10.0.0.0/8:80", "wiki.corp", 80, "10.1.2.3", True),
    ("10.0.0.0/8:80", "wiki.corp", 443, "10.1.2.3", False),
    ("10.0.0.0/8:80", "wiki.corp", 80, "::ffff:10.1.2.3", True),
    ("10.0.0.0/8:80", "wiki.corp", 80, "192.168.0.1", False),
    ("wiki.corp=10.0.0.0/8", "wiki.corp", 80, "10.1.2.3", True),
    ("wiki.corp=10.0.0.0/8", "evil.example", 80, "10.1.2.3", False),
    ("wiki.corp=10.0.0.0/8", "wiki.corp", 80, "127.0.0.1", False),
    ("[fd00::/8]:443", "fd00::1", 443, "fd00::1", True),
]


@pytest.mark.parametrize(("item", "host", "port", "address", "covered"), COVERED)
def test_an_entry_covers_what_it_says_and_no_more(item, host, port, address, covered):
    found, public = ip_address(address), is_public(unwrapped(ip_address(address)))
    assert any(entry.covers(host, port, found, public=public) for entry in egress_entries(item)) is covered


@pytest.mark.parametrize("name", ["example.com", "xn--bcher-kva.example", "a_b", "a-"])
def test_a_name_in_ascii_stays_as_it_is(name):
    assert ascii_host(name) == name
    assert ascii_host(f"{name.upper()}.") == name


@pytest.mark.parametrize("text", ["", ".", "a..", "-" * 64, "1.2.3.4", "a.0x7f", "a:1", "a/b", "a\u0000b", "[::1]"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ValueError, match=HOST):
        ascii_host(text)


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("ip6-loopback", True),
        ("localhost.com", False),
        ("xlocalhost", False),
    ],
)
def test_names_of_this_machine_are_known(name, local):
    assert is_local_name(name) is local


@pytest.mark.parametrize(
    "item",
    [
        *("public", "public:*", "public:8443", "example.com", "*.example.com:443", "10.0.0.0/8", "10.0.0.0/8:80"),
        *("[fd00::/8]:443", "fd00::/8", "wiki.corp=10.0.0.0/8:5", "wiki.corp=10.0.0.0/8"),
    ],
)
def test_an_entry_is_shown_as_it_is_written(item):
    assert [str(entry) for entry in egress_entries(item)] == [item]
