import pytest

from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent
from gui_agents.state.recent import SLICE_SECONDS, SLICES, RecentCounts
from tests.fakes import FakeClock, a_spec, new_state

FAILED = Ending(event=TaskEvent.FAIL, message="failed", reason=FailureReason.MODEL_ERROR)
COMPLETED = Ending(event=TaskEvent.COMPLETE, message="done")


@pytest.mark.parametrize("began", [0.0, 3.5, 9.999])
def test_what_is_counted_is_told_for_five_minutes_at_least(began):
    counts = RecentCounts(["a", "b"])
    counts.count("a", began)
    assert counts.totals(began + 300.0) == {"a": 1, "b": 0}
    assert counts.totals(began + SLICES * SLICE_SECONDS) == {"a": 0, "b": 0}


def test_reading_costs_the_same_however_much_was_counted():
    counts = RecentCounts(["a"])
    for number in range(10_000):
        counts.count("a", number * 0.01)
    assert len(counts._slices) == 10
    assert counts.totals(100.0) == {"a": 10_000}


def end_tasks(state, ending, number, prefix):
    for index in range(number):
        state.task_created(f"{prefix}-{index}", a_spec(), "accepted")
        state.task_started(f"{prefix}-{index}")
        state.task_ended(f"{prefix}-{index}", ending)


def test_twelve_minutes_after_an_outage_no_failure_is_told_any_more():
    clock = FakeClock()
    state = new_state(clock)
    end_tasks(state, FAILED, 50, "outage")
    assert state.snapshot().recent.ended == {"completed": 0, "failed": 50, "cancelled": 0}
    for minute in range(12):
        clock.advance(60.0)
        end_tasks(state, COMPLETED, 2, f"healed-{minute}")
    assert state.snapshot().recent.ended == {"completed": 12, "failed": 0, "cancelled": 0}
