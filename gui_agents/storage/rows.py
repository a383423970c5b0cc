"""Entries as statements, and rows as what is stored: what SQLite and PostgreSQL have in common.

Every statement can be executed again without harm, in the order of its batch, and changes only rows of the attempt
that its entry has. Statements are written with `?` for parameters, and have no other `?` and no `%`.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from gui_agents.domain.journal import (
    DaySpent,
    Entry,
    MessagePublished,
    SandboxGiven,
    Step,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
)
from gui_agents.domain.lifecycle import ENDS, Ending, FailureReason, TaskStatus
from gui_agents.domain.model import NO_HISTORY, History
from gui_agents.domain.sandbox import SandboxInfo
from gui_agents.domain.spec import TaskSpec
from gui_agents.domain.storage import SUMMARY_CHARACTERS, StoredStep, StoredTask, TaskSummary
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskRecord, TaskStatistics
from gui_agents.storage import codec
from gui_agents.storage.dialect import Dialect, Parameters
from gui_agents.storage.keys import keys_forgotten, masked_instruction, without_keys

Statement = tuple[str, Parameters]

_OF_ATTEMPT: Final = "task_id = ? AND attempt = ?"
_STATISTICS: Final = "steps = ?, input_tokens = ?, output_tokens = ?, cost = ?, currency = ?"

CREATE: Final = """
INSERT INTO tasks (task_id, attempt, owner, status, model, backend, instruction, created_at, cost, keys_forgotten)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task_id) DO NOTHING
"""
CREATE_REQUEST: Final = f"""
INSERT INTO requests (sequence, spec) SELECT sequence, ? FROM tasks WHERE {_OF_ATTEMPT}
ON CONFLICT (sequence) DO NOTHING
"""
CREATE_TEXT: Final = f"""
INSERT INTO texts (sequence, folded) SELECT sequence, ? FROM tasks WHERE {_OF_ATTEMPT}
ON CONFLICT (sequence) DO NOTHING
"""
REQUEUE: Final = f"""
UPDATE tasks SET attempt = ?, status = ?, started_at = NULL, sandbox = NULL, {_STATISTICS}
WHERE task_id = ? AND attempt < ? AND ended_at IS NULL
"""
START: Final = f"UPDATE tasks SET status = ?, started_at = ? WHERE {_OF_ATTEMPT} AND status = ?"
STARTED: Final = f"UPDATE tasks SET started_at = ? WHERE {_OF_ATTEMPT} AND status = ?"
SANDBOX: Final = f"UPDATE tasks SET sandbox = ? WHERE {_OF_ATTEMPT}"
MESSAGE: Final = f"""
INSERT INTO messages (sequence, position, stage, text, published_at)
SELECT sequence, ?, ?, ?, ? FROM tasks WHERE {_OF_ATTEMPT}
ON CONFLICT (sequence, position) DO UPDATE
SET stage = excluded.stage, text = excluded.text, published_at = excluded.published_at
"""
STEP: Final = f"""
INSERT INTO steps (sequence, attempt, position, recorded_at, step)
SELECT sequence, attempt, ?, ?, ? FROM tasks WHERE {_OF_ATTEMPT}
ON CONFLICT (sequence, attempt, position) DO UPDATE SET recorded_at = excluded.recorded_at, step = excluded.step
"""
USED: Final = f"UPDATE tasks SET {_STATISTICS} WHERE {_OF_ATTEMPT} AND ended_at IS NULL"
OUTCOME: Final = f"""
INSERT INTO outcomes (sequence, result, history)
SELECT sequence, ?, ? FROM tasks WHERE {_OF_ATTEMPT} AND ended_at IS NULL
ON CONFLICT (sequence) DO NOTHING
"""
END: Final = f"""
UPDATE tasks SET status = ?, reason = ?, message = ?, ended_at = ?, seconds = ?, {_STATISTICS}
WHERE {_OF_ATTEMPT} AND ended_at IS NULL
"""
SPENT: Final = """
INSERT INTO spent (day, owner, currency, amount) VALUES (?, ?, ?, ?)
ON CONFLICT (day, owner, currency) DO UPDATE SET amount = excluded.amount
"""

SUMMARY: Final = """
task_id, attempt, owner, status, reason, model, backend, instruction, message, created_at, started_at, ended_at,
seconds, steps, input_tokens, output_tokens, cost, currency
"""
"""The columns of `summary_in`."""
_WHOLE: Final = f"""
SELECT {SUMMARY}, sandbox, keys_forgotten, spec, result
FROM tasks JOIN requests USING (sequence) LEFT JOIN outcomes USING (sequence)
"""
TASK: Final = f"{_WHOLE} WHERE task_id = ?"
UNFINISHED: Final = f"{_WHOLE} WHERE ended_at IS NULL ORDER BY sequence"
MESSAGES: Final = """
SELECT stage, text, published_at FROM messages JOIN tasks USING (sequence) WHERE task_id = ? ORDER BY position
"""
STEPS: Final = """
SELECT steps.attempt, recorded_at, step FROM steps JOIN tasks USING (sequence) WHERE task_id = ?
ORDER BY steps.attempt, position
"""
HISTORY: Final = "SELECT history FROM outcomes JOIN tasks USING (sequence) WHERE task_id = ?"
SPENT_ON: Final = "SELECT owner, currency, amount FROM spent WHERE day = ?"

_EVENTS: Final = {status: event for event, status in ENDS.items()}
_UNUSED: Final = TaskStatistics()


def of_batch(entries: Sequence[Entry], dialect: Dialect) -> Iterator[tuple[Entry, Iterator[Statement]]]:
    """Yield entries with the statements that write them, without what a later one of the batch writes again.

    Status and statistics are in most of the indexes: to write them once costs half as much for a short task.
    """
    last: dict[tuple[str, int], int] = {}
    ending: set[tuple[str, int]] = set()
    for number, entry in enumerate(entries):
        if isinstance(entry, StepRecorded | TaskEnded):
            last[entry.task_id, entry.attempt] = number
            if isinstance(entry, TaskEnded):
                ending.add((entry.task_id, entry.attempt))
    for number, entry in enumerate(entries):
        if isinstance(entry, StepRecorded) and last[entry.task_id, entry.attempt] > number:
            yield entry, iter((_step(entry),))
        elif isinstance(entry, TaskStarted) and (entry.task_id, entry.attempt) in ending:
            yield entry, iter(((STARTED, (entry.started_at, *_key(entry), TaskStatus.PENDING)),))
        else:
            yield entry, statements(entry, dialect)


def statements(entry: Entry, dialect: Dialect) -> Iterator[Statement]:
    """Yield the statements that write an entry, in their order."""
    match entry:
        case TaskCreated():
            yield from _created(entry, dialect)
        case MessagePublished(message=message):
            text = codec.text_of(message.text)
            yield MESSAGE, (entry.position, message.stage, text, message.published_at, *_key(entry))
        case StepRecorded():
            yield _step(entry)
            yield USED, (*_used(entry.statistics, dialect), *_key(entry))
        case TaskStarted():
            yield START, (TaskStatus.RUNNING, entry.started_at, *_key(entry), TaskStatus.PENDING)
        case SandboxGiven():
            yield SANDBOX, (codec.json_of(entry.sandbox), *_key(entry))
        case TaskEnded():
            yield from _ended(entry, dialect)
        case TaskRequeued():
            used = _used(_UNUSED, dialect)
            yield REQUEUE, (entry.attempt, TaskStatus.PENDING, *used, *_key(entry))
        case DaySpent():
            owner = codec.text_of(entry.owner)
            yield SPENT, (entry.day, owner, entry.currency, dialect.write_money(entry.amount))


def _step(entry: StepRecorded) -> Statement:
    return STEP, (entry.position, entry.at, codec.json_of(entry.step), *_key(entry))


def _key(entry: Any) -> tuple[str, int]:
    return codec.text_of(entry.task_id), entry.attempt


def _created(entry: TaskCreated, dialect: Dialect) -> Iterator[Statement]:
    masked = masked_instruction(entry.spec)
    spec = without_keys(entry.spec, masked)
    yield (
        CREATE,
        (
            *_key(entry),
            codec.text_of(spec.owner),
            TaskStatus.PENDING,
            codec.text_of(spec.model.full_name),
            codec.text_of(spec.backend),
            codec.text_of(spec.instruction[:SUMMARY_CHARACTERS]),
            entry.created_at,
            dialect.write_money(_UNUSED.cost),
            int(keys_forgotten(entry.spec, masked)),
        ),
    )
    yield CREATE_REQUEST, (codec.json_of(spec), *_key(entry))
    yield CREATE_TEXT, (codec.folded(spec.instruction), *_key(entry))


def _ended(entry: TaskEnded, dialect: Dialect) -> Iterator[Statement]:
    ending, history = entry.ending, entry.history
    if ending.result or history != NO_HISTORY:
        written = None if history == NO_HISTORY else codec.history_of(history)
        yield OUTCOME, (codec.text_of(ending.result), written, *_key(entry))
    yield (
        END,
        (
            entry.status,
            ending.reason,
            codec.text_of(ending.message),
            entry.ended_at,
            entry.execution_seconds,
            *_used(entry.statistics, dialect),
            *_key(entry),
        ),
    )


def _used(statistics: TaskStatistics, dialect: Dialect) -> tuple[Any, ...]:
    cost = dialect.write_money(statistics.cost)
    return statistics.steps, statistics.input_tokens, statistics.output_tokens, cost, statistics.currency


def task_in(row: Sequence[Any], dialect: Dialect) -> StoredTask:
    """Return the task of a row of `TASK` or `UNFINISHED`."""
    *columns, sandbox, forgotten, spec, result = row
    summary = summary_in(columns, dialect)
    ending = None
    if summary.ended_at is not None:
        ending = Ending(
            event=_EVENTS[summary.status],
            message=summary.message,
            result=codec.text_in(result or ""),
            reason=summary.reason,
        )
    record = TaskRecord(
        task_id=summary.task_id,
        spec=codec.json_in(TaskSpec, spec),
        status=summary.status,
        created_at=summary.created_at,
        execution_seconds=summary.execution_seconds,
        statistics=summary.statistics,
        sandbox=None if sandbox is None else codec.json_in(SandboxInfo, sandbox),
        ending=ending,
    )
    return StoredTask(
        record=record,
        attempt=summary.attempt,
        keys_forgotten=bool(forgotten),
        started_at=summary.started_at,
        ended_at=summary.ended_at,
    )


def summary_in(row: Sequence[Any], dialect: Dialect) -> TaskSummary:
    """Return the line of a list that a row with the columns `SUMMARY` is."""
    task_id, attempt, owner, status, reason, model, backend, instruction, message = row[:9]
    created_at, started_at, ended_at, seconds, steps, input_tokens, output_tokens, cost, currency = row[9:]
    return TaskSummary(
        task_id=codec.text_in(task_id),
        attempt=attempt,
        owner=codec.text_in(owner),
        status=TaskStatus(status),
        reason=None if reason is None else FailureReason(reason),
        model=codec.text_in(model),
        backend=codec.text_in(backend),
        instruction=codec.text_in(instruction),
        message=codec.text_in(message),
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
        execution_seconds=seconds or 0.0,
        statistics=TaskStatistics(steps, input_tokens, output_tokens, dialect.read_money(cost), currency),
    )


def message_in(row: Sequence[Any]) -> StreamMessage:
    """Return the message of a row of `MESSAGES`."""
    stage, text, published_at = row
    return StreamMessage(Stage(stage), codec.text_in(text), published_at)


def step_in(row: Sequence[Any]) -> StoredStep:
    """Return the step of a row of `STEPS`."""
    attempt, at, step = row
    return StoredStep(attempt=attempt, at=at, step=codec.json_in(Step, step))


def history_in(row: Sequence[Any] | None) -> History:
    """Return the conversation of a row of `HISTORY`; an empty one if there is no row."""
    return codec.history_in(None if row is None else row[0])


def spent_in(rows: Sequence[Sequence[Any]], dialect: Dialect) -> dict[str, dict[str, Decimal]]:
    """Return the amounts of the rows of `SPENT_ON`, by owner and then by ISO code."""
    spent: dict[str, dict[str, Decimal]] = {}
    for owner, currency, amount in rows:
        spent.setdefault(codec.text_in(owner), {})[currency] = dialect.read_money(amount)
    return spent
