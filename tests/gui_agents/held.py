"""How long the event loop is held: a probe of every callback, in CPU time of the loop's thread.

CPU time and not the clock: what other processes do on the machine does not count.
"""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time

import attrs

from gui_agents.models.prices import known_prices

PROMISED_SECONDS = 0.05
NOISE = 4
"""A shared machine also makes the same CPU work slower; what holds the loop by a defect takes far longer than that."""


@attrs.define
class Held:
    """The longest callback so far."""

    seconds: float = 0.0
    callback: str = ""

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return self.seconds <= NOISE * PROMISED_SECONDS


@contextmanager
def probed() -> Iterator[Held]:
    """Measure every callback of every event loop meanwhile.

    What exists already is not looked through for garbage meanwhile, as in a service: see `process.shorten_pauses`.
    What models of a provider load in a thread before their first call is loaded.
    """
    known_prices.load()
    gc.freeze()
    held, run = Held(), asyncio.events.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = thread_time()
        run(handle)
        seconds = thread_time() - began
        if seconds > held.seconds:
            held.seconds, held.callback = seconds, repr(getattr(handle._callback, "__self__", handle))[:300]

    asyncio.events.Handle._run = measured  # type: ignore[method-assign]
    try:
        yield held
    finally:
        asyncio.events.Handle._run = run  # type: ignore[method-assign]
        gc.unfreeze()
