import re

import pytest

from collectors.http.reader import MAX_BODY_BYTES
from tests.collectors.http.serving import Client, serving


@pytest.fixture
def told(caplog):
    """Return a function that returns the lines so far without their last column, which is the time."""
    caplog.set_level("INFO", logger="collectors.http.access")
    return lambda: [re.sub(r" [0-9.]+ ms$", "", record.getMessage()) for record in caplog.records]


def test_answers_are_logged_when_asked_for(told):
    for access_log in (False, True):
        with serving(access_log=access_log) as endpoint, Client(endpoint.port) as client:
            client.ask("/-/healthy?secret=1")
            client.ask("/-/healthy", "HEAD")
            client.ask(f"/{'x' * 300}")
    assert told() == [
        '127.0.0.1 "GET /-/healthy" 200 8',
        '127.0.0.1 "HEAD /-/healthy" 200 0',
        f'127.0.0.1 "GET /{"x" * 199}" 404 72',
    ]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"nonsense\r\n\r\n", '"- -" 400 42'),
        (b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n", '"- -" 400 42'),
        (
            b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 1),
            '"POST /a" 413 33',
        ),
        (b"HEAD /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n", '"HEAD /a" 400 0'),
    ],
)
def test_refusals_are_logged(told, data, line):
    with serving(access_log=True) as endpoint, Client(endpoint.port) as client:
        client.send(data)
        client.raw()
    assert told()[-1] == f"127.0.0.1 {line}"


def test_a_path_cannot_look_like_the_rest_of_the_line(told):
    with serving(access_log=True) as endpoint, Client(endpoint.port) as client:
        client.ask('/a"200\\"')
    assert told() == [r'127.0.0.1 "GET /a\"200\\\"" 404 72']
