"""Work of any size leaves the event loop, and nothing else waits behind it."""

import asyncio
import gc
import threading
import weakref

import pytest

from gui_agents.decider import RulesModel
from gui_agents.domain.actions import Fail
from gui_agents.domain.model import DecisionRequest, Remaining
from gui_agents.simulated import SimulatedSandbox
from gui_agents.threads import Threads
from tests.fakes import CallBook
from tests.serving import until


class Gate:
    """Work that runs until it is let go, and says in which thread."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.opened = threading.Event()

    def work(self) -> str:
        self.begun.set()
        self.opened.wait(20)
        return threading.current_thread().name


class RecordingThreads(Threads):
    """Remembers the threads of its work."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.threads: list[str] = []

    async def run(self, work):
        def recorded():
            self.threads.append(threading.current_thread().name)
            return work()

        return await super().run(recorded)


async def test_work_runs_in_a_thread_of_the_pool_while_the_loop_goes_on():
    gate = Gate()
    job = asyncio.create_task(Threads("a-pool").run(gate.work))
    await until(gate.begun.is_set)
    gate.opened.set()

    assert (await job).startswith("a-pool")


async def test_an_error_reaches_whoever_waits():
    with pytest.raises(ZeroDivisionError):
        await Threads("a-pool").run(lambda: 1 // 0)


async def test_work_that_is_cancelled_while_it_waits_never_begins():
    pool, first, second, third = Threads("a-pool"), Gate(), Gate(), Gate()
    jobs = [asyncio.create_task(pool.run(gate.work)) for gate in (first, second, third)]
    await until(first.begun.is_set)
    jobs[1].cancel()
    first.opened.set()
    third.opened.set()

    assert [type(result) for result in await asyncio.gather(*jobs, return_exceptions=True)] == [
        str,
        asyncio.CancelledError,
        str,
    ]
    assert not second.begun.is_set()


async def test_cancelled_work_that_runs_keeps_its_thread_until_it_has_ended():
    pool, first, second = Threads("a-pool"), Gate(), Gate()
    jobs = [asyncio.create_task(pool.run(gate.work)) for gate in (first, second)]
    await until(first.begun.is_set)
    jobs[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await jobs[0]
    await asyncio.sleep(0)
    assert not second.begun.is_set()

    first.opened.set()
    second.opened.set()
    await jobs[1]


async def test_as_many_pieces_run_at_once_as_there_are_threads():
    pool, gates = Threads("a-pool", limit=2), [Gate(), Gate()]
    jobs = [asyncio.create_task(pool.run(gate.work)) for gate in gates]
    await until(lambda: all(gate.begun.is_set() for gate in gates))
    for gate in gates:
        gate.opened.set()

    assert await asyncio.gather(*jobs) == ["a-pool", "a-pool"]


def test_work_that_outlives_its_loop_ends_quietly():
    gate = Gate()

    async def leave() -> None:
        job = asyncio.create_task(Threads("outlives").run(gate.work))
        await until(gate.begun.is_set)
        job.cancel()

    asyncio.run(leave())
    gate.opened.set()
    gc.collect()
    for thread in threading.enumerate():
        if thread.name == "outlives":
            thread.join(20)
            assert not thread.is_alive()


async def test_a_thread_that_has_done_its_work_does_more():
    pool = Threads("a-pool", limit=2)
    assert len({await pool.run(threading.get_ident) for _ in range(20)}) == 1


async def test_the_threads_of_a_pool_end_with_it():
    pool = Threads("ends", limit=3)
    gates = [Gate() for _ in range(3)]
    jobs = [asyncio.create_task(pool.run(gate.work)) for gate in gates]
    for gate in gates:
        await until(gate.begun.is_set)
        gate.opened.set()
    await asyncio.gather(*jobs)
    threads = [thread for thread in threading.enumerate() if thread.name == "ends"]
    assert len(threads) == 3

    del pool, jobs
    gc.collect()

    await until(lambda: not any(thread.is_alive() for thread in threads))


async def test_work_in_a_thread_leaves_nothing_behind():
    class Result:
        pass

    pool = Threads("a-pool")
    result = await pool.run(Result)
    seen = weakref.ref(result)
    del result

    await until(lambda: seen() is None)


@pytest.mark.parametrize(("length", "threads"), [(1000, 0), (1001, 1)])
async def test_only_a_long_instruction_is_followed_in_a_thread(length, threads):
    sandbox, pool = SimulatedSandbox(), RecordingThreads("decider")
    await sandbox.open()
    observation = await sandbox.observe(screenshot=False)
    request = DecisionRequest("x" * length, observation, (), Remaining(50, 60.0), sandbox.supported)

    decision = await RulesModel(pool).decide(request, CallBook())

    assert isinstance(decision.actions[0], Fail)
    assert len(pool.threads) == threads


async def test_a_screenshot_is_drawn_in_the_pool_of_drawings():
    pool = RecordingThreads("drawing")
    sandbox = SimulatedSandbox(drawing=pool)
    await sandbox.open()

    observation = await sandbox.observe(screenshot=True)

    assert observation.screenshot is not None
    assert pool.threads == ["drawing"]
