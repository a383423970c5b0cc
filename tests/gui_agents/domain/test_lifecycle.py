import pytest

from gui_agents.domain.lifecycle import (
    LIVE,
    TERMINAL,
    TRANSITIONS,
    Ending,
    FailureReason,
    IllegalTransitionError,
    TaskEvent,
    TaskStatus,
    failure,
    next_status,
)
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.secret import Secret
from tests.fakes import FakeClock, a_spec, new_state

ILLEGAL = None
TABLE = {
    "pending": {"start": "running", "complete": ILLEGAL, "fail": "failed", "cancel": "cancelled"},
    "running": {"start": ILLEGAL, "complete": "completed", "fail": "failed", "cancel": "cancelled"},
    "completed": {"start": ILLEGAL, "complete": ILLEGAL, "fail": ILLEGAL, "cancel": ILLEGAL},
    "failed": {"start": ILLEGAL, "complete": ILLEGAL, "fail": ILLEGAL, "cancel": ILLEGAL},
    "cancelled": {"start": ILLEGAL, "complete": ILLEGAL, "fail": ILLEGAL, "cancel": ILLEGAL},
}
PAIRS = [(status, event) for status in TaskStatus for event in TaskEvent]


def ending(event):
    reason = FailureReason.TIMEOUT if event is TaskEvent.FAIL else None
    return Ending(event=event, message="ended", reason=reason)


def state_with_a(status):
    """Return a state whose task `t` is in `status`."""
    state = new_state(FakeClock())
    state.task_created("t", a_spec(), "accepted")
    if status is not TaskStatus.PENDING:
        state.task_started("t")
    ends = {
        TaskStatus.COMPLETED: TaskEvent.COMPLETE,
        TaskStatus.FAILED: TaskEvent.FAIL,
        TaskStatus.CANCELLED: TaskEvent.CANCEL,
    }
    if status in ends:
        state.task_ended("t", ending(ends[status]))
    return state


def happen(state, event):
    if event is TaskEvent.START:
        state.task_started("t")
    else:
        state.task_ended("t", ending(event))


def test_the_table_has_every_pair():
    assert {(status, event) for status, row in TABLE.items() for event in row} == set(PAIRS)


@pytest.mark.parametrize(("status", "event"), PAIRS)
def test_an_event_moves_a_status_as_the_table_says(status, event):
    assert next_status(status, event) == TABLE[status][event]
    assert ((status, event) in TRANSITIONS) == (TABLE[status][event] is not ILLEGAL)


@pytest.mark.parametrize(("status", "event"), PAIRS)
def test_a_task_moves_as_the_table_says_or_nothing_changes(status, event):
    state = state_with_a(status)
    before, record = state.snapshot(), state.record("t")
    if TABLE[status][event] is ILLEGAL:
        with pytest.raises(IllegalTransitionError) as caught:
            happen(state, event)
        assert (caught.value.status, caught.value.event) == (status, event)
        assert str(caught.value) == f"a {status} task cannot {event}"
        assert state.snapshot() == before
        assert state.record("t") == record
    else:
        happen(state, event)
        assert state.status("t") == TABLE[status][event]


def test_live_statuses_are_those_that_something_can_leave():
    assert {status for status in TaskStatus if any(TABLE[status].values())} == LIVE
    assert set(TaskStatus) - LIVE == TERMINAL


def test_the_transitions_cannot_be_changed():
    with pytest.raises(TypeError):
        TRANSITIONS[TaskStatus.FAILED, TaskEvent.START] = TaskStatus.RUNNING


@pytest.mark.parametrize("event", TaskEvent)
def test_a_failure_and_nothing_else_has_a_reason(event):
    with pytest.raises(ValueError, match="a failure has a reason"):
        Ending(event=event, message="", reason=None if event is TaskEvent.FAIL else FailureReason.STUCK)
    assert ending(event).event is event


def test_an_end_is_shown_without_keys():
    redactor = Redactor([Secret("planted-key")])
    told = failure(FailureReason.MODEL_ERROR, "you sent planted-key", result="it is planted-key").redacted(redactor)
    assert (told.message, told.result) == ("model_error: you sent ********", "it is ********")
    plain = failure(FailureReason.MODEL_ERROR, "no answer")
    assert plain.redacted(redactor) is plain
