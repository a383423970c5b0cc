"""Free memory goes back to the system: often after a flood, seldom otherwise."""

import asyncio
from types import SimpleNamespace

import pytest

from gui_agents.trimming import (
    FEW_BLOCKS,
    OFTEN_SECONDS,
    SELDOM_SECONDS,
    WORTH_BYTES,
    give_back,
    resident_bytes,
    trimmer,
)
from tests.virtual_time import run


def test_it_is_tried_less_and_less_often_while_nothing_comes_back():
    sizes = iter([100, 100] * 4 + [WORTH_BYTES + 100, 100, 100, 100])
    assert times(lambda: next(sizes), tries=6) == [5.0, 15.0, 35.0, 55.0, 75.0, 80.0]
    assert (OFTEN_SECONDS, SELDOM_SECONDS) == (5.0, 20.0)


def times(resident, tries: int) -> list[float]:
    """Return when memory was given back, in seconds since the start."""

    async def play() -> list[float]:
        loop = asyncio.get_running_loop()
        began, seen = loop.time(), []

        async def trim() -> None:
            seen.append(loop.time() - began)

        task = asyncio.create_task(give_back(trim, resident))
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
    await trim()
    assert before - resident_bytes() > 30 * 2**20
    assert len(blocks) == 1_000


def test_a_system_without_it_goes_without(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda _name: SimpleNamespace())
    assert trimmer() is None


async def test_garbage_is_collected_while_little_is_alive(monkeypatch):
    trim = trimmer()
    if trim is None:
        pytest.skip("this system's C library has no malloc_trim")
    collected = []
    monkeypatch.setattr("gui_agents.trimming.gc", SimpleNamespace(collect=lambda: collected.append(1)))
    await trim()
    assert collected == [1]
    many = [object() for _ in range(2 * FEW_BLOCKS)]
    await trim()
    assert (collected, len(many)) == ([1], 2 * FEW_BLOCKS)
