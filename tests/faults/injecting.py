"""A fault at one await of an operation: at its n-th await, it gets an error in place of what it waits for."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any, Final

FAULTS: Final[Mapping[str, Callable[[], BaseException]]] = {
    "cancelled": asyncio.CancelledError,
    "broken": lambda: OSError("a fault that was injected"),
    "late": TimeoutError,
}
"""What happens at an await, by the word for it."""


class FaultAt:
    """Awaits a coroutine, and raises a fault in it where it waits for the `turn`-th time.

    What it waits for there is cancelled, as the event loop does it for a task that is cancelled.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], turn: int, fault: Callable[[], BaseException]) -> None:
        self._coroutine = coroutine
        self._turn = turn
        self._fault = fault
        self.turns = 0
        """How often it has waited."""

    @property
    def was_injected(self) -> bool:
        """Whether it has waited so often that there was a fault."""
        return self.turns >= self._turn

    def __await__(self) -> Iterator[Any]:
        steps = self._coroutine.__await__()
        resume: Callable[[], Any] = partial(next, steps)
        for turn in count(1):
            try:
                waited = resume()
            except StopIteration:
                return
            self.turns = turn
            if turn == self._turn:
                if waited is not None:
                    waited._asyncio_future_blocking = False
                    waited.cancel()
                resume = partial(steps.throw, self._fault())
                continue
            try:
                yield waited
            except BaseException as error:  # noqa: BLE001 - it belongs to the coroutine
                resume = partial(steps.throw, error)
            else:
                resume = partial(next, steps)


def sample(turns: int, size: int | None) -> list[int]:
    """Return the awaits at which faults are injected: all of them, or an even sample with the first and the last."""
    if size is None or size >= turns:
        return list(range(1, turns + 1))
    return sorted({1 + round(number * (turns - 1) / (size - 1)) for number in range(size)})
