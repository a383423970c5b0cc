"""Native histograms from the observation to the scraper: who has them, who sees them, and what stays as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from gui_agents.config import load
from gui_agents.domain.clock import SystemClock
from gui_agents.models.prices.price_list import PriceList
from gui_agents.monitoring import observed
from gui_agents.service import build_state
from tests.collectors import golden
from tests.collectors.http.serving import ask, serving
from tests.collectors.messages import parsed, samples
from tests.fakes import FakeClock, new_state
from tests.gui_agents.histories import Player, events
from tests.promises import histograms

CLASSIC_ONLY = {"agent_task_steps"}
DURATIONS = {
    "agent_task_execution_duration_seconds",
    "agent_task_queue_wait_duration_seconds",
    "agent_grpc_request_duration_seconds",
    "agent_step_phase_duration_seconds",
    "agent_model_request_duration_seconds",
    "agent_sandbox_open_duration_seconds",
    "agent_storage_commit_duration_seconds",
}
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
PROMETHEUS = (
    f"{PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,"
    "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def played(history, *, native):
    clock = FakeClock()
    player = Player(new_state(clock, native=native), clock)
    for event in history:
        player.play(event)
    return player.state


@given(st.lists(events(), max_size=60))
def test_both_kinds_of_buckets_count_the_same_at_every_instant(history):
    clock = FakeClock()
    player = Player(new_state(clock, native=True), clock)
    for event in history:
        player.play(event)
        for name, point in histograms(player.state.snapshot()):
            assert (point.native is None) == (name in CLASSIC_ONLY)
            assert point.native is None or point.native.count == point.count


@given(st.lists(events(), max_size=60))
def test_the_texts_are_byte_for_byte_those_without_native_histograms(history):
    sections = golden.sections()
    for form in TEXT_FORMATS:
        shown = [
            Exposition(sections, clock=lambda: 0.0).render(Instant(played(history, native=native)), form)
            for native in (False, True)
        ]
        assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("environment", "kept"),
    [
        ({}, False),
        ({"ENABLE_PROMETHEUS": "true"}, False),
        ({"PROMETHEUS_NATIVE_HISTOGRAMS": "true"}, False),
        ({"ENABLE_PROMETHEUS": "true", "PROMETHEUS_NATIVE_HISTOGRAMS": "true"}, True),
    ],
)
def test_they_are_kept_only_where_they_are_switched_on_and_served(environment, kept):
    config = load(environment)
    state = build_state(config, PriceList.load(None), SystemClock(), observed=observed(config))
    assert {point.native is not None for name, point in histograms(state.snapshot()) if "steps" not in name} == {kept}


@pytest.mark.parametrize("accept", [PROTOBUF, PROMETHEUS])
def test_protobuf_is_never_served_unless_they_are_on(accept):
    with serving() as endpoint:
        _, headers, body = ask(endpoint, accept=accept)
    assert headers["content-type"] in {form.value for form in TEXT_FORMATS}
    assert b"agent_tasks_active 3.0\n" in body


def test_who_prefers_protobuf_gets_the_whole_page_with_both_kinds_of_buckets():
    source = new_state(FakeClock(), native=True)
    with serving(source, native_histograms=True) as endpoint:
        status, headers, body = ask(endpoint, accept=PROMETHEUS, accept_encoding="gzip")
        _, _, text = ask(endpoint)
    families = parsed(body)
    assert (status, headers["content-type"]) == (200, Format.PROTOBUF.value)
    assert {family.name for family in families} == {
        line.split(" ")[2] for line in text.decode().splitlines() if line.startswith("# TYPE ")
    }
    native = {series.histogram.HasField("schema") for family in families for series in family.metric}
    assert native == {True, False}
    for family in families:
        for series in family.metric:
            assert series.histogram.HasField("schema") is (family.name in DURATIONS)
            assert family.name not in DURATIONS or series.histogram.bucket


def test_who_prefers_text_gets_text():
    with serving(native_histograms=True) as endpoint:
        _, headers, _ = ask(endpoint)
        _, open_headers, _ = ask(endpoint, accept="application/openmetrics-text;version=1.0.0")
    assert headers["content-type"] == Format.TEXT.value
    assert open_headers["content-type"] == Format.OPENMETRICS.value


def test_a_job_can_ask_for_text_though_its_scraper_prefers_protobuf():
    with serving(native_histograms=True) as endpoint:
        _, headers, body = ask(endpoint, "/metrics?format=text&name[]=agent_tasks_active", accept=PROMETHEUS)
        _, chosen_headers, chosen = ask(endpoint, "/metrics?name[]=agent_tasks_active", accept=PROMETHEUS)
    assert headers["content-type"] == Format.OPENMETRICS.value
    assert b"agent_tasks_active 3.0\n" in body
    assert chosen_headers["content-type"] == Format.PROTOBUF.value
    assert samples(parsed(chosen)) == {("agent_tasks_active", frozenset()): 3.0}
