"""Free memory goes back to the system: often after a flood, seldom otherwise."""

import asyncio
import gc
import weakref
from types import SimpleNamespace

import pytest

from gui_agents.trimming import (
    FEW_ALIVE,
    GROWTH_BYTES,
    OFTEN_SECONDS,
    SELDOM_SECONDS,
    WORTH_BYTES,
    give_back,
    resident_bytes,
    trimmer,
)
from tests.virtual_time import run


def test_it_is_tried_less_and_less_often_while_nothing_comes_back():
    sizes = iter([100] + [100, 100] * 3 + [WORTH_BYTES + 100, 100, 100, 100])
    assert times(lambda: next(sizes), tries=5) == [5.0, 15.0, 25.0, 35.0, 40.0]
    assert (OFTEN_SECONDS, SELDOM_SECONDS) == (5.0, 10.0)


def times(resident, tries: int) -> list[float]:
    """Return when memory was given back, in seconds since the start."""

    async def play() -> list[float]:
        loop = asyncio.get_running_loop()
        began, seen = loop.time(), []

        async def trim(_collect: bool) -> None:
            seen.append(loop.time() - began)

        task = asyncio.create_task(give_back(trim, lambda: 0, resident))
        while len(seen) < tries:
            await asyncio.sleep(1)
        task.cancel()
        return seen

    return run(play())


async def test_freed_memory_between_what_is_used_is_given_back():
    trim = trimmer()
    if trim is None:
        pytest.skip("this system's C library has no malloc_trim")
    # Between glibc's threshold for mapping memory and Python's own allocator; every second one stays.
    blocks = [bytearray(60_000) for _ in range(2_000)]
    del blocks[::2]
    before = resident_bytes()
    await trim(False)
    assert before - resident_bytes() > 30 * 2**20
    assert len(blocks) == 1_000


def test_a_system_without_it_goes_without(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda _name: SimpleNamespace())
    assert trimmer() is None


@pytest.mark.parametrize(
    ("alive", "growth", "collects"),
    [
        (0, 0, True),
        (FEW_ALIVE, 0, True),
        (FEW_ALIVE + 1, 0, False),
        (FEW_ALIVE + 1, GROWTH_BYTES, False),
        (FEW_ALIVE + 1, GROWTH_BYTES + 1, True),
    ],
)
def test_garbage_is_collected_while_little_is_alive_or_after_much_growth(alive, growth, collects):
    sizes = iter([1000, 1000 + growth, 1000])

    async def play() -> bool:
        asked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        async def trim(collect: bool) -> None:
            asked.set_result(collect)

        task = asyncio.create_task(give_back(trim, lambda: alive, lambda: next(sizes)))
        collect = await asked
        task.cancel()
        return collect

    assert run(play()) is collects


class Node:
    """Can hold itself."""

    itself: "Node"


async def test_a_cycle_is_freed_if_that_is_asked_for():
    trim = trimmer()
    if trim is None:
        pytest.skip("this system's C library has no malloc_trim")
    gc.disable()
    try:
        node = Node()
        node.itself, seen = node, weakref.ref(node)
        del node
        await trim(False)
        assert seen() is not None
        await trim(True)
        assert seen() is None
    finally:
        gc.enable()
