import io
import math

import attrs
import pytest
from rich.console import Console
from rich.text import Text

from collectors.scraped import Scraped
from gui_agents.commands.top.drawing import duration, frame, rate, size, sparkline
from gui_agents.commands.top.figures import Figures, Method, figures
from gui_agents.commands.top.history import History
from tests.collectors.test_scraped import service_page
from tests.gui_agents.commands.top.pages import a_page
from tests.strategies import EPOCH


def busy(now=EPOCH) -> Figures:
    history = History()
    page = Scraped.parse(service_page())
    history.add(1000.0, page)
    return figures(page, history, now)


def drawn(shown, *, width=80, height=24) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(frame(shown, Text("just now"), height))
    return console.file.getvalue()


def methods(count):
    return [
        Method(name=f"M{number}", total=9.0, errors=0.0, per_second=1.0, errors_per_second=0.0)
        for number in range(count)
    ]


def test_a_frame_shows_what_the_page_says():
    text = drawn(busy())
    for part in (
        "gui-agents 0.1.0  up 9.5 s  rates since the start",
        "just now",
        "███████░░░░░ 3/5",
        "2/100",
        "success   60.0%",
        "completed 3  18.9/min",
        "p50             6 s",
        "longest wait    12.5 s",
        "longest silence 0.125 s",
        "timeout 1, stuck 1",
        "QueryTaskStatus                        129,954/s  0.737/s  1,234,567       7",
        "2 streams open",
        "input/h  4,547,372,211",
        "USD/h    4,661.05",
        "loop lag  0.25 s, blocked 18.4%",
        "Simulated 4",
        "sections  tasks  rpcs  models",
    ):
        assert part in text


@pytest.mark.parametrize("count", [0, 1, 2, 3, 13])
def test_a_frame_fits_into_80_columns_and_24_lines(count):
    lines = drawn(attrs.evolve(busy(), methods=methods(count))).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_what_does_not_fit_is_counted():
    assert "and 12 more" in drawn(attrs.evolve(busy(), methods=methods(13)))
    assert "more" not in drawn(attrs.evolve(busy(), methods=methods(13)), height=50)


def test_a_section_that_failed_stands_out():
    text = drawn(attrs.evolve(busy(), sections={"tasks": False, "rpcs": True}))
    assert "tasks FAILED  rpcs" in text


def test_a_service_that_tells_nothing_yet_can_be_drawn():
    history = History()
    page = a_page(uptime=0.0)
    history.add(0.0, page)
    text = drawn(figures(page, history, EPOCH))
    assert "this page tells no sections" in text
    assert "none yet" in text


def test_a_service_that_is_ahead_of_our_clock_waits_for_0_seconds():
    assert busy(now=EPOCH - 1000).oldest_pending_seconds == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (math.nan, "–"), (0.0, "0 s"), (59.9, "59.9 s"), (61, "1:01"), (3661, "1:01:01"), (90000, "1 d 1 h")],
)
def test_durations_are_said_in_their_largest_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(None, "–"), (0, "0 B"), (1536, "1.5 KiB"), (2**30, "1 GiB"), (2**60, "1.049e+06 TiB")]
)
def test_sizes_are_said_in_their_largest_units(number, text):
    assert size(number) == text


def test_rates_have_three_digits_and_no_exponents():
    assert [rate(number) for number in (0, 0.1234, 99.94, 129_954.4)] == ["0", "0.123", "99.9", "129,954"]


def test_a_sparkline_is_as_high_as_its_highest_value():
    assert sparkline([0, 1, 2, 4, 8]) == "▁▂▃▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""
