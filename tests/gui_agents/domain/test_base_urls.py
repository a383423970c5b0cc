import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.base_urls import address_problem, key_problem, nearest_address, same_host


@pytest.mark.parametrize(
    ("given_", "meant"),
    [
        ("https://h/v1/chat/completions", "https://h/v1"),
        ("https://h/v1/Chat/Completions/?stream=1#x", "https://h/v1"),
        ("https://h/v1/messages", "https://h/v1"),
        ("https://h:8443/openai/deployments/d/chat/completions?api-version=1", "https://h:8443/openai/deployments/d"),
        ("https://h/v1?", "https://h/v1"),
        ("https://h/v1/models/", "https://h/v1"),
        ("https://user:password@h/v1?x", None),
        ("https://h:70000/v1?x", None),
        ("h/v1", None),
        ("", None),
    ],
)
def test_the_address_that_was_meant_is_found(given_, meant):
    assert address_problem(given_) is not None
    assert nearest_address(given_) == meant


@pytest.mark.parametrize("address", ["http://[::1]:8000/v1", "https://h", "https://h/messages-of-mine", "HTTP://H/"])
def test_a_base_url_is_one(address):
    assert address_problem(address) is None


def test_a_password_is_not_repeated():
    assert "hunter2" not in address_problem("https://me:hunter2@h/v1/chat/completions")


@given(st.text())
def test_any_text_is_a_base_url_or_is_not(text):
    if address_problem(text) is None:
        assert nearest_address(text) is not None
        assert same_host(text, text)


def test_a_key_is_what_a_header_carries():
    assert key_problem("sk-0~") is None
    assert [key_problem(key) is None for key in ("", "a b", "a\n", "\N{LATIN SMALL LETTER E WITH ACUTE}")] == [
        False
    ] * 4
