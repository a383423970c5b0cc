import math
from decimal import Decimal
from itertools import product

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.utils import floatToGoString

from collectors import ServiceCollector
from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.exposition.text import number
from collectors.metrics import catalogue
from collectors.metrics.definitions import Metric, MetricType, Section, counter, gauge, histogram
from gui_agents.snapshot import HistogramPoint
from tests.collectors import golden
from tests.collectors.sources import Broken, Fixed
from tests.strategies import PHASE_SECONDS, histogram_points, idle_snapshot, service_snapshots

FORMATS = {Format.TEXT: generate_latest, Format.OPENMETRICS: generate_openmetrics}

words = st.text(st.characters(codec="utf-8"), max_size=12) | st.text('\\"\n\r%{}# \x0b\x85\u2028', max_size=8)
moments = st.floats(0, 2e9) | st.sampled_from([1e-5, 0.5, 1e6, 1e15, 1e16, 1e22, -1.7e9])
floats = st.floats() | st.sampled_from([0.0, -0.0, 1e6, 999999.5, 1e21, 1e16, 123456789.0, 1e10, 5e-324])


def reference(source, sections, form):
    """Return what prometheus_client writes."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(source, sections, clock=lambda: 0.0))
    return FORMATS[form](registry)


def exposition(sections):
    return Exposition(sections, clock=lambda: 0.0)


@given(floats | st.integers() | st.integers(10**5, 10**16) | st.booleans())
def test_a_number_is_written_as_prometheus_client_does(value):
    try:
        expected = floatToGoString(value)
    except OverflowError:
        return
    assert number(value) == expected


@pytest.mark.parametrize("digits", range(1, 20))
def test_round_and_odd_numbers_are_written_as_prometheus_client_does(digits):
    for value in (10**digits - 1, 10**digits, 10**digits + 1, 12 * 10**digits, -(10**digits)):
        assert number(value) == floatToGoString(value)
        assert number(float(value)) == floatToGoString(value)


@pytest.mark.parametrize("power", range(-20, 60))
def test_fractions_beside_a_power_of_two_or_ten_are_written_as_prometheus_client_does(power):
    """There the fewest digits are hardest to find, and the notations change."""
    for middle in (2.0**power, 10.0**power):
        for value in (math.nextafter(middle, 0), middle, math.nextafter(middle, math.inf), middle * 1.1, -middle):
            assert number(value) == floatToGoString(value)


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=max(1, settings().max_examples // 5))
@given(st.lists(service_snapshots(), min_size=1, max_size=3), st.data())
def test_any_snapshots_are_rendered_byte_for_byte_alike(form, snapshots, data):
    """The same snapshots come back in any order, so that what is kept between scrapes is put to the test."""
    page = exposition(golden.sections())
    for snapshot in (*snapshots, *data.draw(st.permutations(snapshots))):
        source = Fixed(snapshot)
        assert page.render(Instant(source), form) == reference(source, golden.sections(), form)


def rows(*metrics):
    return (Section(name="odd", metrics=metrics),)


@pytest.mark.parametrize("form", FORMATS)
@given(
    st.dictionaries(st.tuples(words, words), st.floats(0, 1e300) | st.integers(0, 10**16)),
    st.dictionaries(words, histogram_points(PHASE_SECONDS), max_size=3),
    words,
    st.floats(0, 1e300),
)
def test_odd_labels_and_numbers_are_rendered_alike(form, numbers, points, text, single):
    sections = rows(
        gauge("odd_numbers", text, lambda _: numbers, labels=("b", "a"), example=""),
        histogram("odd_points", "%d percent", lambda _: points, labels=("name",), example=""),
        counter("odd_single_total", text, lambda _: single, example=""),
    )
    source = Fixed(idle_snapshot())
    page = exposition(sections)
    for _ in range(2):
        assert page.render(Instant(source), form) == reference(source, sections, form)


@pytest.mark.parametrize("form", FORMATS)
@given(
    st.lists(st.tuples(words, floats.filter(math.isfinite) | st.integers(0, 10**7), moments), min_size=1, max_size=3)
)
def test_odd_exemplars_are_rendered_alike(form, marks):
    exemplars = [None] * 3
    for index, (task_id, value, at) in enumerate(marks):
        exemplars[index] = (task_id, value, at)
    point = HistogramPoint((1.0, 1e6), (1, 2, 3), 6.5, tuple(exemplars))
    large = attrs.evolve(point, counts=(10**6, 2, 10**15))
    other = attrs.evolve(large, bounds=(1.0, 2e6))
    source = Fixed(idle_snapshot())
    current = [point]
    sections = rows(histogram("odd_points", "Points.", lambda _: current[0], example=""))
    page = exposition(sections)
    for current[0] in (point, large, other, attrs.evolve(point, exemplars=(None,) * 3), point):
        assert page.render(Instant(source), form) == reference(source, sections, form)


def assert_rendered_alike(points, form):
    """Render one page after the other, with these histograms."""
    left = [*points]
    source = Fixed(idle_snapshot())
    sections = rows(histogram("odd_points", "Points.", lambda _: left[0], example=""))
    page = exposition(sections)
    while left:
        assert page.render(Instant(source), form) == reference(source, sections, form)
        left.pop(0)


counts_of_all_magnitudes = st.integers(0, 16).flatmap(
    lambda digits: st.sampled_from([0, 10**digits - 1, 10**digits, 7 * 10**digits]) | st.integers(0, 10**digits)
)


@pytest.mark.parametrize("form", FORMATS)
@given(
    st.lists(
        st.tuples(
            st.lists(counts_of_all_magnitudes, min_size=3, max_size=3),
            st.floats(0, 1e18) | st.sampled_from([0.0, 1e-5, 1e-4, 1e6, 3]),
            st.lists(st.none() | st.tuples(words, st.floats(0, 1e7), moments), min_size=3, max_size=3),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_counts_that_grow_and_shrink_are_rendered_alike(form, history):
    points = [HistogramPoint((1.0, 1e6), tuple(counts), total, tuple(marks)) for counts, total, marks in history]
    assert_rendered_alike(points, form)


@pytest.mark.parametrize("form", FORMATS)
def test_counts_that_pass_a_power_of_ten_are_rendered_alike(form):
    counts = [0, *(10**digits + step for digits in range(17) for step in (-1, 0, 1))]
    points = [HistogramPoint((1.0,), (count, 0), 1.5, (None, None)) for count in [*counts, *reversed(counts)]]
    assert_rendered_alike(points, form)


EDGES = [
    neighbour
    for edge in (1e-5, 1e-4, 1.0, 1e6, 1e15, 1e16)
    for neighbour in (math.nextafter(edge, 0), edge, math.nextafter(edge, math.inf), int(edge), int(edge) + 1)
]


@pytest.mark.parametrize("form", FORMATS)
def test_numbers_at_the_edges_of_notations_are_rendered_alike(form):
    numbers = {str(index): value for index, value in enumerate(EDGES)}
    source = Fixed(idle_snapshot())
    sections = rows(gauge("odd_numbers", "Numbers.", lambda _: numbers, labels=("i",), example=""))
    page = exposition(sections).render(Instant(source), form)
    assert page == reference(source, sections, form)
    assert page.count(b"odd_numbers{") == len(numbers)


def test_exemplars_at_the_edges_of_notations_are_rendered_alike():
    marks = [("a", value, at) for value in EDGES for at in EDGES]
    points = {str(index): HistogramPoint((), (3,), 1.5, (mark,)) for index, mark in enumerate(marks)}
    source = Fixed(idle_snapshot())
    sections = rows(histogram("odd_points", "Points.", lambda _: points, labels=("i",), example=""))
    page = exposition(sections).render(Instant(source), Format.OPENMETRICS)
    assert page == reference(source, sections, Format.OPENMETRICS)
    assert page.count(b" # {task_id=") == len(marks)


def test_bounds_below_zero_are_rendered_alike_between_others():
    """prometheus_client writes no count and no sum where an observation may be negative."""
    usual = HistogramPoint((1.0, 2.0), (1, 2, 3), 6.5, (None,) * 3)
    points = [usual, attrs.evolve(usual, bounds=(-1.0, 1.0)), attrs.evolve(usual, counts=(4, 5, 6)), usual]
    assert_rendered_alike(points, Format.TEXT)


def test_exemplars_are_right_after_one_that_could_not_be_written():
    good = HistogramPoint((1.0, 2.0), (1, 2, 3), 6.5, (("a", 0.5, 1.7e9), None, ("c", 3.0, 1.7e9)))
    bad = attrs.evolve(good, exemplars=(("b", 0.25, 1.7e9), ("b", None, 1.7e9), None))
    points = [good, bad, good]
    source = Fixed(idle_snapshot())
    sections = rows(histogram("odd_points", "Points.", lambda _: points.pop(0), example=""))
    page = exposition(sections)
    shown = page.render(Instant(source), Format.OPENMETRICS)
    assert b"odd_points" not in page.render(Instant(source), Format.OPENMETRICS)
    assert page.render(Instant(source), Format.OPENMETRICS) == shown


def test_keys_and_bounds_that_change_are_laid_out_anew():
    readings = [
        {"a": golden.observed((1.0,), 0.5)},
        {"a": golden.observed((1.0, 2.0), 1.5), "b": golden.observed((1.0,), 3.0)},
        {"b": golden.observed((1.0,), 3.0)},
        {},
    ]
    numbers = [{"a": 1}, {"b": 1, "a": 2}, {"a": 3, "b": 1}, {}, {"a": 0.0}, {"a": -0.0}, {"a": 0}, {"a": -0.0}]
    sections = rows(
        histogram("odd_points", "Points.", lambda _: readings[0], labels=("name",), example=""),
        gauge("odd_numbers", "Numbers.", lambda _: numbers[0], labels=("name",), example=""),
    )
    page = exposition(sections)
    source = Fixed(idle_snapshot())
    while numbers:
        assert page.render(Instant(source)) == reference(source, sections, Format.TEXT)
        numbers.pop(0)
        readings = readings[1:] or readings
        if not numbers:
            break


@pytest.mark.parametrize("form", FORMATS)
def test_a_section_that_failed_comes_back_with_the_numbers_of_now(form):
    good = golden.observed((1.0,), 0.5)
    bad = attrs.evolve(good, counts=(1, -1))
    wider = golden.observed((1.0, 2.0), 0.5, 1.5)
    steps = [
        ({"a": 5, "b": 1}, 2_000_000, good),
        ({"a": 6, "b": -1}, 3_000_000, good),
        ({"a": 6, "b": 1}, 3_000_000, good),
        ({"a": 5, "b": 1}, 2_000_000, bad),
        ({"a": 5, "b": 1}, 2_000_000, wider),
        ({"a": 5, "c": math.nan}, 2_000_000, good),
        ({"a": 5, "c": 7}, 4_000_000, good),
        ({"a": 5, 3: 7}, 4_000_000, good),
        ({"a": 5, "c": 7}, -1, wider),
        ({"a": 6, "c": 7}, 4_000_000, wider),
        ({"a": 7, "c": -7}, 4_000_000, wider),
        ({"a": 6, "c": 8}, 4_000_000, wider),
        ({"a": None, "c": 8}, 4_000_000, wider),
        ({"a": None, "c": None}, 4_000_000, wider),
        ({"a": 6, "c": 8}, 4_000_000, None),
        ({"a": 6.5, "c": Decimal(8)}, 4_000_000, None),
    ]
    current = [steps[0]]
    sections = rows(
        gauge("odd_numbers", "Numbers.", lambda _: current[0][0], labels=("name",), example=""),
        gauge("odd_number", "A number.", lambda _: current[0][1], example=""),
        histogram("odd_points", "Points.", lambda _: current[0][2], example=""),
    )
    page = exposition(sections)
    source = Fixed(idle_snapshot())
    for current[0] in (*steps, *reversed(steps)):
        assert page.render(Instant(source), form) == reference(source, sections, form)


@pytest.mark.parametrize("form", FORMATS)
def test_equal_readings_that_are_written_differently_are_rendered_alike(form):
    """0.0 and -0.0, 1 and True, 1 and Decimal(1) are equal, and so are points that hold them."""
    readings = [1, 1.0, True, Decimal(1), 1, 0.0, -0.0, 0, False, math.nan, math.nan, 2]
    point = HistogramPoint((0.0, 1.0), (1, 2, 3), 0.0, (("a", 0.0, 1.5), None, None))
    points = [
        point,
        attrs.evolve(point, bounds=(-0.0, 1)),
        attrs.evolve(point, sum=-0.0),
        attrs.evolve(point, sum=0),
        attrs.evolve(point, exemplars=(("a", -0.0, 1.5), None, None)),
        attrs.evolve(point, counts=(True, 2, 3)),
        attrs.evolve(point, counts=(1, 2.0, 3)),
        point,
    ]
    number_of, point_of = [readings[0]], [points[0]]
    sections = (
        Section(name="numbers", metrics=(gauge("odd_number", "Number.", lambda _: number_of[0], example=""),)),
        Section(name="points", metrics=(histogram("odd_points", "Points.", lambda _: point_of[0], example=""),)),
    )
    page = exposition(sections)
    source = Fixed(idle_snapshot())
    for number_of[0], point_of[0] in product(readings, points):
        assert page.render(Instant(source), form) == reference(source, sections, form)


@pytest.mark.parametrize("form", FORMATS)
@given(st.lists(st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), words, max_size=3), max_size=4))
def test_infos_whose_labels_change_are_rendered_alike(form, readings):
    current = [{}]
    row = Metric(name="odd_info", type=MetricType.INFO, help="Info.", read=lambda _: current[0], example="")
    page = exposition(rows(row))
    source = Fixed(idle_snapshot())
    for current[0] in (*readings, *reversed(readings)):
        assert page.render(Instant(source), form) == reference(source, rows(row), form)


def test_what_has_not_changed_is_not_written_again():
    """The page would show what was written in between: a point is taken for what it was when it was first seen."""
    counts = [1, 2]
    point = HistogramPoint((1.0,), counts, 1.5, (None, None))
    page = exposition(rows(histogram("odd_points", "Points.", lambda _: point, example="")))
    source = Fixed(idle_snapshot())
    before = page.render(Instant(source))
    counts[0] = 7
    assert page.render(Instant(source)) == before


@pytest.mark.parametrize("form", FORMATS)
def test_metrics_that_come_and_go_are_rendered_alike(form):
    readings = [(1, None, None), (1, None, {"a": 1}), (None, 1, {"a": 1}), (None, None, None), (2, 3, {})]
    current = [readings[0]]
    sections = rows(
        gauge("odd_first", "First.", lambda _: current[0][0], example=""),
        gauge("odd_second", "Second.", lambda _: current[0][1], example=""),
        gauge("odd_third", "Third.", lambda _: current[0][2], labels=("name",), example=""),
    )
    page = exposition(sections)
    source = Fixed(idle_snapshot())
    for current[0] in (*readings, *reversed(readings)):
        assert page.render(Instant(source), form) == reference(source, sections, form)


def test_the_process_is_rendered_by_the_same_layer():
    page = Exposition(catalogue.sections())
    text = page.render(Instant(Broken())).decode()
    assert 'agent_collector_success{section="process"} 1.0\n' in text
    assert 'agent_collector_success{section="tasks"} 0.0\n' in text
    for name in ("agent_memory_usage_bytes", "process_cpu_seconds_total", "python_gc_collections_total", "python_info"):
        assert f"# TYPE {name} " in text


@pytest.mark.parametrize("form", FORMATS)
def test_names_ask_for_whole_families_and_nothing_else(form):
    page = Exposition(catalogue.sections())
    source = Fixed(golden.busy_snapshot())
    names = frozenset({"agent_task_steps_sum", "agent_service", "agent_tasks_created", "python_info", "nonsense"})
    text = page.render(Instant(source), form, names=names).decode()
    ending = ["EOF"] if form is Format.OPENMETRICS else []
    told = [line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert {name.removesuffix("_total").removesuffix("_info") for name in told} == {
        "agent_tasks_created",
        "agent_task_steps",
        "agent_service",
        "python",
    }
    assert text.splitlines()[-1].split()[-1:] == (ending or ["1.0"])


def test_names_take_a_snapshot_only_where_it_is_needed():
    page = Exposition(catalogue.sections())
    source = Fixed(golden.busy_snapshot())
    assert page.render(Instant(source), names=frozenset({"python_info", "agent_memory_usage_bytes"}))
    assert page.render(Instant(source), names=frozenset({"nonsense"})) == b""
    assert source.taken == 0


def test_names_of_the_outcomes_examine_every_section():
    page = Exposition(catalogue.sections())
    source = Fixed(attrs.evolve(golden.busy_snapshot(), streams=None))
    names = frozenset({"agent_collector_success", "agent_tasks_active", "agent_stream_subscribers"})
    text = page.render(Instant(source), names=names).decode()
    assert "agent_tasks_active 3.0" in text
    assert 'agent_collector_success{section="streams"} 0.0' in text
    assert 'agent_collector_success{section="tasks"} 1.0' in text
    assert "agent_collector_duration_seconds" not in text
    assert "agent_stream_subscribers" not in text
    assert page.failures()["streams"] == 1


class Ticking:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_section_that_would_miss_the_deadline_is_left_out_and_tried_again_later(caplog):
    clock = Ticking()

    def slow(_):
        clock.now += 3.0
        return 1

    sections = (
        Section(name="slow", metrics=(gauge("slow", "Slow.", slow, example=""),)),
        Section(name="quick", metrics=(gauge("quick", "Quick.", lambda _: 1, example=""),)),
    )
    page = Exposition(sections, clock)

    def scrape(timeout):
        return page.render(Instant(Fixed(idle_snapshot())), deadline=clock.now + timeout).decode()

    assert "\nslow 1.0" in scrape(2.0)
    for expected in (False, True):
        text = scrape(2.0)
        assert ("\nslow 1.0" in text) is expected
        assert f'agent_collector_success{{section="slow"}} {float(expected)}' in text
        assert "\nquick 1.0" in text or expected
    assert "the scrape's timeout is too short for them: slow" in caplog.text


@pytest.mark.parametrize("form", Format)
def test_a_metric_that_two_sections_have_fails_the_second_one_alone(form):
    first, second = (
        Section(name=name, metrics=(gauge("shop_open", "Open.", read, example="shop_open"),), subject=object())
        for name, read in (("one", lambda _: 1), ("two", lambda _: 2))
    )
    page = exposition((first, second))
    for _ in range(2):
        shown = page.render(Instant(Broken()), form)
        assert shown.count(b"Open.") == 1
    assert page.failures() == {"one": 0, "two": 2}
    if form is Format.TEXT:
        assert b"shop_open 1.0\n" in shown
        assert b'agent_collector_success{section="two"} 0.0\n' in shown


def test_a_metric_named_like_one_of_the_catalogue_fails_its_own_section(caplog):
    own = Section(
        name="own", metrics=(gauge("agent_tasks_active", "Mine.", lambda _: 7, example="x"),), subject=object()
    )
    page = exposition((*catalogue.sections(), own)).render(Instant(Fixed(golden.busy_snapshot())))
    assert page.count(b"\nagent_tasks_active ") == 1
    assert b"Mine." not in page
    assert "agent_tasks_active is on this page already" in caplog.text


def test_two_sections_of_one_name_are_refused():
    section = Section(name="own", metrics=(gauge("shop_open", "Open.", lambda _: 1, example="shop_open"),))
    with pytest.raises(ValueError, match="two sections of metrics are called 'own'"):
        exposition((section, section))
