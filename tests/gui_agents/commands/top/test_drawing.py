import io
import math

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from collectors.scraping.scraped import Scraped
from gui_agents.commands.top.drawing import duration, frame, rate, size, sparkline
from gui_agents.commands.top.figures import Figures, Method, figures
from gui_agents.commands.top.history import History
from tests.collectors.scraping.test_scraped import service_page
from tests.gui_agents.commands.top.pages import a_page
from tests.strategies import EPOCH


def busy(now=EPOCH) -> Figures:
    history = History()
    page = Scraped.parse(service_page())
    history.add(1000.0, page)
    return figures(page, history, now)


def drawn(shown, *, width=80, height=24) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(frame(shown, Text("just now"), width, height))
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
        "success   66.7% of 3 in 5 min",
        "models    97.5% of 40 in 5 min",
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
        "all 8 sections of the page were read",
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
    assert text.splitlines()[1].rstrip() == " FAILED  tasks  sections  rpcs"


def test_failed_sections_and_many_currencies_fit_into_24_lines():
    names = ("tasks", "rpcs", "models", "sandboxes", "streams", "storage", "service")
    sections = dict.fromkeys(names, False) | {"process": True}
    cost = {"USD": 1.0, "CNY": 2.0, "EUR": 3.0, "JPY": 4.0}
    shown = attrs.evolve(busy(), sections=sections, cost_per_hour=cost, methods=methods(13))
    lines = drawn(shown).splitlines()
    assert len(lines) <= 24
    assert "FAILED  tasks  rpcs  models  sandboxes  streams  storage  service" in lines[1]
    assert "USD/h    1.00" in "\n".join(lines)
    assert "3 more/h CNY 2.00, EUR 3.00, " in "\n".join(lines)


def drawn_page(text, **size):
    history = History()
    page = Scraped.parse(text)
    history.add(1000.0, page)
    return drawn(figures(page, history, EPOCH), **size)


def test_what_the_page_does_not_tell_is_no_zero():
    text = drawn_page('agent_service_uptime_seconds 100\nagent_grpc_requests_total{method="M"} 5\n')
    for part in (
        "completed –  –/min",
        "steps           –/s",
        "failures        –",
        "RPCs (– streams open)",
        "0.05/s     –/s      5       –",
        "loop lag  –, blocked –",
        "sandboxes –",
        "files     –",
    ):
        assert part in text


def test_what_the_page_tells_to_be_zero_is_told():
    text = drawn_page(
        "agent_service_uptime_seconds 100\n"
        'agent_task_failures_total{reason="stuck"} 0\n'
        'agent_sandboxes{sandbox_type="Linux"} 0\n'
        "agent_event_loop_blocked_seconds_total 0\n"
        "agent_proxy_steps_total 0\n"
    )
    for part in ("failures        none", "sandboxes none", "blocked 0.0%", "steps           0/s"):
        assert part in text


def test_a_high_terminal_has_a_panel_of_sandboxes():
    text = drawn(busy(), height=36)
    for part in (
        "open         Simulated 4; 1 ready for the next task",
        "ended        closed 4, out_of_memory 3, swept 2, expired 1",
        "95 % open in Browser over 1:00, Simulated 0.05 s",
        "connections  allowed 40, denied_list 7, denied_private 2, failed 1",
    ):
        assert part in text
    assert len(text.splitlines()) <= 36
    assert "Sandboxes" not in drawn(busy())


def test_a_panel_of_sandboxes_that_are_not_told_has_no_zero():
    text = drawn_page("agent_service_uptime_seconds 100\n", height=36)
    for part in ("open         –; – ready", "ended        –", "95 % open in –", "connections  –"):
        assert part in text


def test_no_sandbox_is_no_time():
    text = drawn_page(
        "agent_service_uptime_seconds 100\n"
        'agent_sandbox_open_duration_seconds_bucket{sandbox_type="Linux",start="cold",le="+Inf"} 0\n',
        height=36,
    )
    assert "95 % open in none" in text


SAMPLES = (
    "agent_service_uptime_seconds",
    "agent_tasks_active",
    "agent_task_slots",
    "agent_task_success_rate",
    "agent_memory_usage_bytes",
    "agent_temp_files_count",
    "agent_event_loop_lag_seconds",
    "agent_event_loop_blocked_seconds_total",
    "agent_proxy_steps_total",
    "agent_task_oldest_pending_timestamp_seconds",
    'agent_tasks_created_total{status="completed"}',
    'agent_task_failures_total{reason="stuck"}',
    'agent_task_latency_seconds{quantile="0.5"}',
    'agent_task_latency_seconds{quantile="x"}',
    'agent_grpc_requests_total{method="[/x]"}',
    'agent_grpc_errors_total{method="[/x]"}',
    'agent_grpc_stream_connections{method="M"}',
    'agent_tokens_consumed_total{type="[bold]"}',
    'agent_execution_cost_total{currency="[/x]"}',
    'agent_sandboxes{sandbox_type="[/x]"}',
    'agent_sandboxes_ended_total{sandbox_type="x",reason="[/x]"}',
    'agent_sandbox_open_duration_seconds_bucket{sandbox_type="[/x]",start="cold",le="60.0"}',
    'agent_sandbox_open_duration_seconds_bucket{sandbox_type="[/x]",start="cold",le="+Inf"}',
    'agent_collector_success{section="[/x]"}',
)
NUMBERS = ("0", "1", "-5", "NaN", "+Inf", "-Inf", "1e308", "-1e300", "1e-320")


