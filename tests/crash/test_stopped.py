"""A service process that is stopped for a while, as a machine does that sleeps or swaps, and goes on."""

import asyncio
import random
import signal

import grpc.aio

from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.bench.soak import broken_promises, samples
from tests.crash.books import Books
from tests.crash.callers import CALLERS, Caller
from tests.crash.lives import Life
from tests.crash.siege import ENVIRONMENT
from tests.serving import fetch

STOPS = 4


async def test_a_service_that_is_stopped_and_continued_answers_all_who_waited(tmp_path):
    (tmp_path / "runtime").mkdir()
    life, books = Life(tmp_path, 1, ENVIRONMENT), Books()
    await life.spawn()
    await life.serving()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{life.ports['grpc']}") as channel:
        agent = pb_grpc.AgentStub(channel)
        callers = [
            asyncio.create_task(Caller(agent, books, 1, random.Random(number)).work()) for number in range(CALLERS)
        ]
        for _ in range(STOPS):
            await asyncio.sleep(0.2)
            life.signal(signal.SIGSTOP)
            known = len(books.tasks)
            await asyncio.sleep(0.5)
            life.signal(signal.SIGCONT)
            async with asyncio.timeout(20):
                while len(books.tasks) == known:
                    await asyncio.sleep(0.01)
        page = await asyncio.to_thread(fetch, f"http://127.0.0.1:{life.ports['metrics']}/metrics")
        assert broken_promises(samples(page), {}) == []
        assert [caller for caller in callers if caller.done()] == []
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
    assert await life.stop() == 0
    assert books.contradictions == []
    assert life.defects() == []
