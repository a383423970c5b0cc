"""CPU time of a step with a picture, and of many tasks at once, with an endpoint on loopback in another process.

The numbers are the issue's, for a machine with two free cores: on a busy one they are upper bounds.

python -m tests.bench.bench_step
"""

import asyncio
import os
import sys
import time
from typing import ClassVar

import attrs

from gui_agents.agent import loop
from gui_agents.agent.budget import Budget
from gui_agents.agent.conversation import Conversation
from gui_agents.agent.ledger import Ledger
from gui_agents.agent.loop import Episode
from gui_agents.config import load
from gui_agents.domain.actions import SANDBOX_ACTIONS, Action, Click, Key, OpenApp, Type
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.lifecycle import TERMINAL, TaskStatus
from gui_agents.domain.model import Model
from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.sandbox import Sandbox, SandboxGoneError, SandboxType
from gui_agents.domain.screen import Bounds, Element, Observation, Picture
from gui_agents.domain.spec import Endpoint, ModelChoice, TaskSpec
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.models.caller import called_models
from gui_agents.models.registry import ModelFactory
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.service import Parts, Service
from gui_agents.simulated.sandbox import SimulatedSandbox
from tests.bench.endpoint import endpoint
from tests.bench.lag import lagging, p99_milliseconds
from tests.bench.report import conditions, line
from tests.fakes import FixedPrices, ScriptedModel, a_spec, new_state

STEPS = 400
ROUNDS = 5
PICTURE_BYTES = 93_000
NOISE = os.urandom(PICTURE_BYTES - 8)
TASKS = 500
IN_SECONDS = 2.0
MANY = 1000


class CameraSandbox:
    """Hands over another JPEG of 93 kB each time, as a sandbox that runs elsewhere does."""

    sandbox_id = "camera"
    sandbox_type: ClassVar = SandboxType.LINUX
    supported: ClassVar = SANDBOX_ACTIONS

    def __init__(self) -> None:
        self._count = 0

    async def open(self) -> None:
        pass

    async def observe(self, *, screenshot: bool) -> Observation:
        self._count += 1
        data = NOISE + self._count.to_bytes(8, "big")
        return Observation(1280, 720, screenshot=Picture(data, 1280, 720, PictureFormat.JPEG) if screenshot else None)

    async def act(self, action: Action) -> str:
        return f"{action.name} done"

    async def ended(self) -> SandboxGoneError:
        return await asyncio.get_running_loop().create_future()

    async def close(self, *, destroy: bool) -> None:
        pass


class EmptySandbox(CameraSandbox):
    """Shows one element, with a new text each time: what a step costs on it is our own."""

    async def observe(self, *, screenshot: bool) -> Observation:
        self._count += 1
        return Observation(1280, 720, Element("desktop", "empty", Bounds(0, 0, 1280, 720), value=str(self._count)))


class Empties(SandboxFactory):
    def create(self, spec: TaskSpec) -> Sandbox:
        return EmptySandbox()


class FreeModels(ModelFactory):
    """Makes models that decide at once; each decision is another one, so that no task is stuck."""

    def create(self, choice: ModelChoice) -> Model:
        return ScriptedModel(*(Click(number, number) for number in range(STEPS - 1)))


class Cameras(SandboxFactory):
    def create(self, spec: TaskSpec) -> Sandbox:
        sandbox = CameraSandbox()
        sandbox.sandbox_id = f"camera {id(sandbox)}"
        return sandbox


def model_at(base_url: str) -> ModelChoice:
    target = Endpoint(provider="openai", model="m", base_url=base_url, api_key=None, configured=True)
    return ModelChoice("openai", "m", target)


async def step_seconds(sandbox: Sandbox, model: Model, steps: int) -> float:
    """Run one task of so many steps; return the CPU seconds of each."""
    clock = SystemClock()
    state = new_state(clock)
    state.task_created("t", a_spec(), "accepted")
    state.task_started("t")
    episode = Episode(
        instruction="click through all of it",
        budget=Budget(steps),
        deadline_monotonic_seconds=clock.monotonic() + 3600,
        conversation=Conversation(),
    )
    began = time.process_time()
    ledger = Ledger("t", state, FixedPrices())
    await loop.run(episode, sandbox, model, ledger, clock)
    return (time.process_time() - began) / ledger.steps


