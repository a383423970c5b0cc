"""The Operator service over gRPC on 100,000 tasks in SQLite: how long a page takes, whatever it is filtered by.

python -m tests.bench.bench_operator
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from gui_agents.client import AgentClient
from gui_agents.domain.storage import TaskFilter
from gui_agents.service import Parts, Service
from gui_agents.storage.sqlite.store import SqliteStore
from tests.bench.bench_storage import FILTERS, TASKS, filled
from tests.bench.report import conditions, line
from tests.serving import configured

ROUNDS = 30
PAGE = 50
LIST_MILLISECONDS = 20.0
"""With the call itself, and the client's part of it."""


async def milliseconds(call: Callable[[], Awaitable[object]]) -> float:
    """Return how long a call takes, the best of some: what else runs on the machine is no part of it."""
    await call()
    measured = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await call()
        measured.append(time.perf_counter() - began)
    return min(measured) * 1000


async def measure(directory: Path) -> list[bool]:
    filled(directory).close()
    settings = {"RUNTIME_DIR": str(directory), "TASK_STORAGE_DAYS": "36500", "TASK_RESUME": "fail"}
    service = Service(configured(settings), Parts(store=SqliteStore(directory)))
    await service.start()
    try:
        async with AgentClient(f"127.0.0.1:{service.port}") as client:

            async def listed(wanted: TaskFilter) -> list[object]:
                return [task async for task in client.tasks(wanted, limit=PAGE)]

            kept = []
            for name, wanted in FILTERS.items():
                took = await milliseconds(lambda wanted=wanted: listed(wanted))
                kept.append(line(f"page of {TASKS:,} by gRPC, ms: {name}", took, at_most=LIST_MILLISECONDS))
            prefix = TaskFilter(id_prefix=f"{TASKS // 2:032x}"[:30])
            kept.append(
                line("page by the beginning of an id, ms", await milliseconds(lambda: listed(prefix)), at_most=20)
            )
            one = f"{TASKS // 2:032x}"
            kept.append(line("one task with its steps, ms", await milliseconds(lambda: client.task(one)), at_most=20))
            return kept
    finally:
        await service.drain()
        await service.stop()


def main() -> int:
    print(conditions())  # noqa: T201
    with tempfile.TemporaryDirectory() as directory:
        return 0 if all(asyncio.run(measure(Path(directory)))) else 1


if __name__ == "__main__":
    sys.exit(main())
