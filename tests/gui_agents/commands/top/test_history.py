import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.commands.top.history import KEPT_SECONDS, History
from tests.gui_agents.commands.top.pages import a_page

CREATED = "agent_tasks_created_total"


def test_one_reading_tells_the_average_since_the_start():
    history = History()
    history.add(1000.0, a_page(uptime=50.0, completed=10, failed=5))
    assert history.rate(CREATED, 60.0, status="completed") == pytest.approx(0.2)
    assert history.rate(CREATED, 60.0) == pytest.approx(0.3)
    assert history.covered(60.0) is None
    assert history.steps(CREATED, 10) == []


def test_two_readings_tell_what_grew_between_them():
    history = History()
    history.add(1000.0, a_page(uptime=50.0, completed=10))
    history.add(1002.0, a_page(uptime=52.0, completed=16, failed=2))
    assert history.rate(CREATED, 60.0, status="completed") == pytest.approx(3.0)
    assert history.rate(CREATED, 60.0, status="failed") == pytest.approx(1.0)
    assert history.covered(60.0) == 2.0


def test_a_rate_is_that_of_its_window():
    history = History()
    for second in range(0, 100, 10):
        history.add(float(second), a_page(uptime=50.0 + second, completed=second * second))
    assert history.rate(CREATED, 10.0) == pytest.approx((90**2 - 80**2) / 10)
    assert history.rate(CREATED, 30.0) == pytest.approx((90**2 - 60**2) / 30)
    assert history.rate(CREATED, 1.0) == pytest.approx((90**2 - 80**2) / 10)
    assert history.steps(CREATED, 2) == [pytest.approx((80**2 - 70**2) / 10), pytest.approx((90**2 - 80**2) / 10)]


def test_a_restart_is_no_negative_rate_and_is_counted():
    history = History()
    history.add(0.0, a_page(uptime=500.0, completed=100))
    history.add(10.0, a_page(uptime=510.0, completed=110))
    history.add(20.0, a_page(uptime=4.0, completed=3))
    assert history.rate(CREATED, 60.0) == pytest.approx(13 / 20)
    assert history.restarts == 1


def test_a_restart_shows_in_the_uptime_also_when_the_counters_have_passed_where_they_were():
    history = History()
    history.add(0.0, a_page(uptime=500.0, completed=1))
    history.add(600.0, a_page(uptime=400.0, completed=7))
    assert history.rate(CREATED, 600.0) == pytest.approx(7 / 600)


def test_a_series_that_is_born_later_counts_from_0():
    history = History()
    history.add(0.0, a_page(completed=1))
    history.add(1.0, a_page(completed=1, cancelled=4))
    assert history.rate(CREATED, 60.0, status="cancelled") == pytest.approx(4.0)


def test_a_section_that_is_left_out_for_a_while_neither_shrinks_nor_grows_twice():
    history = History()
    history.add(0.0, a_page(uptime=10.0, completed=5))
    history.add(1.0, a_page(uptime=11.0))
    assert history.rate(CREATED, 60.0) is None
    history.add(2.0, a_page(uptime=12.0, completed=7))
    assert history.rate(CREATED, 60.0) == pytest.approx(1.0)


def test_without_an_uptime_there_are_rates_from_the_second_reading_on():
    history = History()
    history.add(0.0, a_page(uptime=None, completed=7))
    assert history.rate(CREATED, 60.0) == 0.0
    history.add(1.0, a_page(uptime=None, completed=8))
    assert history.rate(CREATED, 60.0) == pytest.approx(1.0)


def test_an_uptime_that_is_left_out_for_a_while_is_no_restart():
    history = History()
    for at, uptime in ((0.0, 10.0), (1.0, None), (2.0, 12.0)):
        history.add(at, a_page(uptime=uptime, completed=100))
    assert (history.restarts, history.rate(CREATED, 60.0)) == (0, 0.0)


def test_old_readings_are_forgotten():
    history = History()
    for at in range(int(3 * KEPT_SECONDS)):
        history.add(float(at), a_page(completed=at))
    assert len(history.steps(CREATED, 10**6)) <= KEPT_SECONDS + 1
    assert history.covered(10**6) <= KEPT_SECONDS + 1


@given(st.lists(st.tuples(st.floats(0.1, 1000), st.integers(0, 50), st.booleans()), min_size=1, max_size=20))
def test_the_growth_is_what_a_service_counted_over_all_its_lives(readings):
    history = History()
    history.add(0.0, a_page(uptime=1.0, completed=0))
    at, uptime, count, counted = 0.0, 1.0, 0, 0
    for seconds, tasks, restarted in readings:
        at += seconds
        uptime, count = (
            (seconds / 2, tasks) if restarted and seconds / 2 < uptime else (uptime + seconds, count + tasks)
        )
        counted += tasks
        history.add(at, a_page(uptime=uptime, completed=count))
        since = history.covered(1e9)
        if at <= KEPT_SECONDS:
            assert history.rate(CREATED, 1e9) * since == pytest.approx(counted, abs=1e-6)
        assert min(history.steps(CREATED, 100)) >= 0
