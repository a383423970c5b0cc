"""Quotas hold for any history of calls and tasks, checked against plain sums."""

from collections import Counter
from functools import partial

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gui_agents.access.owners import Owners
from gui_agents.domain.access import NO_QUOTAS, Identity, Quota, QuotaExceededError, Quotas, Role
from tests.fakes import FakeClock

NAMES = ("ann", "bob")
names = st.sampled_from(NAMES)
limits = st.none() | st.integers(1, 3)
some_quotas = st.builds(
    Quotas, running=limits, queued=limits, requests=st.none() | st.integers(1, 4), connections=limits, streams=limits
).flatmap(lambda quotas: st.builds(attrs.evolve, st.just(quotas), subscribers=limits, bytes=st.none() | st.just(100)))


def refusal(call):
    """Return for which quota a call is refused, and what it returns."""
    try:
        return None, call()
    except QuotaExceededError as error:
        return error.quota, None


class History(RuleBasedStateMachine):
    """Two owners who call, follow and submit; a plain model says what must be refused."""

    def __init__(self):
        super().__init__()
        self.clock = FakeClock()
        self.quotas = dict.fromkeys(NAMES, NO_QUOTAS)
        self.owners = Owners(self.quotas.__getitem__, self.clock.monotonic)
        self.calls: list[tuple[str, str, bool]] = []
        self.followed: list[tuple[str, str, object]] = []
        self.tasks: dict[str, tuple[str, int, bool]] = {}
        self.recent: list[tuple[str, float]] = []

    @initialize(ann=some_quotas, bob=some_quotas)
    def begin(self, ann, bob):
        self.quotas.update(ann=ann, bob=bob)

    def caller(self, name: str) -> Identity:
        return Identity(name, frozenset({Role.SUBMIT}), self.quotas[name])

    @rule(name=names, connection=st.sampled_from("abcd"), streaming=st.booleans())
    def call(self, name, connection, streaming):
        quotas = self.quotas[name]
        open_now = [call for call in self.calls if call[0] == name]
        connections = {call[1] for call in open_now}
        now = self.clock.monotonic()
        must = {
            Quota.CONNECTIONS: quotas.connections is not None
            and len(connections | {connection}) > max(quotas.connections, len(connections)),
            Quota.STREAMS: quotas.streams is not None and streaming and sum(c[2] for c in open_now) >= quotas.streams,
        }
        began = partial(self.owners.call_began, self.caller(name), connection, streaming=streaming)
        quota, _ = refusal(began)
        if quota is not None:
            assert quota is Quota.REQUESTS or must[quota]
            return
        assert not any(must.values())
        self.calls.append((name, connection, streaming))
        self.recent.append((name, now))
        if quotas.requests is not None:
            minute = [at for who, at in self.recent if who == name and at > now - 60]
            assert len(minute) <= 2 * quotas.requests

    @rule(data=st.data())
    def hang_up(self, data):
        if self.calls:
            name, connection, streaming = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
            self.owners.call_ended(name, connection, streaming=streaming)

    @rule(name=names, task=st.sampled_from("xy"))
    def follow(self, name, task):
        most = self.quotas[name].subscribers
        already = sum((who, what) == (name, task) for who, what, _ in self.followed)
        quota, unfollow = refusal(partial(self.owners.following, self.caller(name), task))
        assert quota == (Quota.SUBSCRIBERS if most is not None and already >= most else None)
        if unfollow is not None:
            self.followed.append((name, task, unfollow))

    @rule()
    def unfollow(self):
        if self.followed:
            self.followed.pop()[2]()

    @rule(name=names, size=st.integers(0, 60), free=st.integers(0, 3))
    def submit(self, name, size, free):
        quotas = self.quotas[name]
        pending = sum(owner == name and not running for owner, _, running in self.tasks.values())
        running = sum(owner == name and running for owner, _, running in self.tasks.values())
        taken = sum(bytes_ for owner, bytes_, _ in self.tasks.values() if owner == name)
        room = free if quotas.running is None else max(0, min(free, quotas.running - running))
        must = {
            Quota.QUEUED: quotas.queued is not None and pending >= quotas.queued + room,
            Quota.BYTES: quotas.bytes is not None and taken + size > quotas.bytes,
        }
        quota, _ = refusal(partial(self.owners.check_task, name, free, size))
        if quota is not None:
            assert must[quota]
            return
        assert not any(must.values())
        task_id = f"t{len(self.recent)}-{len(self.tasks)}-{self.clock.monotonic()}"
        self.clock.advance(0.001)
        self.owners.task_waits(task_id, name, size)
        self.tasks[task_id] = (name, size, False)

    @rule(data=st.data())
    def start(self, data):
        waiting = [task for task, (_, _, running) in self.tasks.items() if not running]
        if waiting:
            task = data.draw(st.sampled_from(waiting))
            name, size, _ = self.tasks[task]
            if self.owners.may_start(name):
                self.owners.task_started(task)
                self.tasks[task] = (name, size, True)

    @rule(data=st.data())
    def end(self, data):
        if self.tasks:
            task = data.draw(st.sampled_from(sorted(self.tasks)))
            owner, _, _ = self.tasks.pop(task)
            assert self.owners.task_ended(task) == owner

    @rule(seconds=st.floats(0, 30, allow_subnormal=False))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @invariant()
    def no_owner_has_more_than_its_quotas(self):
        running = Counter(owner for owner, _, runs in self.tasks.values() if runs)
        for name in NAMES:
            most = self.quotas[name].running
            assert self.owners.may_start(name) == (most is None or running[name] < most)
            assert most is None or running[name] <= most


TestHistory = History.TestCase


def test_what_is_refused_says_how_many_there_may_be():
    owners = Owners(lambda _: Quotas(queued=0, bytes=10), FakeClock().monotonic)
    with pytest.raises(QuotaExceededError, match=r"0 tasks of this owner may wait, and as many do, which is the quota"):
        owners.check_task("ann", 0, 1)
    owners.check_task("ann", 1, 10)
    with pytest.raises(QuotaExceededError, match="10 bytes are allowed for the tasks of this owner") as refused:
        owners.check_task("ann", 1, 11)
    # Nothing will make room for a task that is larger than the quota.
    assert refused.value.retry_seconds is None
