"""Faults at every await of open, observe, act and close; after each of them everything is counted."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Final

import attrs

from gui_agents.domain.sandbox import Sandbox
from gui_agents.tasks.departure import Departure
from gui_agents.tasks.keeper import UNWANTED
from gui_agents.tasks.reaper import Reaper
from tests.faults.backends import ACTIONS, Backends
from tests.faults.counting import Books
from tests.faults.injecting import FAULTS, FaultAt, sample

CLOSING: Final = "close"
CLOSE_SECONDS: Final = 30.0

Does = Callable[[Sandbox], Coroutine[Any, Any, Any]]


@attrs.frozen
class Outcome:
    """One operation with all faults at its awaits."""

    name: str
    awaits: int
    faults: int
    left: tuple[str, ...]
    """What was left, and after which fault."""


class NoRecords:
    """Counts nothing."""

    def sandbox_ended(self, *_: object) -> None:
        pass

    def sandbox_failed(self, *_: object) -> None:
        pass


def operations(backend: str) -> Iterator[tuple[str, Does]]:
    """Yield what is done with a sandbox, by its name."""
    yield "open", lambda sandbox: sandbox.open()
    yield "observe", lambda sandbox: sandbox.observe(screenshot=True)
    for action in ACTIONS[backend]:
        yield action.name, lambda sandbox, action=action: sandbox.act(action)
    yield CLOSING, lambda sandbox: sandbox.close(destroy=True)


async def reaped(sandbox: Sandbox, departure: Departure = UNWANTED) -> None:
    """Close a sandbox as a service does it."""
    reaper = Reaper(NoRecords())
    reaper.close(sandbox, None, departure, lambda: None)
    await reaper.finish(CLOSE_SECONDS)


async def with_fault(
    backends: Backends, backend: str, does: Does, *, opens: bool, turn: int, fault: Callable[[], BaseException]
) -> FaultAt:
    """Do one thing with a fresh sandbox, and close that. If it is not the opening that is tested, it is open before."""
    sandbox = backends.create(backend)
    try:
        if not opens:
            await sandbox.open()
            await sandbox.observe(screenshot=True)
        faulted = FaultAt(does(sandbox), turn, fault)
        with suppress(BaseException):
            await faulted
    finally:
        await reaped(sandbox)
    return faulted


async def prove(backends: Backends, books: Books, backend: str, operation: str, *, size: int | None) -> Outcome:
    """Inject faults at the awaits of one operation, `size` of them, or all."""
    does = dict(operations(backend))[operation]
    opens = operation == "open"
    awaits = (await with_fault(backends, backend, does, opens=opens, turn=2**30, fault=OSError)).turns
    left: list[str] = []
    faults = 0
    for number, turn in enumerate(sample(awaits, size)):
        # All faults at each await, or one after the other if it is a sample.
        kinds = list(FAULTS) if size is None else [list(FAULTS)[number % len(FAULTS)]]
        for kind in kinds:
            await with_fault(backends, backend, does, opens=opens, turn=turn, fault=FAULTS[kind])
            faults += 1
            found = [*await books.left(), *backends.in_the_cloud()]
            left += [f"{backend} {operation}, {kind} at await {turn}: {each}" for each in found]
    return Outcome(f"{backend} {operation}", awaits, faults, tuple(left))
