from gui_agents.domain.clock import SteadyClock
from tests.fakes import EPOCH, FakeClock


def test_an_instant_is_dated_by_the_wall_clock():
    clock = FakeClock(monotonic=100.0)
    steady = SteadyClock(clock)
    clock.advance(60.0)
    assert steady.dated(100.0) == EPOCH
    assert steady.dated(160.0) == clock.time()


def test_an_age_is_true_after_the_wall_clock_was_set():
    clock = FakeClock(monotonic=100.0)
    steady = SteadyClock(clock)
    for set_by in (7200.0, -3600.0):
        clock.advance(10.0)
        clock.turn_wall_clock(set_by)
        age = clock.monotonic() - 100.0
        assert clock.time() - steady.dated(100.0) == age


def test_a_clock_that_only_drifts_changes_no_date():
    clock = FakeClock(monotonic=100.0)
    steady = SteadyClock(clock)
    before = steady.dated(100.0)
    clock.turn_wall_clock(0.001)
    assert steady.dated(100.0) == before
