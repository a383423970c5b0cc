"""What repeats itself is read as it would be if everything were parsed."""

from http import HTTPStatus

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.http.reader import MAX_REMEMBERED_BYTES, Reader, RefusedError

GET = b"GET /metrics?a=1 HTTP/1.1\r\nHost: test\r\nAccept: text/plain\r\n\r\n"
HEAD = GET.replace(b"GET", b"HEAD")


def with_header(header: bytes, rest: bytes = b"") -> bytes:
    return GET[:-2] + header + b"\r\n\r\n" + rest


LONG = with_header(b"X: " + b"x" * (MAX_REMEMBERED_BYTES - len(GET) - 5))
"""Of as many bytes as may be remembered."""
NOT_REPEATABLE = {
    "another method": GET.replace(b"GET", b"OPTIONS"),
    "CONNECT": b"CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n",
    "the older version": GET.replace(b"1.1", b"1.0"),
    "no length": with_header(b"Content-Length: 0"),
    "a body": with_header(b"Content-Length: 5", b"hello"),
    "a body in chunks": with_header(b"Transfer-Encoding: chunked", b"0\r\n\r\n"),
    "keep-alive": with_header(b"Connection: keep-alive"),
    "close": with_header(b"Connection: close"),
    "an upgrade": with_header(b"Connection: Upgrade\r\nUpgrade: h2c"),
    "an upgrade without a connection": with_header(b"Upgrade: h2c"),
    "an expectation": with_header(b"Expect: 100-continue"),
    "too long": LONG.replace(b"X: ", b"X: x"),
}


class Driver:
    """Reads pieces as a connection does; `remembering` whether it asks for what repeats itself."""

    def __init__(self, *, remembering: bool) -> None:
        self._reader = Reader("client")
        self._remembering = remembering
        self.again = 0
        self.told: list[object] = []
        """Every request and what followed from it, as far as the connection can be used."""
        self._usable = True

    def receive(self, piece: bytes) -> None:
        if not self._usable:
            return
        request = self._reader.again(piece) if self._remembering else None
        if request is None:
            self._reader.receive(piece)
        else:
            self.again += 1
            self._answer(request)
        while self._usable and not self._reader.idle and self._take():
            pass

    def _take(self) -> bool:
        try:
            request = self._reader.take()
        except RefusedError as refused:
            self.told.append((refused.status, str(refused), refused.method, refused.path))
            self._usable = False
            return False
        if request is None:
            self.told.append((self._reader.closed, self._reader.go_on(), self._reader.idle))
            self._usable = not self._reader.closed
            return False
        self._answer(request)
        return True

    def _answer(self, request) -> None:
        self._usable = self._reader.answered(HTTPStatus.NOT_FOUND)
        self.told.append((attrs.evolve(request, arrived=0.0), self._usable))


def requests_of(driver: Driver) -> list[object]:
    """Return what was told but for pieces that hold no whole request, of which the two tell unlike."""
    return [told for told in driver.told if not (isinstance(told[0], bool) and told == (False, b"", True))]


PIECES = st.sampled_from(
    [
        GET,
        GET,
        HEAD,
        LONG,
        GET + GET,
        GET + HEAD[:20],
        HEAD[20:],
        GET[:30],
        GET[30:],
        b"\r\n",
        b"nonsense\r\n\r\n",
        *NOT_REPEATABLE.values(),
        b"",
    ]
)


@given(st.lists(PIECES, max_size=12))
def test_remembering_changes_nothing(pieces):
    remembering, parsing = Driver(remembering=True), Driver(remembering=False)
    for piece in pieces:
        remembering.receive(piece)
        parsing.receive(piece)
    assert requests_of(remembering) == requests_of(parsing)


@pytest.mark.parametrize("data", [GET, HEAD, LONG, GET.replace(b"\r\n", b"\n")], ids=["GET", "HEAD", "long", "bare"])
def test_the_same_bytes_are_not_parsed_again(data):
    driver = Driver(remembering=True)
    for _ in range(3):
        driver.receive(data)
    assert driver.again == 2
    requests = [request for request, usable in requests_of(driver) if usable]
    assert requests == requests[:1] * 3


@pytest.mark.parametrize("data", NOT_REPEATABLE.values(), ids=NOT_REPEATABLE)
def test_what_leaves_something_behind_is_parsed_each_time(data):
    driver = Driver(remembering=True)
    for _ in range(3):
        driver.receive(data)
    assert driver.again == 0


@pytest.mark.parametrize(
    "pieces",
    [
        [GET[:20], GET[20:], GET],
        [GET + GET, GET],
        [GET + HEAD[:20], HEAD[20:], HEAD[20:]],
        [GET, HEAD, GET, HEAD],
        [GET, GET[:20], GET],
    ],
    ids=[
        "in two pieces",
        "two in one piece",
        "more than one in one piece",
        "another one between",
        "half of one between",
    ],
)
def test_only_the_last_request_is_remembered_and_only_in_one_piece(pieces):
    driver = Driver(remembering=True)
    for piece in pieces:
        driver.receive(piece)
    assert driver.again == 0


def test_a_request_that_comes_again_arrives_anew():
    reader = Reader("client")
    reader.receive(GET)
    first = reader.take()
    assert reader.answered(HTTPStatus.OK)
    assert reader.take() is None
    second = reader.again(GET)
    assert second.arrived > first.arrived
    assert attrs.evolve(second, arrived=first.arrived) == first


def taken(*pieces):
    """Return the targets that a reader takes from pieces, each of them answered, as far as it can be used."""
    reader, targets = Reader("client"), []
    for piece in pieces:
        reader.receive(piece)
        while (request := reader.take()) is not None:
            targets.append(request.path)
            if not reader.answered(HTTPStatus.OK):
                return targets, "closed"
    return targets, "idle" if reader.idle else "receiving"


POST = b"POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello"
EMPTY = [
    [b"\r\n" + GET],
    [b"\n" + GET],
    [b"\r", b"\n", GET],
    [b"\r\n", GET],
    [b"\r\nGE", GET[2:]],
    [GET, b"\r\n" + GET],
]


@pytest.mark.parametrize("pieces", EMPTY, ids=range(len(EMPTY)))
def test_an_empty_line_before_a_request_is_ignored(pieces):
    targets, state = taken(*pieces)
    assert targets == ["/metrics"] * b"".join(pieces).count(b"GET")
    assert state == "idle"


@pytest.mark.parametrize("pieces", [[POST + b"\r\n" + GET], [POST, b"\r\n", GET], [POST + b"\r", b"\n" + GET]])
def test_an_empty_line_after_a_body_is_ignored(pieces):
    assert taken(*pieces) == (["/a", "/metrics"], "idle")


@pytest.mark.parametrize("pieces", [[b"\r\n\r\n" + GET], [b"\r\n", b"\r\n", GET], [b"\r", b"x"]])
def test_a_second_empty_line_is_no_request(pieces):
    with pytest.raises(RefusedError):
        taken(*pieces)


def test_an_empty_line_alone_is_nothing():
    assert taken(b"\r\n") == ([], "idle")
    assert taken(b"\r\n", b"") == ([], "idle")
    with pytest.raises(RefusedError):
        taken(b"\r", b"")


def test_a_request_with_two_lengths_is_the_last_one():
    both = with_header(b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"0\r\n\r\n")
    assert taken(both + GET) == (["/metrics"], "closed")
    assert taken(with_header(b"Transfer-Encoding: chunked", b"0\r\n\r\n") + GET) == (["/metrics"] * 2, "idle")
