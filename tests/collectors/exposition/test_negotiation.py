import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.exposition.negotiation import accepts_gzip, choose_format

OPENMETRICS = Format.OPENMETRICS
TEXT = Format.TEXT
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
EVERYTHING = (*TEXT_FORMATS, Format.PROTOBUF)
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,/;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OPENMETRICS),
        ('application/openmetrics-text;version="1.0.0"', OPENMETRICS),
        ("APPLICATION/OpenMetrics-Text", OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", TEXT),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/*", OPENMETRICS),
        ("application/json", TEXT),
        ("text/plain", TEXT),
        ("text/plain,application/openmetrics-text", TEXT),
        ("application/openmetrics-text,text/plain", OPENMETRICS),
        ("text/plain;q=0.5,application/openmetrics-text;q=0.4", TEXT),
        ("text/plain;q=0.4,application/openmetrics-text;q=0.5", OPENMETRICS),
        ("application/openmetrics-text;q=0,*/*", TEXT),
        ("text/plain;q=0,*/*;q=0.1", OPENMETRICS),
        ("application/openmetrics-text;q=high,text/plain;q=0.1", TEXT),
        ("application/openmetrics-text;q=nan", TEXT),
        (",;,", TEXT),
        (
            PROMETHEUS_2,
            OPENMETRICS,
        ),
        (
            PROMETHEUS_3,
            OPENMETRICS,
        ),
        ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.3", TEXT),
    ],
)
def test_the_preferred_format_is_chosen(accept, form):
    assert choose_format(accept) is form


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (PROTOBUF, Format.PROTOBUF),
        (f"{PROTOBUF},{PROMETHEUS_2}", Format.PROTOBUF),
        (PROTOBUF.replace("=", '="').replace(";enc", '";enc') + '"', Format.PROTOBUF),
        (f"text/plain;q=0.5,{PROTOBUF};q=0.6", Format.PROTOBUF),
        (f"text/plain,{PROTOBUF}", TEXT),
        (f"{PROTOBUF};q=0.3,{OPENMETRICS.value};q=0.4", OPENMETRICS),
        (f"{PROTOBUF};q=0", TEXT),
        ("application/vnd.google.protobuf", TEXT),
        (PROTOBUF.replace("delimited", "text"), TEXT),
        (PROTOBUF.replace("MetricFamily", "Other"), TEXT),
        ("application/*", OPENMETRICS),
        ("*/*", TEXT),
        ("", TEXT),
        (PROMETHEUS_2, OPENMETRICS),
    ],
)
def test_protobuf_is_for_those_who_name_it_and_its_messages(accept, form):
    assert choose_format(accept, EVERYTHING) is form


@pytest.mark.parametrize("accept", [PROTOBUF, f"{PROTOBUF},{PROMETHEUS_2}"])
def test_protobuf_is_not_chosen_unless_it_is_offered(accept):
    assert choose_format(accept) in TEXT_FORMATS


@given(st.text(max_size=80) | st.text('aplictonexmrsvqud/*;=,.01 \t"-', max_size=80))
def test_any_header_leads_to_a_format(header):
    assert choose_format(header) in TEXT_FORMATS
    assert choose_format(header, EVERYTHING) in Format
    assert accepts_gzip(header) in (True, False)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("br, *;q=0.1", True),
        ("identity;q=1, gzip;q=0.5", False),
        ("gzip;q=0.5, identity", False),
        ("identity, *;q=0.5", False),
        ("identity, gzip", True),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("identity;q=0.4, *;q=0.5", True),
        ("identity;q=0", False),
    ],
)
def test_gzip_is_used_where_it_is_asked_for(header, accepted):
    assert accepts_gzip(header) is accepted
