"""A stand-in until the real one is merged."""

import attrs
from decimal import Decimal

from gui_agents.domain.lifecycle import LIVE, TaskStatus
from gui_agents.domain.model import NO_HISTORY
from gui_agents.domain.storage import *  # noqa
from gui_agents.domain.task import TaskRecord, TaskStatistics


class MemoryStore:
    def __init__(self):
        self.rows, self.msgs, self.stps, self.hist, self.days = {}, {}, {}, {}, {}

    def open(self):
        pass

    def close(self):
        pass

    def write(self, entries):
        for e in entries:
            if isinstance(e, TaskCreated):
                self.rows.setdefault(
                    e.task_id,
                    StoredTask(
                        record=TaskRecord(
                            task_id=e.task_id,
                            spec=e.spec.without_keys(),
                            status=TaskStatus.PENDING,
                            created_at=e.created_at,
                            execution_seconds=0.0,
                            statistics=TaskStatistics(),
                            sandbox=None,
                            ending=None,
                        ),
                        attempt=e.attempt,
                        keys_forgotten=e.spec.config != e.spec.config.without_keys(),
                        started_at=None,
                        ended_at=None,
                    ),
                )
                continue
            if isinstance(e, DaySpent):
                self.days.setdefault(e.day, {})[e.currency] = e.amount
                continue
            s = self.rows[e.task_id]
            if isinstance(e, TaskRequeued):
                self.rows[e.task_id] = attrs.evolve(
                    s, attempt=e.attempt, record=attrs.evolve(s.record, status=TaskStatus.PENDING)
                )
                continue
            if e.attempt != s.attempt:
                continue
            ev = lambda **k: self.rows.__setitem__(e.task_id, attrs.evolve(s, record=attrs.evolve(s.record, **k)))
            if isinstance(e, TaskStarted):
                self.rows[e.task_id] = attrs.evolve(
                    s, started_at=e.started_at, record=attrs.evolve(s.record, status=TaskStatus.RUNNING)
                )
            elif isinstance(e, SandboxGiven):
                ev(sandbox=e.sandbox)
            elif isinstance(e, MessagePublished):
                self.msgs.setdefault(e.task_id, {})[e.position] = e.message
            elif isinstance(e, StepRecorded):
                self.stps.setdefault(e.task_id, []).append(StoredStep(attempt=e.attempt, at=e.at, step=e.step))
                ev(statistics=e.statistics)
            elif isinstance(e, TaskEnded):
                self.hist[e.task_id] = e.history
                self.rows[e.task_id] = attrs.evolve(
                    s,
                    ended_at=e.ended_at,
                    record=attrs.evolve(
                        s.record,
                        status=e.status,
                        ending=e.ending,
                        statistics=e.statistics,
                        execution_seconds=e.execution_seconds,
                    ),
                )

    def unfinished(self):
        return [r for r in self.rows.values() if r.record.status in LIVE]

    def task(self, task_id):
        return self.rows.get(task_id)

    def messages(self, task_id):
        return [m for _, m in sorted(self.msgs.get(task_id, {}).items())]

    def steps(self, task_id):
        return tuple(self.stps.get(task_id, ()))

    def history(self, task_id):
        return self.hist.get(task_id, NO_HISTORY)

    def spent(self, day):
        return dict(self.days.get(day, {}))

    def expire(self, *, ended_before, max_bytes):
        return ()

    def size_bytes(self):
        return 0
