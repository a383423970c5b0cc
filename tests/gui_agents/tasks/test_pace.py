"""A row of many small pieces of work does not hold the event loop."""

import asyncio

from gui_agents.tasks.pace import AT_ONCE, paced


async def test_the_loop_gets_its_turn_after_every_few_items():
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    seen = [item async for item in paced(range(3 * AT_ONCE + 1))]
    counting.cancel()

    assert (seen, turns) == (list(range(3 * AT_ONCE + 1)), 3)
