"""Lean pages beside full ones: what is left out, what never is, and what stays."""

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.exposition.lean import without_zeros
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.metrics.definitions import Section, gauge, histogram
from collectors.operations.reads import words_of_rules
from gui_agents.snapshot import HistogramPoint
from tests.collectors import golden
from tests.collectors.messages import parsed, samples
from tests.collectors.sources import Fixed
from tests.fakes import FakeClock, new_state
from tests.gui_agents.histories import Player, events

POINT = HistogramPoint((1.0,), (0, 0), 0.0, (None, None))


def pages(needed):
    """Return a full page and a lean one of the same sections."""
    sections = golden.sections()
    return [Exposition(each, clock=lambda: 0.0) for each in (sections, without_zeros(sections, needed))]


def shown(sections, form=Format.TEXT, source=None):
    return Exposition(sections, clock=lambda: 0.0).render(Instant(source or Fixed(None)), form).decode()


def row(read, **more):
    return Section(name="odd", metrics=(gauge("odd", "Odd.", read, labels=("name",), example="", **more),))


def values(text):
    """Return the samples of a text page: the number by the name with its labels."""
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


@settings(max_examples=max(1, settings().max_examples // 5))
@given(st.lists(events(), max_size=25), st.sampled_from([frozenset(), words_of_rules()]))
def test_a_lean_page_is_the_full_one_without_zeros_after_any_history(history, needed):
    clock = FakeClock()
    player = Player(new_state(clock), clock)
    full, lean = pages(needed)
    before = set()
    for event in [None, *history]:
        if event is not None:
            player.play(event)
        instant = Instant(player.state)
        for form in TEXT_FORMATS:
            everything, left = (page.render(instant, form).decode().splitlines() for page in (full, lean))
            # The same lines in the same order: each one is found behind the one before.
            lines = iter(everything)
            assert all(line in lines for line in left)
        everything, left = (values(page.render(instant).decode()) for page in (full, lean))
        gone = everything.keys() - left.keys()
        assert {everything[series] for series in gone} <= {"0.0"}
        assert all("{" in series for series in gone)
        assert before & everything.keys() <= left.keys()
        before |= left.keys()


@given(st.lists(events(), max_size=20))
def test_what_a_rule_reads_is_shown_whole_after_any_history(history):
    clock = FakeClock()
    player = Player(new_state(clock), clock)
    for event in history:
        player.play(event)
    full, lean = (page.render(Instant(player.state)).decode() for page in pages(words_of_rules()))
    read = {
        name
        for section in golden.sections()
        for metric in section.metrics
        if metric.names & words_of_rules()
        for name in metric.names
    }
    assert {line for line in full.splitlines() if line.split("{")[0].split(" ")[0] in read} <= set(lean.splitlines())
    assert "agent_tasks_created_total" in read


@given(st.lists(events(), max_size=20))
def test_protobuf_shows_the_same_series(history):
    clock = FakeClock()
    player = Player(new_state(clock), clock)
    for event in history:
        player.play(event)
    _, lean = pages(frozenset())
    instant = Instant(player.state)
    told = {key for key, value in samples(parsed(lean.render(instant, Format.PROTOBUF))).items()}
    spelt = {(series.split("{")[0], frozenset(_labels(series))) for series in values(lean.render(instant).decode())}
    assert told == spelt


def _labels(series):
    _, _, labels = series.rstrip("}").partition("{")
    return [(name, value.strip('"')) for name, _, value in (pair.partition("=") for pair in labels.split(",") if pair)]


def test_a_series_appears_with_its_first_number_and_stays():
    reading = {"a": 0, "b": 0.0, "c": -0.0}
    sections = without_zeros([row(lambda _: reading)], frozenset())
    page = Exposition(sections, clock=lambda: 0.0)

    def lines():
        return [line for line in page.render(Instant(Fixed(None))).decode().splitlines() if "odd" in line[:12]]

    header = ["# HELP odd Odd.", "# TYPE odd gauge"]
    assert lines() == []
    reading = {"a": 0, "b": 2, "c": 0}
    assert lines() == [*header, 'odd{name="b"} 2.0']
    reading = {"a": 1.5, "b": 0, "c": 0}
    assert lines() == [*header, 'odd{name="a"} 1.5', 'odd{name="b"} 0.0']
    reading = {"a": 0, "b": 0, "c": 0}
    assert lines() == [*header, 'odd{name="a"} 0.0', 'odd{name="b"} 0.0']


def test_a_histogram_without_observations_is_zero():
    points = {"a": POINT, "b": HistogramPoint((1.0,), (0, 1), 0.0, (None, None))}
    rows = (histogram("odd", "Odd.", lambda _: points, labels=("name",), example=""),)
    text = shown(without_zeros([Section(name="odd", metrics=rows)], frozenset()))
    assert 'name="b"' in text
    assert 'name="a"' not in text


@pytest.mark.parametrize("needed", ["odd", "odd_total", "odd_bucket"])
def test_any_name_of_a_metric_keeps_it_whole(needed):
    kept = {"odd": gauge, "odd_total": gauge, "odd_bucket": histogram}[needed]
    name = "odd_total" if needed == "odd_total" else "odd"
    zero = POINT if kept is histogram else 0
    section = Section(name="odd", metrics=(kept(name, "Odd.", lambda _: {"a": zero}, labels=("name",), example=""),))
    assert 'name="a"' in shown(without_zeros([section], frozenset({needed})))
    assert 'name="a"' not in shown(without_zeros([section], frozenset({"other"})))


def test_what_has_no_labels_is_shown():
    section = Section(name="odd", metrics=(gauge("odd", "Odd.", lambda _: 0, example=""),))
    assert "\nodd 0.0\n" in shown(without_zeros([section], frozenset()))


@pytest.mark.parametrize("reading", [{"a": None}, {"a": Decimal(0)}, {"a": math.nan}, {"a": -1}, {"a": "0"}, 0, "0"])
def test_what_must_not_be_shown_fails_a_lean_section_too(reading):
    text = shown(without_zeros([row(lambda _: reading)], frozenset()))
    assert 'agent_collector_success{section="odd"} 0.0' in text


def test_an_absent_metric_stays_absent():
    assert "# TYPE odd" not in shown(without_zeros([row(lambda _: None)], frozenset()))
