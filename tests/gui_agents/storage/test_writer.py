import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gui_agents.domain.errors import StorageDownError
from gui_agents.domain.journal import Entry
from gui_agents.domain.storage import StorageError, StorageOperation, StorageOutcome, StorageStartError
from gui_agents.storage import writer as module
from gui_agents.storage import writing_thread
from gui_agents.storage.writer import Writer
from tests.gui_agents.storage.scripted_store import (
    SECONDS,
    Counts,
    ScriptedStore,
    created,
    ended,
    message,
    requeued,
    started,
    step,
)
from tests.serving import until

NEVER = 1e6
COMMIT, EXPIRE = StorageOperation.COMMIT, StorageOperation.EXPIRE
OK, ERROR = StorageOutcome.OK, StorageOutcome.ERROR


class Case:
    """A writer that runs, on a scripted store."""

    def __init__(self, **options: Any) -> None:
        self.store = ScriptedStore()
        self.counts = Counts()
        self.forgotten: list[str] = []
        options = {"forget": self.forgotten.extend, "tending_seconds": NEVER, "patience_seconds": NEVER, **options}
        self.writer = Writer(self.store, **options)

    def append(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.writer.append(entry)

    async def held(self) -> None:
        """Have the thread take a transaction and hold it back."""
        self.store.gate.clear()
        self.writer.append(message("held"))
        self.told = asyncio.ensure_future(self.all_written())
        await asyncio.to_thread(self.store.trying.acquire, timeout=SECONDS)

    async def failing(self) -> None:
        """Have a transaction fail, and its tries after that."""
        self.store.problem = StorageError("disk full")
        self.writer.append(message("held"))
        assert await problem_of(self.writer.written()) == "disk full"

    async def all_written(self) -> None:
        written = self.writer.written()
        if written is not None:
            await soon(written)


@asynccontextmanager
async def writing(**options: Any) -> AsyncIterator[Case]:
    case = Case(**options)
    await case.writer.start(case.counts)
    try:
        yield case
    finally:
        case.store.gate.set()
        await case.writer.close(0.0 if case.store.problem else SECONDS)


async def soon(what: Awaitable[Any]) -> Any:
    async with asyncio.timeout(SECONDS):
        return await what


async def problem_of(written: Awaitable[None] | None) -> str:
    """Return what whoever waits is told."""
    assert written is not None
    with pytest.raises(StorageDownError) as told:
        await soon(written)
    return told.value.problem


async def test_entries_are_on_disk_when_their_future_is_done_in_their_order():
    async with writing() as case:
        entries = [created("a"), message("a", 0), created("b")]
        case.append(entries)
        await case.all_written()
        assert case.store.written == entries
        assert (case.writer.queued, case.counts.commits) == (0, len(case.store.transactions))


async def test_there_is_nothing_to_wait_for_if_everything_is_on_disk():
    async with writing() as case:
        assert case.writer.written() is None
        case.append([created("a")])
        await case.all_written()
        assert case.writer.written() is None


async def test_what_comes_while_a_transaction_is_written_is_one_transaction_then():
    async with writing() as case:
        await case.held()
        entries = [created(f"t{number}") for number in range(100)]
        futures = []
        for entry in entries:
            case.writer.append(entry)
            futures.append(case.writer.written())
        case.store.gate.set()
        await soon(asyncio.gather(*futures))
        assert [len(transaction) for transaction in case.store.transactions] == [1, 100]


async def test_entries_that_nobody_waits_for_linger_and_are_written_together():
    async with writing() as case:
        case.append([created("a")])
        assert case.store.tries == 0
        case.append([message("a")])
        await until(lambda: case.writer.queued == 0)
        assert [len(transaction) for transaction in case.store.transactions] == [2]


async def test_somebody_who_waits_does_not_wait_for_those_that_linger(monkeypatch):
    monkeypatch.setattr(module, "LINGER_SECONDS", NEVER)
    async with writing() as case:
        case.append([message("a"), created("b")])
        await case.all_written()
        case.append([message("a")])
        await case.writer.close(SECONDS)
        assert len(case.store.written) == 3


async def test_a_large_queue_is_written_in_several_transactions(monkeypatch):
    monkeypatch.setattr(writing_thread, "MOST_AT_ONCE", 3)
    async with writing() as case:
        await case.held()
        entries = [created(f"t{number}") for number in range(7)]
        case.append(entries)
        case.store.gate.set()
        await case.all_written()
        assert [len(transaction) for transaction in case.store.transactions] == [1, 3, 3, 1]
        assert case.store.written[1:] == entries


@pytest.mark.parametrize("at_once", range(1, 7))
async def test_an_end_is_never_without_its_last_message(monkeypatch, at_once):
    monkeypatch.setattr(writing_thread, "MOST_AT_ONCE", at_once)
    async with writing() as case:
        await case.held()
        case.append([created("a"), *ended("a"), created("b"), requeued("c"), *ended("c"), created("d")])
        case.store.gate.set()
        await case.all_written()
        last = [transaction[-1] for transaction in case.store.transactions]
        assert not [entry for entry in last if isinstance(entry, type(ended("a")[0]) | type(requeued("c")))]


async def test_what_one_verb_appends_is_not_divided_by_a_thread_that_is_awake():
    async with writing() as case:
        await case.held()
        case.append(ended("a")[:1])  # as a verb that is interrupted in its middle
        case.store.gate.set()
        await until(lambda: len(case.store.transactions) == 1)
        case.append(ended("a")[1:])
        await case.all_written()
        assert case.store.transactions[1:] == [ended("a")]


async def test_a_failed_transaction_is_tried_again_and_nothing_is_lost_or_out_of_order():
    async with writing() as case:
        await case.failing()
        assert case.writer.problem == "disk full"
        entries = [created("a"), message("a", 0), *ended("a")]
        case.append(entries)
        assert await problem_of(case.writer.written()) == "disk full"
        case.store.problem = None
        await until(lambda: case.writer.problem is None)
        await case.all_written()
        assert case.store.written == [message("held"), *entries]
        assert case.counts.done.count((COMMIT, ERROR)) == case.store.tries - case.counts.commits


async def test_a_storage_that_fails_and_comes_back_is_logged_once_each(caplog):
    async with writing() as case:
        await case.failing()
        await until(lambda: case.store.tries >= 3)
        case.store.problem = None
        await until(lambda: case.writer.problem is None)
        assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
            ("ERROR", "the storage cannot be written: disk full; no new task is accepted until it can"),
            ("WARNING", "the storage is written again"),
        ]


