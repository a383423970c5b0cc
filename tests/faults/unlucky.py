"""A service of real sandboxes whose tasks have no luck: cancels, deadlines, models that fail, programs that are killed.

After it has ended, nothing is left, and its books are right.
"""

import asyncio
import gc
import os
import random
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs

from gui_agents.config import Config, load
from gui_agents.domain.lifecycle import LIVE
from gui_agents.service import Parts, Service
from gui_agents.snapshot import ServiceSnapshot
from tests.fakes import a_spec
from tests.faults.counting import Books, below
from tests.promises import broken
from tests.serving import ObedientModels

BACKENDS: Final = ("x11", "chromium")
INSTRUCTIONS: Final = ("work 3", "go on", "go on", "go on", "boom", "no model", "nonsense", "give up")
VICTIMS: Final = frozenset({"Xvfb", "chromium", "bwrap", "openbox", "dbus-daemon", "sh"})
SLOTS: Final = 4
LONGEST_SECONDS: Final = 120.0


@attrs.frozen
class Outcome:
    """What is to be said of a run."""

    ended: Mapping[str, int]
    """Tasks by how they ended."""
    sandboxes: Mapping[str, int]
    """Sandboxes by why they ended."""
    left: tuple[str, ...]
    broken: tuple[str, ...]
    """Promises of the metrics that do not hold."""


def configured(runtime_dir: Path) -> Config:
    """Return the configuration of the service: some sandboxes are kept, one stands ready."""
    return load(
        {
            "GRPC_PORT": "0",
            "RUNTIME_DIR": str(runtime_dir),
            "DEFAULT_BACKEND": "x11",
            "SANDBOX_WARM": "1",
            "SANDBOX_KEEP": "2",
            "TASK_MAX_TASKS": str(SLOTS),
            "TASK_QUEUE_SIZE": "1000",
        }
    )


async def run(runtime_dir: Path, *, tasks: int, seed: int) -> Outcome:
    """Run so many tasks, end the service, and count."""
    config = configured(runtime_dir)
    await _warmed(config)
    gc.collect()
    books = Books(runtime_dir)
    service = Service(config, Parts(models=ObedientModels(config)))
    await service.start()
    dice = random.Random(seed)
    async with asyncio.timeout(LONGEST_SECONDS + 3 * tasks):
        async with asyncio.TaskGroup() as group:
            for number in range(tasks):
                group.create_task(_unlucky(service, BACKENDS[number % len(BACKENDS)], random.Random(dice.random())))
        await service.drain()
        snapshot = service.state.snapshot()
        await service.stop()
    del service
    gc.collect()  # its pools of threads end with it
    return Outcome(
        ended=dict(snapshot.tasks.created),
        sandboxes=_by_reason(snapshot),
        left=tuple(await books.left()),
        broken=(*broken(snapshot), *_unended(snapshot)),
    )


async def _warmed(config: Config) -> None:
    """Use everything once: what the first use loads stays."""
    service = Service(config, Parts(models=ObedientModels(config)))
    await service.start()
    for backend in BACKENDS:
        await _ended(service, service.runner.submit(a_spec("work 1", backend=backend)))
    await service.drain()
    await service.stop()


async def _unlucky(service: Service, backend: str, dice: random.Random) -> None:
    timeout_seconds = dice.choice((60.0, 60.0, 1.0))
    task_id = service.runner.submit(
        a_spec(
            dice.choice(INSTRUCTIONS),
            backend=backend,
            timeout_seconds=timeout_seconds,
            destroy_sandbox=dice.random() < 0.3,
        )
    )
    await _running(service, task_id)
    await asyncio.sleep(dice.uniform(0, 1.5))
    if dice.random() < 0.5:
        _kill_one(dice)
        await asyncio.sleep(dice.uniform(0, 1))
    service.runner.cancel(task_id)
    await _ended(service, task_id)


async def _running(service: Service, task_id: str) -> None:
    while service.state.status(task_id) == "pending":
        await asyncio.sleep(0.02)


async def _ended(service: Service, task_id: str) -> None:
    while service.state.status(task_id) in LIVE:
        await asyncio.sleep(0.02)


def _kill_one(dice: random.Random) -> None:
    victims = [process for process, name in below().items() if name in VICTIMS]
    if victims:
        with suppress(ProcessLookupError):
            os.kill(dice.choice(victims), signal.SIGKILL)


def _by_reason(snapshot: ServiceSnapshot) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for (_, reason), number in snapshot.sandboxes.ended.items():
        reasons[reason] = reasons.get(reason, 0) + number
    return {reason: number for reason, number in reasons.items() if number}


def _unended(snapshot: ServiceSnapshot) -> list[str]:
    return [f"{number} sandboxes of type {kind} are open" for kind, number in snapshot.sandboxes.open.items() if number]
