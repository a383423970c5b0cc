import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.http import asking
from collectors.http.asking import (
    MAX_FIELDS,
    MAX_REMEMBERED,
    MAX_REMEMBERED_CHARACTERS,
    SHORTEST_TIMEOUT_SECONDS,
    TIMEOUT_HEADER,
    Asked,
    AskedTooMuchError,
    Asking,
)
from collectors.http.flight import Page
from collectors.http.messages import Request
from tests.collectors.http.serving import ask, serving

PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
EVERYTHING = (*TEXT_FORMATS, Format.PROTOBUF)


def request(query="", accept="", accept_encoding="", timeout=""):
    headers = {"accept": accept, "accept-encoding": accept_encoding, TIMEOUT_HEADER: timeout}
    return Request("GET", "/metrics", query, {name: value for name, value in headers.items() if value}, 0.0, "client")


@pytest.fixture
def read(monkeypatch):
    """Return the list of Accept headers that were read."""
    accepts = []
    choose = asking.choose_format

    def noted(accept, formats):
        accepts.append(accept)
        return choose(accept, formats)

    monkeypatch.setattr(asking, "choose_format", noted)
    return accepts


@pytest.mark.parametrize(
    ("asks", "asked"),
    [
        (request(), Asked(Page(Format.TEXT), compressed=False)),
        (request(accept_encoding="gzip"), Asked(Page(Format.TEXT), compressed=True)),
        (request(accept=PROTOBUF), Asked(Page(Format.PROTOBUF), compressed=False)),
        (request("format=text", PROTOBUF), Asked(Page(Format.TEXT), compressed=False)),
        (request("format=text&format=text", PROTOBUF), Asked(Page(Format.TEXT), compressed=False)),
        (request("format=protobuf&format=text", PROTOBUF), Asked(Page(Format.TEXT), compressed=False)),
        (request("name[]=a&name[]=b"), Asked(Page(Format.TEXT, frozenset("ab")), compressed=False)),
        (request(timeout="2.5"), Asked(Page(Format.TEXT, None, 2.5), compressed=False)),
        (request(timeout="0"), Asked(Page(Format.TEXT), compressed=False)),
        (request(timeout="-1"), Asked(Page(Format.TEXT), compressed=False)),
        (request(timeout="nan"), Asked(Page(Format.TEXT), compressed=False)),
        (request(timeout="soon"), Asked(Page(Format.TEXT, None, math.inf), compressed=False)),
    ],
)
def test_query_and_headers_say_what_is_asked_for(asks, asked):
    reader = Asking(EVERYTHING)
    assert reader.read(asks) == asked
    assert reader.read(asks) == asked


def test_what_was_read_is_remembered(read):
    reader = Asking(TEXT_FORMATS)
    assert reader.read(request(accept="text/plain")) is reader.read(request(accept="text/plain"))
    assert read == ["text/plain"]


def test_only_the_latest_are_remembered(read):
    reader = Asking(TEXT_FORMATS)
    for number in range(MAX_REMEMBERED + 1):
        reader.read(request(accept=str(number)))
    del read[:]
    reader.read(request(accept=str(MAX_REMEMBERED)))
    reader.read(request(accept="0"))
    assert read == ["0"]


@pytest.mark.parametrize(("length", "times"), [(MAX_REMEMBERED_CHARACTERS, 1), (MAX_REMEMBERED_CHARACTERS + 1, 2)])
def test_long_texts_are_not_remembered(read, length, times):
    reader = Asking(TEXT_FORMATS)
    for _ in range(2):
        reader.read(request(query="x" * (length - 3), accept="*/*"))
    assert read == ["*/*"] * times


TEXTS = st.sampled_from(["", "gzip", "text/plain", PROTOBUF, "name[]=a", "format=text", "5", "*/*"])


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), max_size=8))
def test_remembering_changes_nothing(asks):
    remembering = Asking(EVERYTHING)
    for texts in asks:
        assert remembering.read(request(*texts)) == Asking(EVERYTHING).read(request(*texts))


@pytest.mark.parametrize("seconds", [1e-9, 1e-6, 0.1, 0.5, 1, 7.3, 10, 15, 30, 60, 1000])
def test_a_timeout_is_shortened_by_a_quarter_of_an_octave_at_most(seconds):
    asked = Asking(TEXT_FORMATS).read(request(timeout=str(seconds))).page.timeout_seconds
    assert 0.8 * seconds <= asked <= max(seconds, SHORTEST_TIMEOUT_SECONDS)


def test_clients_cannot_ask_for_many_different_pages_by_their_timeouts():
    asking = Asking(TEXT_FORMATS)
    pages = {asking.read(request(timeout=f"{10 ** (number / 500)}")).page for number in range(-5000, 5000)}
    assert len(pages) < 150


def test_a_query_of_many_names_is_refused():
    asking = Asking(TEXT_FORMATS)
    many = "&".join(f"name[]=a{number}" for number in range(MAX_FIELDS))
    assert len(asking.read(request(query=many)).page.names) == MAX_FIELDS
    with pytest.raises(AskedTooMuchError, match="more than 200 fields"):
        asking.read(request(query=many + "&x=1"))
    with serving() as endpoint:
        status, _, body = ask(endpoint, f"/metrics?{many}&x=1")
        assert (status, body) == (400, b"The query has more than 200 fields\n")