async def test_a_store_that_hangs_is_told_to_whoever_waits_and_what_it_holds_is_written_later():
    async with writing(patience_seconds=0.05) as case:
        await case.held()
        assert await problem_of(case.told) == "nothing was written for 0.05 seconds"
        case.append([created("a")])
        refused = case.writer.written()
        assert refused is not None
        assert isinstance(refused.exception(), StorageDownError)
        case.store.gate.set()
        await until(lambda: case.writer.problem is None)
        await case.all_written()
        assert case.store.written == [message("held"), created("a")]


async def test_a_store_that_hangs_is_a_problem_also_if_nobody_waits():
    async with writing(patience_seconds=0.05) as case:
        case.store.gate.clear()
        case.append([message("a")])
        await until(lambda: case.writer.problem is not None)


async def test_whoever_comes_late_to_a_transaction_is_patient_for_the_next_one(monkeypatch):
    async with writing(patience_seconds=0.2) as case:
        await case.held()
        await asyncio.sleep(0.15)
        case.append([created("a")])
        late = case.writer.written()
        case.store.gate.set()
        assert late is not None
        await soon(asyncio.gather(late, case.told))
        assert case.writer.problem is None


async def test_a_writer_that_rests_is_no_problem():
    async with writing(patience_seconds=0.02) as case:
        case.append([created("a")])
        await case.all_written()
        await asyncio.sleep(0.06)
        assert case.writer.problem is None


async def test_while_nothing_can_be_written_steps_are_bounded_and_ends_are_kept(monkeypatch, caplog):
    monkeypatch.setattr(module, "MOST_QUEUED", 4)
    async with writing() as case:
        await case.failing()
        kept = [created("a"), message("a", 0), message("a", 1), message("a", 2)]
        case.append(kept)
        case.append(message("a", position) for position in range(3, 12))
        case.append([step("a")])
        last = [message("a", 0), *ended("a"), requeued("b")]
        case.append(last)
        case.store.problem = None
        await until(lambda: case.writer.problem is None)
        await case.all_written()
        assert case.store.written == [message("held"), *kept, *last]
        assert "10 messages and steps of tasks were left out meanwhile" in caplog.messages
        case.append([message("a")] * 10)
        await case.all_written()
        assert len(case.store.written) == 9 + 10