@settings(max_examples=30)
@given(st.lists(st.fixed_dictionaries({name: st.sampled_from(NUMBERS) for name in SAMPLES}), min_size=1, max_size=3))
def test_every_valid_page_can_be_drawn(pages):
    history = History()
    for second, values in enumerate(pages):
        page = Scraped.parse("".join(f"{name} {value}\n" for name, value in values.items()))
        history.add(1000.0 + second, page)
        shown = figures(page, history, EPOCH)
        assert max(map(len, drawn(shown).splitlines())) <= 80


def test_names_of_the_page_are_neither_markup_nor_orders_to_the_terminal():
    text = drawn_page(
        'agent_service_info{version="1\x1b[31mX"} 1\nagent_service_uptime_seconds 1\n'
        'agent_grpc_requests_total{method="[/x]\x1b]0;title\x07"} 1\n'
        'agent_collector_success{section="\x1b[2J"} 0\n'
    )
    assert "gui-agents 1\N{REPLACEMENT CHARACTER}[31mX" in text
    assert "[/x]\N{REPLACEMENT CHARACTER}]0;title\N{REPLACEMENT CHARACTER}" in text
    assert "\x1b" not in text


def test_a_service_that_tells_nothing_yet_can_be_drawn():
    history = History()
    page = a_page(uptime=0.0)
    history.add(0.0, page)
    text = drawn(figures(page, history, EPOCH))
    assert "this page has no sections" in text
    assert "RPCs (– streams open)" in text


def test_methods_that_nobody_has_called_are_none_yet():
    assert "none yet" in drawn(attrs.evolve(busy(), methods=[]))


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
    assert sparkline([-math.inf, math.nan, math.inf, -1, 1, 2]) == "▁▁▁▁▅█"
    assert sparkline([math.inf]) == "▁"


def test_sixty_columns_cut_no_figure_off():
    text = drawn(busy(), width=60)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) <= 24
    for part in ("slots     ████░░ 3/5", "queue     ░░░░░░ 2/100", "success   66.7% of 3 ", "completed 3  18.9/min"):
        assert part in text
    for part in (
        "p95      22:07",
        "waiting  12.5 s",
        "silent   0.125 s",
        "loop lag  0.25 s, 18.4%",
        "models    97.5% of 40",
    ):
        assert part in text


def test_in_a_narrow_column_one_panel_stands_below_the_other():
    text = drawn(busy(), width=44, height=60)
    assert max(map(len, text.splitlines())) <= 44
    assert not any("Tasks" in line and "Times" in line for line in text.splitlines())
    assert "failures timeout 1, stuck 1" in text


def test_most_tasks_that_failed_lately_are_red_whatever_was_before():
    shown = attrs.evolve(busy(), success_rate=0.99, recent_ended=180.0, recent_success_rate=0.0)
    console = Console(file=io.StringIO(), width=80, height=24, color_system="standard", force_terminal=True)
    console.print(frame(shown, Text("just now"), 80, 24))
    assert "\x1b[31m0.0%\x1b[0m of 180 in 5 min" in console.file.getvalue()


def test_without_recent_numbers_the_success_is_that_of_all_time():
    shown = attrs.evolve(
        busy(), recent_ended=None, recent_success_rate=None, recent_model_calls=None, recent_answer_rate=None
    )
    assert "success   60.0% in all" in drawn(shown)
    assert "models    –" in drawn(shown)
    quiet = attrs.evolve(busy(), recent_ended=0.0, recent_success_rate=None)
    assert "success   none in 5 min" in drawn(quiet)


def test_a_storage_that_fails_now_is_told_beside_what_waits():
    history = History()
    heading = {}
    for second, failed in enumerate((5, 5, 7)):
        page = Scraped.parse(
            f"agent_service_uptime_seconds {100 + second}\nagent_storage_queue 12\n"
            f'agent_storage_operations_total{{operation="commit",outcome="error"}} {failed}\n'
        )
        history.add(1000.0 + second, page)
        heading[second] = drawn(figures(page, history, EPOCH), width=100).splitlines()[0]
    told = "storage fails, 12 entries wait"
    assert {second: told in text for second, text in heading.items()} == {0: False, 1: False, 2: True}
