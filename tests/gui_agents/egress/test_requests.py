import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.egress.errors import EgressError, Problem
from gui_agents.egress.requests import Target, forwarded_request, forwarded_response, target_of


def request(target, method="GET", *headers):
    return h11.Request(method=method, target=target, headers=[("Host", "any.example"), *headers])


def target(host, port, authority, path=None):
    return Target(host=host, port=port, authority=authority, path=path)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://a.example/b?c=d", target("a.example", 80, "a.example", "/b?c=d")),
        ("HTTP://A.Example:8080", target("a.example", 8080, "A.Example:8080", "/")),
        ("http://a.example.?q", target("a.example", 80, "a.example.", "/?q")),
        ("http://a.example:/", target("a.example", 80, "a.example:", "/")),
        ("http://a/http://b/?x=//c@d", target("a", 80, "a", "/http://b/?x=//c@d")),
        ("http://127.1:81/", target("127.0.0.1", 81, "127.1:81", "/")),
        ("http://0x7f.1./", target("127.0.0.1", 80, "0x7f.1.", "/")),
        ("http://[::FFFF:127.0.0.1]:81/", target("::ffff:7f00:1", 81, "[::FFFF:127.0.0.1]:81", "/")),
    ],
)
def test_a_request_names_its_target(url, found):
    assert parts(target_of(request(url))) == parts(found)


def parts(found):
    """`::ffff:7f00:1` is written as `::ffff:127.0.0.1` by Python 3.13."""
    return found.host.replace("::ffff:127.0.0.1", "::ffff:7f00:1"), found.port, found.authority, found.path


def test_a_tunnel_names_host_and_port():
    assert target_of(request("A.example:443", "CONNECT")) == target("a.example", 443, "A.example:443")
    assert target_of(request("[::1]:443", "CONNECT")) == target("::1", 443, "[::1]:443")


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "*",
        "a.example:80",
        "https://a.example/",
        "ftp://a.example/",
        "http:///",
        "http://",
        "http://a.example#b",
        "http://user@a.example/",
        "http://a.example:0/",
        "http://a.example:65536/",
        "http://a.example:1x/",
        "http://[a]/",
        "http://1.2.3.256/",
        "http://a.7/",
        "http://a..b/",
        "http://%31/",
        "http://a\\b/",
        "http://[::1%25lo]/",
    ],
)
def test_what_names_no_target_is_refused(url):
    with pytest.raises(EgressError) as caught:
        target_of(request(url))
    assert caught.value.problem is Problem.BAD_REQUEST


@pytest.mark.parametrize("place", ["a.example", "a.example:", "http://a.example:443", "a:0", "a:443/", "[::1]", ":443"])
def test_what_names_no_place_for_a_tunnel_is_refused(place):
    with pytest.raises(EgressError, match="names no host and port"):
        target_of(request(place, "CONNECT"))


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1), st.sampled_from(["GET", "CONNECT"]))
def test_any_target_is_a_place_or_refused(text, method):
    try:
        found = target_of(request(text, method))
    except EgressError:
        return
    assert 0 < found.port < 65536
    assert "@" not in found.authority


def test_the_host_is_the_target_s_and_hop_by_hop_fields_stay_here():
    fields = [
        ("Accept", "text/html"),
        ("Connection", "keep-alive, X-Private"),
        ("Proxy-Connection", "keep-alive, X-Other"),
        ("Proxy-Authorization", "Basic YTpi"),
        ("X-Private", "1"),
        ("x-other", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Upgrade", "websocket"),
        ("TE", "trailers"),
        ("Expect", "100-continue"),
        ("X-Own", "kept"),
    ]
    asked = request("http://a.example:81/", "GET", *fields)
    sent = forwarded_request(asked, target_of(asked))
    assert sent.headers.raw_items() == [
        (b"Host", b"a.example:81"),
        (b"Accept", b"text/html"),
        (b"X-Own", b"kept"),
        (b"Connection", b"close"),
    ]


def test_what_says_where_a_body_ends_stays_whatever_connection_says():
    asked = request("http://a/", "POST", ("Content-Length", "3"), ("Connection", "content-length, host"))
    assert (b"content-length", b"3") in list(forwarded_request(asked, target_of(asked)).headers)
    chunked = request("http://a/", "POST", ("Transfer-Encoding", "Chunked"), ("Connection", "transfer-encoding"))
    assert (b"transfer-encoding", b"chunked") in list(forwarded_request(chunked, target_of(chunked)).headers)


def test_a_body_that_ends_in_two_ways_is_refused():
    asked = request("http://a/", "POST", ("Content-Length", "3"), ("Transfer-Encoding", "chunked"))
    with pytest.raises(EgressError, match="says in two ways where its body ends"):
        forwarded_request(asked, target_of(asked))


def test_a_response_loses_what_is_of_one_connection_or_a_proxy_s():
    fields = [("Server", "x"), ("Connection", "close"), ("Proxy-Authenticate", "Basic"), ("Proxy-Status", "egress")]
    answer = h11.Response(
        status_code=200, reason="Fine", headers=[*fields, ("Content-Length", "2"), ("Upgrade", "h2c")]
    )
    sent = forwarded_response(answer)
    assert (sent.status_code, sent.reason) == (200, b"Fine")
    assert sent.headers.raw_items() == [(b"Server", b"x"), (b"Content-Length", b"2"), (b"Connection", b"close")]


def test_of_two_ends_of_a_response_s_body_the_chunks_count():
    fields = [("Content-Length", "2"), ("Transfer-Encoding", "chunked")]
    sent = forwarded_response(h11.Response(status_code=200, headers=fields))
    assert sent.headers.raw_items() == [(b"Transfer-Encoding", b"chunked"), (b"Connection", b"close")]


def test_a_server_cannot_ask_for_a_password_as_the_proxy():
    with pytest.raises(EgressError, match="asked for a password as only a proxy does"):
        forwarded_response(h11.Response(status_code=407, headers=[]))
