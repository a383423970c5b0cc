from http import HTTPStatus

import h11
import pytest

from collectors.http import heads
from collectors.http.heads import head
from collectors.http.messages import Response, plain
from collectors.http.passwords import REFUSALS, Verdict

DATE = "Tue, 15 Nov 1994 08:12:31 GMT"
"""As RFC 9110, section 5.6.7, writes the second 784887151."""
SECOND = 784887151.9


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(heads.time, "time", lambda: SECOND)


@pytest.mark.parametrize(
    ("response", "last", "written"),
    [
        (
            Response(HTTPStatus.OK, b"page", "text/plain; version=0.0.4", (("Vary", "Accept"), ("ETag", '"1"'))),
            False,
            (
                'HTTP/1.1 200 OK|Date: DATE|X-Content-Type-Options: nosniff|Vary: Accept|ETag: "1"|'
                "Content-Type: text/plain; version=0.0.4|Content-Length: 4||"
            ),
        ),
        (
            plain(HTTPStatus.METHOD_NOT_ALLOWED, "no", ("Allow", "GET, HEAD")),
            True,
            (
                "HTTP/1.1 405 Method Not Allowed|Date: DATE|X-Content-Type-Options: nosniff|Allow: GET, HEAD|"
                "Content-Type: text/plain; charset=utf-8|Content-Length: 3|Connection: close||"
            ),
        ),
        (
            Response(HTTPStatus.NOT_MODIFIED, b"", headers=(("ETag", '"1"'),)),
            False,
            'HTTP/1.1 304 Not Modified|Date: DATE|X-Content-Type-Options: nosniff|ETag: "1"||',
        ),
    ],
)
def test_a_head_is_status_and_headers(response, last, written):
    assert head(response, last=last) == written.replace("DATE", DATE).replace("|", "\r\n").encode()


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("response", [plain(HTTPStatus.NOT_FOUND, "no"), *REFUSALS.values()])
def test_a_head_is_what_h11_would_write(response, last):
    assert set(REFUSALS) == set(Verdict) - {Verdict.ALLOWED}
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    server.next_event()
    headers = [("Date", DATE), ("X-Content-Type-Options", "nosniff"), *response.headers]
    headers += [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
    headers += [("Connection", "close")] if last else []
    reason = response.status.phrase.encode()
    assert head(response, last=last) == server.send(
        h11.Response(status_code=response.status, headers=headers, reason=reason)
    )


def test_the_date_goes_on(monkeypatch):
    before = head(plain(HTTPStatus.OK, "now"), last=False)
    monkeypatch.setattr(heads.time, "time", lambda: SECOND + 0.2)
    assert head(plain(HTTPStatus.OK, "now"), last=False) == before.replace(b"08:12:31", b"08:12:32")
