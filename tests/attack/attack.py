"""One attack: what it is called, what it is carried out against, and how much of it there is."""

import asyncio
import contextlib
import logging
import multiprocessing
import resource
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import attrs

CONTEXT = multiprocessing.get_context("spawn")


@attrs.frozen
class Target:
    """The service that is attacked."""

    port: int
    metrics_port: int
    share: float
    """Of the attack's full size: 1, or less in the short form."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def size(self, full: int) -> int:
        return max(1, round(full * self.share))


class Tally:
    """What the attacker, a process of its own, has done so far."""

    def __init__(self) -> None:
        self._tried: Synchronized[int] = CONTEXT.Value("L", 0)
        self._strong: Event = CONTEXT.Event()

    def tried(self, number: int = 1) -> None:
        with self._tried.get_lock():
            self._tried.value += number

    def at_full_strength(self) -> None:
        """Say that the attack has come to its full size, which it keeps until it is stopped."""
        self._strong.set()

    @property
    def number(self) -> int:
        return self._tried.value

    async def strong(self, seconds: float) -> None:
        """Wait for the attack's full size.

        Raises:
            TimeoutError: it does not come to it.
        """
        async with asyncio.timeout(seconds):
            while not self._strong.is_set():
                await asyncio.sleep(0.02)


CarryOut = Callable[[Target, Tally], Coroutine[Any, Any, None]]


@attrs.frozen(kw_only=True)
class Attack:
    """One row of the table."""

    name: str
    carry_out: CarryOut
    """Attacks until it is cancelled; runs in the attacker's process."""
    environment: Mapping[str, str] = attrs.field(factory=dict)
    """Of the service, besides free ports."""
    victim: str = "plain"
    """What is wrong inside the service itself; see `victims`."""
    prepare: Callable[[Path], Mapping[str, str]] = lambda _directory: {}
    """Writes the files that the service needs, and returns variables that name them."""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """What a scraper sends besides the usual."""
    short: bool = True
    """Whether it is part of the short form."""
    log_is_read: bool = True
    calls_may_be_refused: bool = False
    """Whether an honest client may be told that there is no room; it is always told something."""


@contextlib.contextmanager
def attacking(attack: Attack, target: Target) -> Iterator[tuple[Tally, BaseProcess]]:
    """Carry out an attack from a process of its own."""
    tally = Tally()
    attacker = CONTEXT.Process(target=_attack, args=(attack.carry_out, target, tally), daemon=True)
    attacker.start()
    try:
        yield tally, attacker
    finally:
        attacker.kill()
        attacker.join()


def _attack(carry_out: CarryOut, target: Target, tally: Tally) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # asyncio and grpc say of each connection that the service ends that it has ended.
    logging.disable()
    asyncio.run(carry_out(target, tally))


async def again_and_again(number: int, once: Callable[[int], Awaitable[None]]) -> None:
    """Do something in so many tasks, again and again; what the service refuses or drops is no error."""

    async def one(turn: int) -> None:
        while True:
            with contextlib.suppress(Exception):
                await once(turn)
            turn += number
            await asyncio.sleep(0)

    await asyncio.gather(*(one(turn) for turn in range(number)))
