"""Where tasks are found: in memory, else in a storage that may fail, hang, and lag behind."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gui_agents.domain.errors import NotFoundError, StorageDownError
from gui_agents.domain.journal import TaskCreated, TaskStarted
from gui_agents.domain.lifecycle import Ending, TaskEvent, TaskStatus
from gui_agents.domain.storage import StorageError
from gui_agents.domain.stream import Stage
from gui_agents.state.service_state import ServiceState
from gui_agents.storage.memory import MemoryStore
from gui_agents.tasks.archive import READERS, Archive
from tests.fakes import FakeClock, a_spec, new_state
from tests.gui_agents.tasks.scripted_journal import ScriptedJournal
from tests.serving import SECONDS
from tests.virtual_time import settle

DONE = Ending(event=TaskEvent.COMPLETE, message="completed")


class Case:
    """A state whose entries are stored when a test says so."""

    def __init__(self, *, retention: int = 1000, patience_seconds: float = SECONDS) -> None:
        self.journal = ScriptedJournal()
        self.store = MemoryStore(retention=1000, retention_bytes=2**20)
        self.store.open()
        self.state: ServiceState = new_state(FakeClock(), retention=retention, journal=self.journal)
        self.archive = Archive(self.state, self.store, self.journal, patience_seconds=patience_seconds)
        self._stored = 0

    def write(self) -> None:
        """Store what has happened, and tell whoever waits."""
        self.store.write(self.journal.entries[self._stored :])
        self._stored = len(self.journal.entries)
        self.journal.store()

    def run(self, task_id: str) -> None:
        """Let a task begin and end."""
        self.state.task_created(task_id, a_spec(owner="ann"), "accepted")
        self.state.task_started(task_id)
        self.state.task_ended(task_id, DONE)

    def reads(self) -> dict[str, int]:
        counts = self.state.snapshot().storage.operations
        return {str(outcome): number for (operation, outcome), number in counts.items() if operation == "read"}

    async def messages(self, task_id: str) -> list[Stage]:
        return [message.stage async for message in self.archive.follow(task_id)]


async def later(awaitable: Any) -> "asyncio.Task[Any]":
    task = asyncio.ensure_future(awaitable)
    await settle()
    return task


async def test_a_task_in_memory_is_told_without_asking_the_storage():
    case = Case()
    case.state.task_created("a", a_spec(owner="ann"), "accepted")
    assert (await case.archive.record("a")).status is TaskStatus.PENDING
    assert await case.archive.owner("a") == "ann"
    assert await case.archive.past("a") is None
    assert case.reads() == {"ok": 0, "error": 0}


async def test_an_end_is_told_once_it_is_stored():
    case = Case()
    case.run("a")
    waiting = [await later(ask) for ask in (case.archive.record("a"), case.messages("a"), case.archive.settled("a"))]
    assert [task.done() for task in waiting] == [False] * 3
    case.write()
    record, stages, _ = await asyncio.gather(*waiting)
    assert (record.status, stages) == (TaskStatus.COMPLETED, [Stage.STARTING, Stage.FINISHED])


async def test_a_task_that_has_left_the_memory_is_found_in_the_storage():
    case = Case(retention=0)
    case.run("a")
    case.write()
    assert (await case.archive.record("a")).status is TaskStatus.COMPLETED
    assert await case.archive.owner("a") == "ann"
    assert await case.messages("a") == [Stage.STARTING, Stage.FINISHED]
    past = await case.archive.past("a")
    assert past is not None
    assert (past.owner, past.status) == ("ann", TaskStatus.COMPLETED)
    assert case.reads() == {"ok": 6, "error": 0}


async def test_an_unknown_task_is_unknown_in_every_way():
    case = Case()
    for ask in (case.archive.record, case.archive.owner, case.messages):
        with pytest.raises(NotFoundError):
            await ask("a")
    assert await case.archive.past("a") is None
    assert await case.archive.past(None) is None


async def test_the_end_of_a_task_that_has_left_the_memory_is_waited_for():
    case = Case(retention=0)
    case.state.task_created("a", a_spec(), "accepted")
    case.state.task_started("a")
    case.write()
    case.journal.holding = True
    case.state.task_ended("a", DONE)
    asked = asyncio.ensure_future(case.archive.record("a"))
    async with asyncio.timeout(SECONDS):
        while not case.journal.asked:
            await asyncio.sleep(0.001)
    case.write()
    assert (await asked).status is TaskStatus.COMPLETED


@pytest.mark.parametrize(("problem", "told"), [("disk full", "disk full"), (None, "not stored yet")])
async def test_a_task_whose_end_cannot_be_stored_is_never_told_to_run(problem, told):
    case = Case(retention=0)
    case.run("a")
    entries = case.journal.entries
    case.store.write([entry for entry in entries if isinstance(entry, TaskCreated | TaskStarted)])
    case.journal.holding, case.journal.problem = False, problem
    for ask in (case.archive.record, case.archive.owner, case.messages, case.archive.past):
        with pytest.raises(StorageDownError) as down:
            await ask("a")
        assert told in down.value.problem
        assert told not in str(down.value)


def failing(error: Exception) -> Callable[[Any], Any]:
    def read(_: object) -> None:
        raise error

    return read


async def test_a_storage_that_fails_is_counted_and_the_log_alone_says_why(caplog):
    case = Case()
    for _ in range(2):
        with pytest.raises(StorageDownError) as down:
            await case.archive.read(failing(StorageError("disk on fire")))
        assert "fire" not in str(down.value)
    assert case.reads() == {"ok": 0, "error": 2}
    assert [record.getMessage() for record in caplog.records] == ["the storage cannot be read: disk on fire"]
    await case.archive.read(lambda store: store.spent(0))
    with pytest.raises(StorageDownError):
        await case.archive.read(failing(StorageError("disk on fire")))
    assert len(caplog.records) == 2


async def test_a_defect_of_a_question_is_no_matter_of_the_storage():
    case = Case()
    with pytest.raises(ZeroDivisionError):
        await case.archive.read(failing(ZeroDivisionError()))


@asynccontextmanager
async def hanging(case: Case, number: int):
    """Have so many readers hang."""
    release = threading.Event()
    begun = threading.Semaphore(0)

    def hang(_: object) -> None:
        begun.release()
        assert release.wait(SECONDS)

    readers = [asyncio.ensure_future(case.archive.read(hang)) for _ in range(number)]
    await asyncio.to_thread(lambda: [begun.acquire(timeout=SECONDS) for _ in readers])
    try:
        yield readers
    finally:
        release.set()


async def test_a_reader_that_hangs_holds_up_no_other():
    case = Case(retention=0)
    case.run("a")
    case.write()
    async with hanging(case, READERS - 1) as readers:
        assert (await case.archive.record("a")).status is TaskStatus.COMPLETED
    await asyncio.gather(*readers)


async def test_whoever_asks_while_all_readers_hang_is_told():
    case = Case(patience_seconds=0.1)
    async with hanging(case, READERS) as readers:
        with pytest.raises(StorageDownError) as down:
            await case.archive.record("a")
        assert down.value.problem == "nothing was read for 0.1 seconds"
        await asyncio.wait(readers)
        assert {type(reader.exception()) for reader in readers} == {StorageDownError}
    with pytest.raises(NotFoundError):
        await Archive(case.state, case.store, case.journal).record("a")


async def test_a_client_that_leaves_is_no_error_of_the_storage():
    case = Case()
    async with hanging(case, 1) as readers:
        readers[0].cancel()
        await asyncio.wait(readers)
        assert case.reads() == {"ok": 0, "error": 0}