async def step_of_a_camera(base_url: str) -> float:
    """Return CPU milliseconds of a step whose picture is sent as it is, the median of some rounds."""
    make = called_models(load({}).models, SystemClock(), EndpointPolicy(loopback=True))
    rounds = []
    for _ in range(ROUNDS + 1):
        model = make(model_at(base_url))
        rounds.append(await step_seconds(CameraSandbox(), model, STEPS) * 1000)
        await model.close()
    return sorted(rounds[1:])[ROUNDS // 2]


async def own_step() -> float:
    """Return CPU milliseconds of the event loop for a step of a service whose sandbox and model cost nothing."""
    config = load({"SANDBOX_KEEP": "0"})
    models = FreeModels(config.defaults, config.models, SystemClock(), EndpointPolicy(loopback=True))
    service = Service(config, Parts(sandboxes=Empties(config.sandboxes), models=models))
    rounds = []
    for _ in range(ROUNDS + 1):
        began = time.thread_time()
        task_id = service.runner.submit(a_spec("click through all of it", steps=STEPS, destroy_sandbox=True))
        await _all_ended(service, [task_id])
        used, record = time.thread_time() - began, service.state.record(task_id)
        assert record.status is TaskStatus.COMPLETED, record
        rounds.append(used * 1000 / STEPS)
    await service.runner.drain(1.0)
    return sorted(rounds[1:])[ROUNDS // 2]


async def step_of_the_simulated_desktop() -> float:
    """Return CPU milliseconds of a step with a picture that is drawn and encoded here, without a model's call."""
    script = [
        deed
        for app in ("Calculator", "Notes", "Contact Form", "Files", "Settings")
        for deed in (OpenApp(app), Type("12"), Key(("tab",)), Key(("tab",)))
    ]
    rounds = []
    for _ in range(ROUNDS + 1):
        sandbox = SimulatedSandbox()
        await sandbox.open()
        model = ScriptedModel(*script, takes_screenshots=True)
        rounds.append(await step_seconds(sandbox, model, len(script) + 1) * 1000)
    return sorted(rounds[1:])[ROUNDS // 2]


@attrs.frozen
class Crowd:
    """What many tasks of one step took."""

    cores: float
    """CPU seconds by the seconds in which they came."""
    lag_p99_milliseconds: float
    completed: int


async def crowd(base_url: str, tasks: int, seconds: float) -> Crowd:
    """Submit tasks of one step in so many seconds, and wait until all have ended."""
    config = load({"TASK_MAX_TASKS": str(tasks), "TASK_QUEUE_SIZE": str(tasks), "SANDBOX_KEEP": "0"})
    service = Service(config, Parts(sandboxes=Cameras(config.sandboxes)))
    spec = a_spec("say ok", model=model_at(base_url), destroy_sandbox=True)
    await _all_ended(service, [service.runner.submit(spec)])
    async with lagging() as lags:
        began, cpu = time.monotonic(), time.process_time()
        ids = []
        for number in range(tasks):
            await asyncio.sleep(max(0.0, began + number * seconds / tasks - time.monotonic()))
            ids.append(service.runner.submit(spec))
        await _all_ended(service, ids)
        used = time.process_time() - cpu
    completed = service.state.snapshot().tasks.created["completed"] - 1
    await service.runner.drain(1.0)
    return Crowd(used / seconds if seconds else 0.0, p99_milliseconds(lags), completed)


async def _all_ended(service: Service, ids: list[str]) -> None:
    while any(service.state.status(task_id) not in TERMINAL for task_id in ids[-50:]) or service.state.live():
        await asyncio.sleep(0.01)


def main() -> int:
    print(conditions())  # noqa: T201
    with endpoint(steps=STEPS) as base_url:
        camera = asyncio.run(step_of_a_camera(base_url))
    own = asyncio.run(own_step())
    desktop = asyncio.run(step_of_the_simulated_desktop())
    with endpoint(steps=1) as base_url:
        spread = asyncio.run(crowd(base_url, TASKS, IN_SECONDS))
        at_once = asyncio.run(crowd(base_url, MANY, 0.0))
    kept = [
        line("CPU ms of a step besides picture, model and sandbox", own, at_most=1.0),
        line("CPU ms of a step with a 93 kB picture of a sandbox", camera, at_most=2.2),
        line("CPU ms of a step of the simulated desktop with a picture", desktop, at_most=24),
        line(f"cores for {TASKS} tasks of one step in {IN_SECONDS:g} s", spread.cores, at_most=0.5),
        line("event-loop lag p99 in ms meanwhile", spread.lag_p99_milliseconds, at_most=80),
        line(f"of {MANY} tasks started at once, completed", at_once.completed, at_least=MANY),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
