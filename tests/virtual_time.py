"""An event loop whose time passes only while nothing else can happen, so that tests wait for hours in no time.

    @virtual
    async def test_something():
        await asyncio.sleep(3600)

Time jumps to the next timer whenever no callback is ready. Where there is no timer either, nothing can ever happen
again, and the test fails at once with the names of the tasks that wait.
"""

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

EPOCH = 1_700_000_000.0


class NothingCanHappenError(RuntimeError):
    """Every task waits for another one, and no timer runs."""


class _NoWaiting(selectors.DefaultSelector):
    """Tells its loop to let time pass in place of waiting for files."""

    pass_time: Callable[[float | None], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            self.pass_time(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Begins at second 0. For coroutines alone: a thread's answer would come at no certain time."""

    def __init__(self) -> None:
        selector = _NoWaiting()
        super().__init__(selector)
        self._now = 0.0
        selector.pass_time = self._pass

    def time(self) -> float:
        return self._now

    def _pass(self, seconds: float | None) -> None:
        if seconds is None:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
            raise NothingCanHappenError(f"nothing can happen any more; waiting: {', '.join(waiting)}")
        self._now += seconds


class LoopClock:
    """Both clocks of a service, read from the running loop."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        return EPOCH + self.monotonic()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on virtual time; what it leaves behind unfinished, or failed and unseen, is an error."""
    problems: list[str] = []
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.get_loop().set_exception_handler(lambda _, context: problems.append(str(context)))
        result = runner.run(main)
        problems.extend(f"left behind: {task.get_name()}" for task in asyncio.all_tasks(runner.get_loop()))
    assert problems == []
    return result


def virtual(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Make a test of an `async def` that runs on virtual time."""

    @functools.wraps(test)
    def on_virtual_time(*args: P.args, **kwargs: P.kwargs) -> None:
        run(test(*args, **kwargs))

    return on_virtual_time


async def settle(rounds: int = 20) -> None:
    """Let everything happen that needs no time."""
    for _ in range(rounds):
        await asyncio.sleep(0)
