"""Who has a token sees what its roles allow, in a session that ends with the token."""

import re

import pytest

from collectors import TaskSource
from collectors.http.messages import Request
from collectors.http.tasks.sessions import IDLE_SECONDS, MAX_SESSIONS, Sessions, is_from_elsewhere
from collectors.http.tasks.views import Viewer
from gui_agents.domain.access import AuthFailure
from tests.collectors.http.tasks.world import TOKENS, Tokens, Views

ANN = TOKENS["gat_ann"]


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


def a_request(**headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("GET", "/tasks", "", named, 0.0, "127.0.0.1")


@pytest.fixture
def tokens():
    return Tokens()


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def sessions(tokens, clock):
    source = TaskSource(views=Views(), tokens=tokens, open_without_tokens=True)
    return Sessions(source, secure=lambda: False, monotonic=clock)


def begun(sessions, identity=ANN):
    """Begin a session, and return a request in it."""
    _, cookie = sessions.begin(identity)
    return a_request(cookie=cookie.partition(";")[0])


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, AuthFailure.MISSING),
        ({"authorization": "Bearer gat_ann"}, Viewer(ANN, signed_in=False)),
        ({"authorization": "bearer gat_ann"}, Viewer(ANN, signed_in=False)),
        ({"x_access_token": "gat_ann"}, Viewer(ANN, signed_in=False)),
        ({"x_access_token": "gat_ann", "authorization": "Basic eDp5"}, Viewer(ANN, signed_in=False)),
        ({"authorization": "Basic eDp5"}, AuthFailure.MISSING),
        ({"authorization": "Bearer gat_wrong"}, AuthFailure.UNKNOWN),
        ({"authorization": "Bearer x"}, AuthFailure.MALFORMED),
        ({"cookie": "a=b; ["}, AuthFailure.MISSING),
        ({"cookie": "\x01=\x02;="}, AuthFailure.MISSING),
    ],
)
def test_a_token_is_known_by_its_header(sessions, headers, found):
    assert sessions.viewer(a_request(**headers)) == found


def test_a_session_stands_for_its_token_and_its_cookie_tells_nothing_of_it(sessions):
    name, cookie = sessions.begin(ANN)
    assert name == "Set-Cookie"
    assert re.fullmatch(r"gui_agents_[0-9a-f]{8}=[\w-]{43}; HttpOnly; SameSite=Strict", cookie)
    assert sessions.viewer(a_request(cookie=f"x=y; {cookie.partition(';')[0]}")) == Viewer(ANN, signed_in=True)


def test_with_tls_the_cookie_stays_there(tokens):
    source = TaskSource(views=Views(), tokens=tokens, open_without_tokens=True)
    assert Sessions(source, secure=lambda: True).begin(ANN)[1].endswith("; SameSite=Strict; Secure")


def test_a_revoked_token_ends_its_sessions(sessions, tokens):
    request = begun(sessions)
    other = begun(sessions, TOKENS["gat_eye"])
    del tokens.known["gat_ann"]
    assert sessions.viewer(request) is AuthFailure.MISSING
    tokens.known["gat_ann"] = ANN
    assert sessions.viewer(request) is AuthFailure.MISSING
    assert sessions.viewer(other) == Viewer(TOKENS["gat_eye"], signed_in=True)


def test_a_session_that_nobody_uses_ends_and_one_that_is_used_goes_on(sessions, clock):
    request = begun(sessions)
    for _ in range(3):
        clock.now += IDLE_SECONDS
        assert isinstance(sessions.viewer(request), Viewer)
    clock.now += IDLE_SECONDS + 1
    assert sessions.viewer(request) is AuthFailure.MISSING


def test_who_signs_out_is_out(sessions):
    request = begun(sessions)
    name, cookie = sessions.end(request)
    assert (name, cookie.partition("; ")[2]) == ("Set-Cookie", "HttpOnly; SameSite=Strict; Max-Age=0")
    assert sessions.viewer(request) is AuthFailure.MISSING
    sessions.end(a_request())


def test_sessions_are_bounded_and_the_one_that_was_not_used_for_longest_goes(sessions):
    first, second = begun(sessions), begun(sessions)
    for _ in range(MAX_SESSIONS - 2):
        begun(sessions)
    assert isinstance(sessions.viewer(first), Viewer)
    begun(sessions)
    assert isinstance(sessions.viewer(first), Viewer)
    assert sessions.viewer(second) is AuthFailure.MISSING


def test_a_service_of_its_own_knows_no_session_of_another(sessions, tokens):
    source = TaskSource(views=Views(), tokens=tokens, open_without_tokens=True)
    assert Sessions(source, secure=lambda: False).viewer(begun(sessions)) is AuthFailure.MISSING


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({"host": "a:8000"}, False),
        ({"host": "a:8000", "origin": "http://a:8000", "sec_fetch_site": "same-origin"}, False),
        ({"host": "a:8000", "origin": "http://evil.example"}, True),
        ({"host": "a:8000", "origin": "http://a:8001"}, True),
        ({"host": "a:8000", "origin": "null"}, True),
        ({"host": "a:8000", "sec_fetch_site": "cross-site"}, True),
        ({"host": "a:8000", "sec_fetch_site": "same-site"}, True),
        ({"host": "a:8000", "sec_fetch_site": "none"}, False),
        ({"host": "a:8000", "origin": "http://[bad"}, True),
    ],
)
def test_pages_of_other_sites_are_known(headers, elsewhere):
    assert is_from_elsewhere(a_request(**headers)) == elsewhere
