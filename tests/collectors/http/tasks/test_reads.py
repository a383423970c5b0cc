"""Questions to a slow storage are few, bounded in time, and never hold the loop."""

import asyncio
import threading

import pytest

from collectors.http.tasks.reads import MAX_THREADS, MAX_WAITING, BusyError, Reads

SECONDS = 20


@pytest.fixture
def gate():
    opened = threading.Event()
    yield opened
    opened.set()


async def test_answers_and_errors_come_back():
    reads = Reads()
    assert await reads.ask(lambda: None) is None
    assert await asyncio.gather(*(reads.ask(lambda number=number: number) for number in range(20))) == [*range(20)]
    with pytest.raises(KeyError):
        await reads.ask(lambda: {}["x"])


async def test_a_question_that_hangs_is_given_up_and_keeps_only_its_thread(gate):
    reads = Reads(patience_seconds=0.05)
    before = threading.active_count()
    for _ in range(MAX_THREADS + 3):
        with pytest.raises(BusyError):
            await reads.ask(lambda: gate.wait(SECONDS))
    assert threading.active_count() - before == MAX_THREADS
    gate.set()
    assert await Reads(SECONDS).ask(lambda: 1) == 1


async def test_too_many_questions_are_not_asked(gate):
    reads = Reads(SECONDS)
    waiting = [asyncio.ensure_future(reads.ask(lambda: gate.wait(SECONDS))) for _ in range(MAX_THREADS + MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await reads.ask(lambda: 1)
    gate.set()
    assert all(await asyncio.gather(*waiting))
    assert await reads.ask(lambda: 1) == 1


async def test_a_question_that_nobody_waits_for_any_more_is_not_asked(gate):
    reads, asked = Reads(SECONDS), []
    blocked = [asyncio.ensure_future(reads.ask(lambda: gate.wait(SECONDS))) for _ in range(MAX_THREADS)]
    given_up = asyncio.ensure_future(reads.ask(lambda: asked.append(1)))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*blocked)
    await reads.ask(lambda: None)
    assert asked == []


def test_an_answer_after_the_end_of_the_loop_is_dropped(gate):
    begun, ended = threading.Event(), threading.Event()
    reads = Reads(SECONDS)

    def question():
        begun.set()
        gate.wait(SECONDS)
        ended.set()

    async def leave():
        asking = asyncio.ensure_future(reads.ask(question))
        await asyncio.to_thread(begun.wait, SECONDS)
        asking.cancel()

    asyncio.run(leave())
    gate.set()
    assert ended.wait(SECONDS)
    assert asyncio.run(reads.ask(lambda: 2)) == 2
