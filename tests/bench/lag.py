"""How late an event loop runs what is due."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

SAMPLED_SECONDS: Final = 0.005


def p99_milliseconds(lags: list[float]) -> float:
    """Return the 99th percentile of lags in seconds."""
    return sorted(lags)[int(len(lags) * 0.99)] * 1000


@contextlib.asynccontextmanager
async def lagging() -> AsyncIterator[list[float]]:
    """Sample the lag of this event loop; the list of seconds grows until the end."""
    lags: list[float] = []
    watching = asyncio.create_task(_watch(lags))
    try:
        yield lags
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(lags: list[float]) -> None:
    while True:
        due = time.monotonic() + SAMPLED_SECONDS
        await asyncio.sleep(SAMPLED_SECONDS)
        lags.append(max(0.0, time.monotonic() - due))
