"""The stores alone: how long lists of 100,000 tasks take, and what it costs to write one.

python -m tests.bench.bench_storage
"""

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import attrs

from gui_agents.domain.journal import Entry, TaskEnded
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.spec import ModelChoice
from gui_agents.domain.storage import TaskFilter, TaskOrder, TaskStore
from gui_agents.storage import rows
from gui_agents.storage.memory import MemoryStore
from gui_agents.storage.sqlite.store import SQLITE, SqliteStore
from tests.bench.report import conditions, line
from tests.gui_agents.storage.entries import EPOCH, TIMEOUT, created, spec, whole

TASKS = 100_000
PAGE = 50
LIST_MILLISECONDS = 10.0
SHORT_TEXT_MILLISECONDS = 30.0
"""For a text that is too short for the index, and that hardly any instruction has."""
BATCHES = (1, 16, 64)
WRITTEN = 1024
WORDS = (
    "click",
    "open",
    "the window",
    "and",
    "type hello",
    "into",
    "field",
    "save",
    "browser",
    "report",
    "table",
    "order",
)

FILTERS = {
    "no filter": TaskFilter(),
    "a status that many have": TaskFilter(statuses=frozenset({TaskStatus.COMPLETED})),
    "a status that few have": TaskFilter(statuses=frozenset({TaskStatus.RUNNING})),
    "a reason": TaskFilter(reasons=frozenset({FailureReason.TIMEOUT})),
    "a reason that none has": TaskFilter(reasons=frozenset({FailureReason.STUCK})),
    "a model": TaskFilter(models=frozenset({"openai/gpt-5"})),
    "a model that one has": TaskFilter(models=frozenset({"xai/grok"})),
    "a backend": TaskFilter(backends=frozenset({"x11"})),
    "an owner": TaskFilter(owner="ann"),
    "an owner of one task": TaskFilter(owner="rare"),
    "the last hour": TaskFilter(created_from=EPOCH + TASKS - 3600),
    "the first hour": TaskFilter(created_before=EPOCH + 3600),
    "a low cost": TaskFilter(max_cost=Decimal("0.00001")),
    "a high cost": TaskFilter(min_cost=Decimal("0.0999")),
    "a long time": TaskFilter(min_seconds=99.9),
    "a word that many have": TaskFilter(text="CLICK"),
    "a word that one has": TaskFilter(text="needle"),
    "a word that none has": TaskFilter(text="no such word"),
    "letters that many have": TaskFilter(text="e"),
}
SHORT = TaskFilter(text="打开")


def task(number: int, dice: random.Random) -> list[Entry]:
    """Return what is written of a usual task."""
    request = spec(
        " ".join(dice.choices(WORDS, k=10)) + f" {number}",
        backend=dice.choice(["simulated", "x11"]),
        model=ModelChoice("openai", dice.choice(["gpt-5", "gpt-5-mini"])),
        owner=dice.choice(["", "ann", "bob"]),
    )
    entries = whole(f"{number:032x}", request, at=EPOCH + number)
    return [_ended(entry, dice) if isinstance(entry, TaskEnded) else entry for entry in entries]


def _ended(entry: TaskEnded, dice: random.Random) -> TaskEnded:
    failed = dice.random() < 0.1
    statistics = attrs.evolve(entry.statistics, cost=Decimal(dice.randrange(10**6)).scaleb(-7))
    return attrs.evolve(
        entry,
        status=TaskStatus.FAILED if failed else entry.status,
        ending=TIMEOUT if failed else entry.ending,
        statistics=statistics,
        execution_seconds=dice.random() * 100,
    )


