"""Tasks, tokens and an endpoint that shows them, for tests of the pages."""

import contextlib
import threading
from decimal import Decimal
from typing import Any

import attrs

from collectors import TaskSource
from gui_agents.domain.access import AuthFailure, Identity, Role
from gui_agents.domain.actions import Click, Done
from gui_agents.domain.journal import Step
from gui_agents.domain.lifecycle import LIVE, Ending, TaskEvent, TaskStatus
from gui_agents.domain.storage import CursorError, StorageError, StoredStep, StoredTask, TaskPage, TaskSummary
from gui_agents.domain.task import TaskRecord, TaskStatistics
from tests.collectors.http.serving import serving
from tests.fakes import EPOCH, a_spec

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\5"
    b"\0\1\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)
USED = TaskStatistics(3, 1200, 34, Decimal("0.0125"), "USD")
DONE = Ending(event=TaskEvent.COMPLETE, message="completed in 3 steps", result="89")
TOKENS = {
    "gat_ann": Identity("ann", frozenset({Role.SUBMIT})),
    "gat_ben": Identity("ben", frozenset({Role.SUBMIT})),
    "gat_eye": Identity("eye", frozenset({Role.READ})),
    "gat_nil": Identity("nil", frozenset()),
}


def a_task(task_id: str = "task-1", *, status: TaskStatus = TaskStatus.COMPLETED, **changes: Any) -> StoredTask:
    """Return a stored task; fields of its request and of its record may be changed."""
    spec_fields = {field.name for field in attrs.fields(type(a_spec()))}
    spec = a_spec(**{name: changes.pop(name) for name in list(changes) if name in spec_fields})
    record: dict[str, Any] = {
        "created_at": EPOCH,
        "execution_seconds": 0.0 if status in LIVE else 4.25,
        "statistics": USED,
        "sandbox": None,
        "ending": None if status in LIVE else DONE,
    }
    stored = {name: changes.pop(name) for name in ("attempt", "started_at", "ended_at") if name in changes}
    return StoredTask(
        record=TaskRecord(task_id=task_id, spec=spec, status=status, **{**record, **changes}),
        keys_forgotten=False,
        **{"attempt": 1, "started_at": EPOCH + 1, "ended_at": None if status in LIVE else EPOCH + 5.25, **stored},
    )


def a_step(number: int, **changes: Any) -> StoredStep:
    """Return a recorded action."""
    attempt = changes.pop("attempt", 1)
    fields = {
        "number": number,
        "action": Click(number, 2),
        "rationale": f"reason {number}",
        "outcome": f"outcome {number}",
        "seconds": 1.5,
        "tokens": 400,
        "cost": Decimal("0.004"),
        "currency": "USD",
    }
    return StoredStep(attempt=attempt, at=EPOCH + number, step=Step(**{**fields, **changes}))


class Views:
    """Tasks in memory; it can be made to hang or to fail."""

    def __init__(self, *tasks: StoredTask) -> None:
        self.stored = {task.record.task_id: task for task in tasks}
        self.recorded: dict[str, list[StoredStep]] = {}
        self.shots: dict[tuple[str, str], bytes] = {}
        self.asked: list[Any] = []
        """The arguments of each question for a list."""
        self.problem: Exception | None = None
        self.hangs = threading.Event()
        self.hangs.set()

    def tasks(self, wanted, order, *, descending, limit, cursor=""):
        self._wait()
        self.asked.append((wanted, order, descending, limit, cursor))
        if cursor not in ("", "more"):
            raise CursorError("another list")
        found = [task for task in self.stored.values() if wanted.owner in (None, task.record.spec.owner)]
        found = [task for task in found if not wanted.statuses or task.record.status in wanted.statuses]
        shown = found[:limit] if not cursor else found[limit:]
        return TaskPage(
            tasks=tuple(map(summary, shown)), next_cursor="more" if len(found) > limit and not cursor else ""
        )

    def task(self, task_id):
        self._wait()
        return self.stored.get(task_id)

    def steps(self, task_id):
        return tuple(self.recorded.get(task_id, ()))

    def pictures(self, task_id):
        return [name for owner, name in self.shots if owner == task_id]

    def picture(self, task_id, name):
        return self.shots.get((task_id, name))

    def _wait(self) -> None:
        self.hangs.wait(20)
        if self.problem is not None:
            raise self.problem


def summary(task: StoredTask) -> TaskSummary:
    """Return the line of a task."""
    record = task.record
    return TaskSummary(
        task_id=record.task_id,
        attempt=task.attempt,
        owner=record.spec.owner,
        status=record.status,
        reason=None if record.ending is None else record.ending.reason,
        model=record.spec.model.full_name,
        backend=record.spec.backend,
        instruction=record.spec.instruction[:300],
        message="" if record.ending is None else record.ending.message,
        created_at=record.created_at,
        started_at=task.started_at,
        ended_at=task.ended_at,
        execution_seconds=record.execution_seconds,
        statistics=record.statistics,
    )


class Tokens:
    """Tokens that can be revoked; none at all if it is off."""

    def __init__(self, known=TOKENS, *, on=True) -> None:
        self.known = dict(known)
        self.on = on

    def identify(self, authorization):
        if not self.on:
            return Identity("", frozenset(Role))
        if authorization is None:
            return AuthFailure.MISSING
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.startswith("gat_"):
            return AuthFailure.MALFORMED
        return self.known.get(token, AuthFailure.UNKNOWN)

    def current(self, identity):
        return next((known for known in self.known.values() if known.name == identity.name), None)


@contextlib.contextmanager
def showing(views, tokens=None, *, open_without_tokens=True, **more):
    """Run an endpoint that shows these tasks."""
    source = TaskSource(views=views, tokens=tokens or Tokens(on=False), open_without_tokens=open_without_tokens)
    with serving(tasks=source, **more) as endpoint:
        yield endpoint


def a_busy_view() -> Views:
    """Return a few tasks with steps and pictures."""
    views = Views(
        a_task("task-1", instruction="write a letter", owner="ann"),
        a_task("task-2", status=TaskStatus.RUNNING, instruction="pay the bill", owner="ben"),
    )
    views.recorded["task-1"] = [a_step(1), a_step(2, action=None, outcome="invalid: no"), a_step(3, action=Done("89"))]
    views.shots = {("task-1", "2.png"): PNG, ("task-1", "4.jpg"): b"\xff\xd8jpeg"}
    return views


DOWN = StorageError("no route to the database")