async def test_while_nothing_can_be_written_the_bytes_of_messages_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_QUEUED_BYTES", 10_000)
    async with writing() as case:
        await case.failing()
        case.append(message("a", text=f"{number:3000}") for number in range(100))
        assert case.writer.queued < 10


async def test_an_entry_that_no_database_takes_holds_up_no_other(caplog):
    async with writing() as case:
        case.store.poison.add("bad")
        await case.held()
        good = [created(f"t{number}") for number in range(64)]
        case.append([*good[:40], created("bad"), *good[40:]])
        case.store.gate.set()
        await case.all_written()
        assert case.store.written[1:] == good
        assert case.counts.done.count((COMMIT, ERROR)) == 1
        assert case.store.tries < 20
        assert [each.getMessage() for each in caplog.records] == ["entries of task bad cannot be stored"]
        assert case.writer.queued == 0


async def test_a_new_task_that_no_database_takes_is_told_to_its_client_alone(caplog):
    async with writing() as case:
        case.store.poison.add("bad")
        await case.held()
        outcomes = {}
        for task_id in ("good", "bad", "fine"):
            case.append([created(task_id), message(task_id, 0)])
            outcomes[task_id] = case.writer.written()
        case.store.gate.set()
        await soon(asyncio.wait([future for future in outcomes.values() if future]))
        assert [name for name, future in outcomes.items() if future and future.exception()] == ["bad"]
        assert case.writer.problem is None
        case.append([created("bad")])
        assert await problem_of(case.writer.written()) == "it cannot be stored: OverflowError"
        case.append([created("next")])
        await case.all_written()


async def test_an_end_that_no_database_takes_has_no_last_message_either():
    async with writing() as case:
        case.store.poison.add("bad")
        await case.held()
        case.append([created("a"), *ended("bad"), created("b")])
        case.store.gate.set()
        await case.all_written()
        assert case.store.written[1:] == [created("a"), created("b")]


async def test_the_end_of_a_task_is_settled_once_its_last_message_is_on_disk():
    async with writing() as case:
        await soon(case.writer.settled("a"))
        await case.held()
        case.append(ended("a"))
        waiting = asyncio.create_task(case.writer.settled("a"))
        await asyncio.sleep(0)
        assert not waiting.done()
        case.store.gate.set()
        await soon(waiting)
        assert case.store.written[1:] == [*ended("a")]
        await soon(case.writer.settled("a"))


async def test_the_start_of_a_task_is_settled_once_it_is_on_disk():
    async with writing() as case:
        await case.held()
        case.append([started("a")])
        waiting = asyncio.create_task(case.writer.settled("a"))
        await asyncio.sleep(0)
        assert not waiting.done()
        case.store.gate.set()
        await soon(waiting)
        assert case.store.written[1:] == [started("a")]


async def test_an_end_that_was_appended_between_is_written_with_the_start_before():
    async with writing() as case:
        case.append([started("a"), *ended("a")])
        await soon(case.writer.settled("a"))
        assert case.store.written == [started("a"), *ended("a")]


async def test_an_end_is_settled_at_once_if_it_is_written_while_the_storage_had_failed():
    async with writing() as case:
        case.append(ended("a"))
        await case.all_written()
        await case.failing()
        assert await soon(case.writer.settled("a")) is None


async def test_an_earlier_end_is_settled_though_later_ones_are_not():
    async with writing() as case:
        await case.held()
        case.append(ended("a"))
        first = asyncio.create_task(case.writer.settled("a"))
        await asyncio.sleep(0)
        case.store.gate.set()
        await soon(first)
        await case.held()
        case.append(ended("b"))
        await soon(case.writer.settled("a"))
        second = asyncio.create_task(case.writer.settled("b"))
        await asyncio.sleep(0)
        assert not second.done()
        case.store.gate.set()
        await soon(second)


async def test_an_end_is_told_though_the_storage_does_not_answer():
    async with writing() as case:
        case.append(ended("a"))
        await case.failing()
        await soon(case.writer.settled("a"))
        assert case.writer.queued == 3


async def test_whoever_has_left_is_not_told():
    async with writing() as case:
        await case.held()
        futures = []
        for task_id in ("a", "b"):
            case.append([created(task_id)])
            futures.append(case.writer.written())
        assert futures[0] is not None
        futures[0].cancel()
        case.store.gate.set()
        assert futures[1] is not None
        await soon(futures[1])


