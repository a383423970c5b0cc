"""Many small pieces of work in a row, without holding the event loop."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Final, TypeVar

AT_ONCE: Final = 50

Item = TypeVar("Item")


async def paced(items: Iterable[Item]) -> AsyncGenerator[Item, None]:
    """Yield the items; the event loop does other things after every few of them."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
