import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.models.failures import (
    bad_generation,
    error_in,
    is_final,
    refused_by_policy,
    reported,
    said_in,
    status_in,
)


def nested(depth):
    error = {"message": "deep", "code": 429}
    for _ in range(depth):
        error = {"error": error}
    return error


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 502}}, 502),
        ({"error": {"code": "502"}}, 502),
        ({"error": {"code": "rate_limit_exceeded"}}, 429),
        ({"error": {"type": "rate_limit_error"}}, 429),
        ({"error": {"status": "RESOURCE_EXHAUSTED"}}, 429),
        ({"error": {"code": "Throttling.RateQuota"}}, 429),
        ({"error": {"type": "overloaded_error"}}, 503),
        ({"error": {"status": "UNAVAILABLE"}}, 503),
        ({"error": {"type": "api_error"}}, 500),
        ({"error": {"type": "internal_server_error"}}, 500),
        ({"error": {"code": "request_timeout"}}, 504),
        ([{"error": {"code": 503}}], 503),
        ({"base_resp": {"status_code": 1039}}, 429),
        ({"errors": [{"code": 429}]}, 429),
        ({"detail": {"code": 503}}, 503),
        ({"message": "x", "statusCode": 500}, 500),
        ({"error": {"code": 1302}}, 429),
        ({"error": {"type": "invalid_request_error"}}, None),
        ({"error": {"code": "generated_nothing"}}, None),
        ({"error": {"code": True}}, None),
        ({"error": {"code": 7}}, None),
        ({"error": {"code": 200}}, None),
        ({"error": "words"}, None),
        ({"error": "Too many requests"}, 429),
        ({"error": {"message": "The server is busy", "type": "x"}}, 503),
        ({"error": "status 504"}, 500),
        ({"error": "5000 tokens of 502"}, None),
        ({"error": {"message": "rate limit", "code": 400}}, 400),
        ({"error": {"metadata": {"raw": '{"error":{"code":429}}'}}}, 429),
        (nested(3), 429),
        (nested(500), None),
        ("words", None),
        (None, None),
    ],
)
def test_the_status_that_an_error_amounts_to(body, status):
    assert status_in(body) == status


def test_an_error_that_is_wrapped_too_deeply_has_no_words():
    assert said_in(nested(3)) == "deep"
    assert said_in(nested(500)) == ""


@pytest.mark.parametrize(
    ("body", "there"),
    [
        ({"error": {"message": "x"}}, True),
        ({"error": "x", "choices": [1]}, True),
        ({"base_resp": {"status_code": 1002}}, True),
        ({"base_resp": {"status_code": 0}, "choices": []}, False),
        ({"error": None, "choices": []}, False),
        ({"error": {}, "choices": []}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_an_error_in_the_body_of_an_answer(body, there):
    assert (error_in(body) is not None) == there


def test_what_is_reported_may_pass_or_not():
    assert [reported("x", status).retryable for status in (None, 400, 401, 429, 500, 503)] == [
        *[False] * 3,
        *[True] * 3,
    ]


names = st.sampled_from(
    ["error", "message", "code", "type", "detail", "errors", "msg", "failed_generation", "base_resp"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_any_error_is_read(value):
    body = json.loads(json.dumps(value))
    assert isinstance(said_in(body), str)
    assert status_in(body) is None or 400 <= status_in(body) < 600
    for read in (bad_generation, refused_by_policy, is_final, error_in):
        read(body)
