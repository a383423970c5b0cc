import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from collectors import register
from collectors.errors import NotMetricsError
from collectors.scraping.scraped import Scraped
from tests.collectors import golden
from tests.collectors.sources import Fixed


def service_page() -> str:
    registry = CollectorRegistry()
    register(Fixed(golden.busy_snapshot()), registry)
    return generate_latest(registry).decode()


def test_what_was_parsed_is_rendered_again_to_the_letter():
    page = service_page()
    again = generate_latest(Scraped.parse(page).registry()).decode()
    assert lines_without_time(again) == lines_without_time(page)


def lines_without_time(page: str) -> list[str]:
    return [line for line in page.splitlines() if not line.startswith("agent_collector_duration_seconds{")]


def test_samples_are_found_by_name_and_labels():
    page = Scraped.parse(service_page())
    assert page.one("agent_tasks_created_total", status="pending") == 12
    assert page.one("agent_tasks_created_total") is None
    assert page.one("agent_no_such_thing") is None
    assert page.by("agent_tasks_created_total", "status") == {
        "pending": 12,
        "running": 9,
        "completed": 3,
        "failed": 2,
        "cancelled": 2,
    }
    assert page.by("agent_grpc_handled_total", "code")["INTERNAL"] == 7


def test_timestamps_are_dropped_and_families_that_come_twice_are_one():
    page = Scraped.parse(
        '# TYPE a gauge\na{x="1"} 1 1700000000000\n# TYPE b gauge\nb 2\n# TYPE a gauge\na{x="2"} NaN\n'
    )
    text = generate_latest(page.registry()).decode()
    assert text == '# HELP a \n# TYPE a gauge\na{x="1"} 1.0\na{x="2"} NaN\n# HELP b \n# TYPE b gauge\nb 2.0\n'
    assert math.isnan(page.series("a")[frozenset({("x", "2")})])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# TYPE a gauge\n# TYPE b gauge\n# TYPE a counter\na 1\n", "a is a gauge and a counter"),
        ("# TYPE a gauge\na 1\na 1\n", "a has the same series twice"),
        ("<!DOCTYPE html>\n<title>Hello</title>", "DOCTYPE"),
        ("a{ 1", "."),
        ("a one", "one"),
    ],
)
def test_what_is_no_page_of_metrics_says_so(text, reason):
    with pytest.raises(NotMetricsError, match=reason):
        Scraped.parse(text)


@given(st.text() | st.text('#abc TYPE HELP{}="\\\n 1.', max_size=60))
@example('# HELP "')
@example("# TYPE a histogram\na_bucket 1")
@example("{} 1")
@example('a{b="')
def test_any_text_is_parsed_or_refused(text):
    try:
        page = Scraped.parse(text)
    except NotMetricsError:
        return
    generate_latest(page.registry())
