"""A snapshot at every point where the lock is free: whatever a scrape could see keeps the promises.

Threads find a torn write once in a million scrapes; this finds it every time. The interpreter calls a tracer before
each instruction of our code. Where the state's lock is free at that point, a scrape could happen: so one does.
"""

import sys
from itertools import islice
from typing import Self

import pytest

import gui_agents
from gui_agents.domain.lifecycle import Ending, TaskEvent
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.state.service_state import ServiceState
from tests.fakes import FakeClock, a_spec, new_state
from tests.gui_agents.histories import Player, endless
from tests.promises import broken, broken_between

OURS = (str(next(iter(gui_agents.__path__))), __file__)
"""Whose instructions are looked at: the service's, and the planted mistakes of this module."""


class Watch:
    """While it is entered, scrapes before every instruction that runs without the lock, and keeps what was wrong."""

    def __init__(self, state: ServiceState) -> None:
        self.problems: list[str] = []
        self.probes = 0
        self._state = state
        self._before = state.snapshot()
        self._outer = None

    def __enter__(self) -> Self:
        self._outer = sys.gettrace()
        # Python 3.12 traces instructions only where some frame wanted it before the tracer was set.
        sys._getframe().f_trace_opcodes = True
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._outer)

    def _trace(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes = True
        # A lock that is taken makes the scrape wait until it is free.
        if event == "opcode" and not self._state._lock.locked():
            self._probe()
        return self._trace

    def _probe(self) -> None:
        self.probes += 1
        after = self._state.snapshot()
        self.problems += [*broken(after), *broken_between(self._before, after)]
        self._before = after


def test_every_verb_is_one_instant():
    clock = FakeClock()
    state = new_state(clock, retention=2, log_messages=3)
    player = Player(state, clock)
    with Watch(state) as watch:
        for event in islice(endless(seed=9), 150):
            player.play(event)
    assert watch.problems == []
    assert watch.probes > 1000
    assert state.snapshot().tasks.created["completed"] > 3


class EndsWithoutTheLock(ServiceState):
    """Planted: the lock is forgotten."""

    def task_ended(self, task_id, ending):
        self._table.end(task_id, ending, self._monotonic(), self._time())
        self._streams.publish(task_id, StreamMessage(Stage.FINISHED, ending.message, self._time()), last=True)


class BeginsInTwoSections(ServiceState):
    """Planted: table and stream are each changed under the lock, but not in one critical section."""

    def task_created(self, task_id, spec, message):
        with self._lock:
            self._table.create(task_id, spec, self._monotonic(), self._time())
        with self._lock:
            self._streams.open(task_id)
            self._streams.publish(task_id, StreamMessage(Stage.STARTING, message, self._time()))


class CountsStepsWithoutTheLock(ServiceState):
    """Planted: one histogram is fed after the lock is free."""

    def decided(self, task_id, observe_seconds, decide_seconds):
        with self._lock:
            self._table.progressed(task_id, self._monotonic(), 1)
            self._stats.steps._steps += 1
            self._stats.steps._observe.observe(observe_seconds)
        self._stats.steps._decide.observe(decide_seconds)


@pytest.mark.parametrize("torn", [EndsWithoutTheLock, BeginsInTwoSections, CountsStepsWithoutTheLock])
def test_a_planted_torn_write_is_found(torn):
    state = new_state(FakeClock(), state_class=torn)
    with Watch(state) as watch:
        state.task_created("a", a_spec(), "accepted")
        state.task_started("a")
        state.decided("a", 0.25, 0.5)
        state.task_ended("a", Ending(event=TaskEvent.COMPLETE, message="done"))
    assert watch.problems
    # Afterwards everything is as it should be, which is why no other test can find it.
    assert broken(state.snapshot()) == []


def test_without_a_planted_one_none_is_found():
    state = new_state(FakeClock())
    with Watch(state) as watch:
        state.task_created("a", a_spec(), "accepted")
        state.task_started("a")
        state.decided("a", 0.25, 0.5)
        state.task_ended("a", Ending(event=TaskEvent.COMPLETE, message="done"))
    assert watch.problems == []
    assert watch.probes > 30
