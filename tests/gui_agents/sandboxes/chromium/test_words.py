"""Addresses that are opened, and what is told of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.sandboxes.chromium.words import address, destination, network_error, quoted


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://example.com", "http://example.com"),
        (" HTTPS://example.com/a?b#c ", "HTTPS://example.com/a?b#c"),
        ("example.com", "https://example.com"),
        ("example.com:8443/path", "https://example.com:8443/path"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1/x", "http://127.0.0.1/x"),
        ("[::1]:80", "http://[::1]:80"),
        ("intranet:8080", "https://intranet:8080"),
    ],
)
def test_an_address_without_a_scheme_gets_one(written, meant):
    assert destination(written) == meant


@pytest.mark.parametrize(
    "url",
    [
        *("", "http://", "https://:80", "http://a b/", "http://a:port/", "http://[::1", "file:///etc/passwd"),
        *("FILE:///x", "javascript:alert(1)", "data:text/html,x", "view-source:http://a/", "chrome://settings"),
    ],
)
def test_what_is_no_address_of_a_page_is_refused(url):
    with pytest.raises(TransientSandboxError):
        destination(url)


@given(st.text())
def test_any_text_is_an_address_with_a_host_or_refused(text):
    try:
        meant = destination(text)
    except TransientSandboxError:
        return
    assert meant.lower().startswith(("http://", "https://"))


def test_a_user_and_a_password_are_never_told():
    assert address("http://ann:s3cret@example.com/a@b") == "http://example.com/a@b"
    assert "s3cret" not in network_error("net::ERR_TIMED_OUT", "http://ann:s3cret@example.com/")
    with pytest.raises(TransientSandboxError) as refusal:
        destination("http://ann:s3cret@:port/")
    assert "s3cret" not in str(refusal.value)


def test_errors_are_told_in_words_with_their_names():
    url = "https://example.com/"
    assert network_error("net::ERR_CERT_DATE_INVALID", url) == (
        f"'{url}' was not opened: its TLS certificate has expired, or is not valid yet (ERR_CERT_DATE_INVALID)"
    )
    assert network_error("net::ERR_CERT_NEW_KIND", url).endswith("its TLS certificate is not valid (ERR_CERT_NEW_KIND)")
    assert network_error("net::ERR_OTHER", url).endswith("it failed (ERR_OTHER)")


def test_texts_of_pages_are_short_and_escaped():
    assert quoted("a\x1b[31m") == r"'a\x1b[31m'"
    assert len(quoted("x" * 1000)) < 210