def filled(directory: Path) -> TaskStore:
    """Return a store with many ended tasks, a special one and some that run."""
    dice = random.Random(1)
    store = SqliteStore(directory)
    store.open()
    for first in range(0, TASKS, 500):
        store.write([entry for number in range(first, first + 500) for entry in task(number, dice)])
    rare = spec("Find the needle 打开", backend="chromium", model=ModelChoice("xai", "grok"), owner="rare")
    store.write(whole("rare", rare, at=EPOCH + TASKS // 2))
    store.write([entry for number in range(20) for entry in whole(f"live {number}")[:4]])
    store.write([created(f"waiting {number}") for number in range(80)])
    return store


def milliseconds(store: TaskStore, wanted: TaskFilter, order: TaskOrder, *, descending: bool) -> float:
    """Return how long one page takes, the best of some; the time of the thread, as other programs have theirs."""
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        store.tasks(wanted, order, descending=descending, limit=PAGE)
        best = min(best, time.thread_time() - began)
    return best * 1000


def lists(store: TaskStore) -> list[bool]:
    """Measure every filter in every order; the slowest order is shown."""
    kept = []
    for name, wanted in [*FILTERS.items(), ("a text of two characters that one has", SHORT)]:
        measured = {
            f"{order}{' descending' if descending else ''}": milliseconds(store, wanted, order, descending=descending)
            for order in TaskOrder
            for descending in (True, False)
        }
        slowest = max(measured, key=lambda each: measured[each])
        limit = SHORT_TEXT_MILLISECONDS if wanted is SHORT else LIST_MILLISECONDS
        detail = f"by {slowest}; {measured['created descending']:.2f} by created descending"
        kept.append(line(f"list of {TASKS:,}, ms: {name}", measured[slowest], at_most=limit, detail=detail))
    return kept


def written(store: TaskStore, tasks: Sequence[Sequence[Entry]], batch: int) -> tuple[float, float]:
    """Return how many tasks a second are written, and the seconds of CPU that one costs."""
    began, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(tasks), batch):
        store.write([entry for each in tasks[first : first + batch] for entry in each])
    return len(tasks) / (time.perf_counter() - began), (time.process_time() - cpu) / len(tasks)


def bare(path: Path, tasks: Sequence[Sequence[Entry]], batch: int) -> tuple[float, float]:
    """Return the same for a table with one column, written by sqlite3 alone: what the disk and Python allow."""
    texts = [
        [(repr(parameters),) for each in task for _, parameters in rows.statements(each, SQLITE)] for task in tasks
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE bare (text TEXT)")
        began, cpu = time.perf_counter(), time.process_time()
        for first in range(0, len(tasks), batch):
            connection.execute("BEGIN")
            for each in texts[first : first + batch]:
                connection.executemany("INSERT INTO bare VALUES (?)", each)
            connection.execute("COMMIT")
        return len(tasks) / (time.perf_counter() - began), (time.process_time() - cpu) / len(tasks)


def writes(directory: Path) -> list[bool]:
    """Measure writing against what is the least that it can cost."""
    dice, kept = random.Random(2), []
    for batch in BATCHES:
        tasks = [task(number, dice) for number in range(WRITTEN)]
        store = SqliteStore(directory / f"{batch}")
        store.open()
        speed, cpu = written(store, tasks, batch)
        store.close()
        most, least = bare(directory / f"bare {batch}", tasks, batch)
        rows_a_task = sum(len(list(rows.statements(each, SQLITE))) for each in tasks[0])
        detail = (
            f"{speed:,.0f} tasks/s, {speed * rows_a_task:,.0f} rows/s, {cpu * 1e6:.0f} µs CPU a task; bare {most:,.0f}"
        )
        kept.append(line(f"tasks in batches of {batch}: CPU against bare rows", cpu / least, at_most=15, detail=detail))
    store = MemoryStore()
    tasks = [task(number, dice) for number in range(WRITTEN)]
    _, cpu = written(store, tasks, 1)
    micro = cpu * 1e6 / len(tasks[0])
    kept.append(line("an entry in memory, µs of CPU", micro, at_most=20))
    return kept


def main() -> int:
    print(conditions())  # noqa: T201
    with tempfile.TemporaryDirectory() as directory:
        kept = writes(Path(directory))
        store = filled(Path(directory, "lists"))
        kept += lists(store)
        store.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
