"""The life of a sandbox is extended in time, for as long as it is wanted, and never made shorter."""

import asyncio

import pytest

from gui_agents.sandboxes.lybic.failures import FailedCallError, Trouble
from gui_agents.sandboxes.lybic.life import MAX_MARGIN_SECONDS, Life
from tests.virtual_time import virtual


class Granted:
    """A cloud that grants lives, and notes when it was asked."""

    def __init__(self, life, *failures):
        self.asked = []
        self.ends = life
        self.failures = list(failures)

    async def extend(self, seconds):
        now = asyncio.get_running_loop().time()
        assert now < self.ends
        self.asked.append(now)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        assert now + seconds > self.ends
        self.ends = now + seconds


def failed(trouble):
    return FailedCallError("Lybic's words", trouble, undone=True)


async def kept(granted, seconds, lasts):
    """Keep a life for some time, and return why it ended; None if it did not."""
    life = Life("SBX-1", granted.extend, seconds, ends=granted.ends)
    try:
        async with asyncio.timeout(lasts):
            return await life.keep()
    except TimeoutError:
        return None


@virtual
async def test_a_life_is_extended_before_it_ends_for_as_long_as_it_is_kept():
    granted = Granted(3600)
    assert await kept(granted, 3600, 36_000) is None
    assert granted.asked[0] == 3600 - MAX_MARGIN_SECONDS
    assert len(granted.asked) == 10
    assert granted.ends > 36_000


@virtual
async def test_a_short_life_is_extended_in_its_last_third():
    granted = Granted(60)
    await kept(granted, 60, 100)
    assert granted.asked == [40, 80]


@virtual
async def test_a_life_that_ends_soon_is_extended_at_once():
    granted = Granted(5)
    await kept(granted, 3600, 1)
    assert granted.asked == [0]


@virtual
async def test_a_long_life_is_left_alone():
    granted = Granted(80_000)
    await kept(granted, 3600, 79_000)
    assert granted.asked == []


@virtual
async def test_what_fails_for_a_while_is_tried_again_before_the_end():
    granted = Granted(900, failed(Trouble.FAILED), failed(Trouble.LATER))
    assert await kept(granted, 900, 1000) is None
    assert len(granted.asked) == 3
    assert granted.ends > 1000


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.ACCOUNT, Trouble.MISSING])
def test_a_refusal_is_not_repeated_and_the_end_is_told_when_it_comes(trouble):
    @virtual
    async def refused():
        granted = Granted(900, failed(trouble))
        why = await kept(granted, 900, 5000)
        assert why == "its life ended and could not be extended: Lybic's words"
        assert len(granted.asked) == 1
        assert asyncio.get_running_loop().time() == 900

    refused()


@virtual
async def test_what_fails_until_the_end_ends_the_life():
    granted = Granted(900, *(failed(Trouble.FAILED) for _ in range(100)))
    assert await kept(granted, 900, 5000) == "its life ended and could not be extended: Lybic's words"
    assert asyncio.get_running_loop().time() == 900
    assert len(granted.asked) <= 6