async def test_closing_writes_what_is_left_and_closes_the_store():
    async with writing() as case:
        await case.held()
        case.append([created("a"), *ended("a")])
        case.store.gate.set()
        await case.writer.close(SECONDS)
        assert (len(case.store.written), case.store.closed, case.writer.queued) == (4, 1, 0)
        await case.writer.close(SECONDS)
        assert case.store.closed == 1


async def test_after_closing_nothing_can_be_stored():
    async with writing() as case:
        await case.writer.close(SECONDS)
        case.append([created("a")])
        assert case.writer.problem == "the service has ended"
        refused = case.writer.written()
        assert refused is not None
        assert isinstance(refused.exception(), StorageDownError)


async def test_a_storage_that_comes_back_while_the_service_ends_is_written():
    async with writing() as case:
        await case.failing()
        closing = asyncio.create_task(case.writer.close(SECONDS))
        tries = case.store.tries
        await until(lambda: case.store.tries > tries + 2)
        case.store.problem = None
        await soon(closing)
        assert case.store.written == [message("held")]


async def test_closing_gives_up_on_a_store_that_fails_and_says_what_is_lost(caplog):
    async with writing() as case:
        await case.failing()
        case.append([created("a")])
        await soon(case.writer.close(0.05))
        assert case.store.closed == 1
        assert (
            "2 entries could not be written in 0.05 seconds, and the storage is left as it is: disk full"
            in caplog.messages
        )


async def test_closing_gives_up_on_a_store_that_hangs_and_says_what_is_lost(caplog):
    async with writing() as case:
        await case.held()
        await soon(case.writer.close(0.05))
        assert case.store.closed == 0
        text = "1 entries could not be written in 0.05 seconds, and the storage is left as it is: it does not answer"
        assert text in caplog.messages
        case.store.gate.set()
        await soon(case.told)


async def test_a_store_that_cannot_be_closed_does_not_hold_up_the_end(caplog):
    async with writing() as case:
        case.store.close_error = OSError("gone")
        await soon(case.writer.close(NEVER))
        assert "the storage could not be closed in good order" in caplog.messages


@pytest.mark.parametrize("error", [StorageStartError("RUNTIME_DIR", "is taken"), ZeroDivisionError("a defect")])
async def test_a_store_that_cannot_be_opened_ends_the_start(error):
    case = Case()
    case.store.open_error = error
    with pytest.raises(type(error)):
        await soon(case.writer.start(case.counts))
    await soon(case.writer.close(NEVER))


async def test_a_writer_that_never_began_is_closed_at_once():
    await soon(Case().writer.close(NEVER))


async def test_old_tasks_are_deleted_until_there_are_none_and_the_store_is_measured():
    case = Case(keep_seconds=3600.0, max_bytes=10**6)
    case.store.expired = [["a", "b"], ["c"]]
    await case.writer.start(case.counts)
    await until(lambda: len(case.counts.sizes) == 3)
    assert case.forgotten == ["a", "b", "c"]
    assert case.counts.done == [(EXPIRE, OK)] * 3
    assert {limit for _, limit in case.store.looks} == {10**6}
    await case.writer.close(SECONDS)


async def test_tasks_are_kept_for_ever_if_nobody_says_how_long():
    async with writing() as case:
        await until(lambda: bool(case.counts.sizes))
        assert case.store.looks == [(float("-inf"), None)]


@pytest.mark.parametrize("error", [StorageError("busy"), ZeroDivisionError("a defect")])
async def test_a_failed_look_for_old_tasks_is_counted_and_changes_nothing_else(caplog, error):
    case = Case()
    case.store.expired = [error]
    await case.writer.start(case.counts)
    await until(lambda: bool(case.counts.done))
    assert case.counts.done == [(EXPIRE, ERROR)]
    assert [each.levelno for each in caplog.records] == [logging.WARNING]
    case.append([created("a")])
    await case.all_written()
    await case.writer.close(SECONDS)


async def test_looks_for_old_tasks_between_transactions_leave_nobody_waiting():
    case = Case(tending_seconds=0.0)
    await case.writer.start(case.counts)
    for number in range(200):
        case.append([message("a", number)])
        if number % 3 == 0:
            await asyncio.sleep(module.LINGER_SECONDS / 20)
        else:
            await case.all_written()
    await case.all_written()
    assert len(case.store.written) == 200
    await case.writer.close(SECONDS)
