"""What the PostgreSQL store costs beside psycopg alone: submissions written in batches, with the disk and without.

python -m tests.bench.bench_postgres

A submission is four rows: the task, its request, its text and its first message. psycopg alone writes four rows of the
same texts with `executemany` into a table without further indexes, one transaction a batch. Both wait for the disk at
each commit.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from gui_agents.domain.journal import Entry
from gui_agents.domain.secret import Secret
from gui_agents.storage import rows
from gui_agents.storage.postgres.store import POSTGRES, PostgresStore
from tests import postgres
from tests.bench.report import conditions, line, median_ratio, skipped
from tests.gui_agents.storage.entries import EPOCH, created, spec, told

ROUNDS = 5
SECONDS = 0.5
"""Of each round."""
LIMITS = {1: 2.5, 16: 2.5, 64: 2.5}
"""Tasks in a batch, and how much longer than psycopg alone the store may take for one."""


def submission(number: int) -> list[Entry]:
    """Return what is written when a task is accepted."""
    task_id = f"{number:032x}"
    return [created(task_id, spec(f"Calculate {number}*7+5"), at=EPOCH + number), told(task_id, 0, "accepted")]


@contextmanager
def server() -> Iterator[postgres.Server]:
    """Run a server as operators have it: it waits for the disk."""
    with postgres.server() as running:
        running.stop()
        running.settings = {"max_connections": "20", "shared_buffers": "256MB"}
        running.start()
        yield running


def alone(connection: psycopg.Connection[Any]) -> Callable[[list[Entry]], None]:
    """Return what writes as many rows with psycopg alone."""
    connection.execute("CREATE TABLE bare (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, text text)")
    connection.commit()

    def write(entries: list[Entry]) -> None:
        texts = [
            (str(parameters[0]), str(max(map(str, parameters), key=len)))
            for entry in entries
            for _, parameters in rows.statements(entry, POSTGRES)
        ]
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bare (id, text) VALUES (%s, %s)", texts)
        connection.commit()

    return write


def rate(write: Callable[[list[Entry]], None], size: int, numbers: "itertools.count[int]") -> float:
    """Return the seconds that a submission takes."""
    began = time.perf_counter()
    written = 0
    while time.perf_counter() - began < SECONDS:
        write([entry for number in itertools.islice(numbers, size) for entry in submission(number)])
        written += size
    return (time.perf_counter() - began) / written


def main() -> int:
    print(conditions())  # noqa: T201
    try:
        postgres.program("postgres")
    except BaseException as missing:  # noqa: BLE001 - what pytest raises to skip a test is no Exception
        skipped("the PostgreSQL store", str(missing))
        return 0
    kept = []
    with server() as running:
        database = running.create_database()
        store = PostgresStore(Secret(running.connection_string(database)))
        store.open()
        numbers = itertools.count()
        with running.connected(database) as connection:
            bare = alone(connection)
            for size, limit in LIMITS.items():
                ours, theirs = [], []
                for _ in range(ROUNDS):
                    theirs.append(rate(bare, size, numbers))
                    ours.append(rate(store.write, size, numbers))
                each = f"{1 / sorted(ours)[ROUNDS // 2]:.0f} submissions/s, alone {1 / sorted(theirs)[ROUNDS // 2]:.0f}"
                ratio = median_ratio(ours, theirs)
                kept.append(
                    line(f"a submission in batches of {size}, to psycopg alone", ratio, at_most=limit, detail=each)
                )
        store.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
