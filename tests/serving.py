"""A running service for tests: real gRPC and real HTTP on free ports, with models that do what the instruction says.

    async with serving({"TASK_MAX_TASKS": "1"}) as served:
        await served.agent.GetAgentInfo(pb.GetAgentInfoRequest())

The sandboxes are real simulated desktops. The model follows instructions of its own, see `ObedientModel`.
"""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import grpc.aio
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from prometheus_client.parser import text_string_to_metric_families

from gui_agents import config as configuration
from gui_agents.config import Config
from gui_agents.domain.actions import Click, Done, Fail, InvalidActionError
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.model import Calls, Decision, DecisionRequest, Model, ModelError
from gui_agents.domain.sandbox import Sandbox, SandboxError
from gui_agents.domain.screen import Observation
from gui_agents.domain.spec import ModelChoice, TaskSpec
from gui_agents.domain.usage import CallOutcome, ModelCall, Usage
from gui_agents.grpc_app import App
from gui_agents.models.registry import ModelFactory
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from gui_agents.rpc.accounting import Accounting
from gui_agents.rpc.methods import counted
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.service import Parts, Service
from gui_agents.simulated.sandbox import SimulatedSandbox
from gui_agents.state.service_state import ServiceState
from tests.fakes import ScriptedSandbox
from tests.promises import broken

SECONDS = 20.0
"""After so long a test that waits has failed."""

USAGE = Usage(1000, 200, 30)
"""Of every answer of the obedient model."""


class ObedientModel:
    """Does what the instruction says.

    `finish`: done. `give up`: it fails. `wait`: nothing, until it is cancelled. `hold`: done once the gate opens.
    `work N`: N clicks, then done. `go on`: clicks without an end. `nonsense`: answers that are no action. `no model`:
    it is out of reach. `boom`: a defect. `half a character`: a result that UTF-8 cannot write. Anything else is done.
    """

    provider = "openai"
    takes_screenshots = False

    def __init__(self, gate: asyncio.Event) -> None:
        self._gate = gate
        self._clicks = 0

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        began = asyncio.get_running_loop().time()
        outcome, usage = CallOutcome.ERROR, None
        try:
            action = await self._obey(request)
            outcome, usage = CallOutcome.OK, USAGE
        except InvalidActionError:
            outcome, usage = CallOutcome.INVALID, USAGE
            raise
        finally:
            seconds = asyncio.get_running_loop().time() - began
            calls.model_called(ModelCall(self.provider, "obedient", outcome, usage, seconds))
        return Decision((action,), "as told")

    async def _obey(self, request: DecisionRequest) -> Any:
        match request.instruction.split():
            case ["give", "up"]:
                return Fail("cannot")
            case ["wait"]:
                await asyncio.Event().wait()
            case ["hold"]:
                await self._gate.wait()
            case ["work", number] if self._clicks < int(number):
                return self._click()
            case ["go", "on"]:
                await asyncio.sleep(0.001)
                return self._click()
            case ["nonsense"]:
                raise InvalidActionError("no action")
            case ["no", "model"]:
                raise ModelError("the model is out of reach")
            case ["boom"]:
                raise ZeroDivisionError("text that no client may see")
            case ["half", *_]:
                return Done("half a character: \ud800")
        return Done(f"{request.instruction}: done")

    def _click(self) -> Click:
        self._clicks += 1
        return Click(self._clicks % 1000, 700)

    async def close(self) -> None:
        pass


class ObedientModels(ModelFactory):
    """Chooses models like the real factory, and makes obedient ones."""

    def __init__(self, config: Config) -> None:
        super().__init__(config.defaults, config.models, SystemClock())
        self.gate = asyncio.Event()
        """Lets the tasks go that hold."""

    def create(self, choice: ModelChoice) -> Model:
        return ObedientModel(self.gate)


class LivelyDesktop(SimulatedSandbox):
    """Shows something new each time, so that a task that clicks without an end is not stuck."""

    seen = 0

    async def observe(self, *, screenshot: bool) -> Observation:
        self.seen += 1
        observation = await super().observe(screenshot=screenshot)
        assert observation.tree is not None
        return attrs.evolve(observation, tree=attrs.evolve(observation.tree, value=str(self.seen)))


class Desktops(SandboxFactory):
    """Makes lively desktops; the task `no desktop` gets one that does not open."""

    def create(self, spec: TaskSpec) -> Sandbox:
        if spec.instruction == "no desktop":
            return ScriptedSandbox(opening=[SandboxError("there is no desktop")])
        return LivelyDesktop()


@attrs.frozen
class Refusal:
    """How a call was refused."""

    code: str
    text: str
    reason: str
    """Of the status details."""
    fields: tuple[str, ...]
    """That the details call wrong."""


def refusal(error: grpc.aio.AioRpcError) -> Refusal:
    """Read a status with its details."""
    status = rpc_status.from_call(error)
    reason, fields = "", []
    for detail in () if status is None else status.details:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            fields.extend(violation.field for violation in bad.field_violations)
    return Refusal(error.code().name, error.details() or "", reason, tuple(fields))


async def refused(call: Any) -> Refusal:
    """Return how a call is refused; one that succeeds is an error."""
    try:
        if hasattr(call, "__aiter__"):
            async with asyncio.timeout(SECONDS):
                got = [message async for message in call]
        else:
            async with asyncio.timeout(SECONDS):
                got = await call
    except grpc.aio.AioRpcError as error:
        return refusal(error)
    raise AssertionError(f"not refused: {got!r:.500}")


async def until(holds: Callable[[], bool]) -> None:
    """Return when something holds that other threads, processes or machines bring about."""
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.001)


@attrs.define
class Served:
    """A running service and a client of it."""

    service: Service
    channel: grpc.aio.Channel
    agent: pb_grpc.AgentStub
    models: ObedientModels
    app: App | None = None

    @property
    def state(self) -> ServiceState:
        return self.service.state

    async def start(self, instruction: str, **fields: Any) -> str:
        """Start a task and return its id."""
        request = pb.RunAgentInstructionRequest(instruction=instruction, **fields)
        reply = await self.agent.RunAgentInstructionAsync(request, timeout=SECONDS)
        return str(reply.taskId)

    async def run(self, instruction: str, **fields: Any) -> list[pb.TaskStream]:
        """Run a task and return all messages of its stream."""
        call = self.agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction=instruction, **fields))
        async with asyncio.timeout(SECONDS):
            return [message async for message in call]

    async def watch(self, task_id: str) -> list[pb.TaskStream]:
        """Follow a task to its end and return all messages of its stream."""
        call = self.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task_id))
        async with asyncio.timeout(SECONDS):
            return [message.taskStream async for message in call]

    async def query(self, task_id: str) -> pb.QueryTaskStatusResponse:
        return await self.agent.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=task_id), timeout=SECONDS)

    async def cancel(self, task_id: str) -> pb.CancelTaskResponse:
        return await self.agent.CancelTask(pb.CancelTaskRequest(taskId=task_id), timeout=SECONDS)

    async def call(self, method: str, data: bytes, *, timeout: float = SECONDS) -> bytes:
        """Send any bytes to any method of the service, as a call with one answer."""
        return bytes(await self.channel.unary_unary(f"/lybic.agent.Agent/{method}")(data, timeout=timeout))

    async def all_calls_ended(self) -> None:
        """Return when the service has ended every call that reached it, which may be after its client has seen that."""
        await until(lambda: _open_calls(self.state) == 0)

    async def scrape(self, path: str = "/metrics") -> "Page":
        """Read the metrics over HTTP."""
        assert self.app is not None
        return await asyncio.to_thread(scrape, self.app.metrics_port, path)


def _open_calls(state: ServiceState) -> int:
    rpcs = state.snapshot().rpcs
    return sum(rpcs.started.values()) - sum(rpcs.handled.values())


class Page(dict[tuple[str, tuple[tuple[str, str], ...]], float]):
    """The samples of a scrape by name and sorted labels."""

    def one(self, name: str, **labels: str) -> float:
        """Return one sample."""
        return self[name, tuple(sorted(labels.items()))]

    def by(self, name: str) -> dict[str, float]:
        """Return the samples of a name by the value of their only label, without zeros."""
        return {
            "/".join(value for _, value in labels): number
            for (sample, labels), number in self.items()
            if sample == name and number
        }


def fetch(url: str) -> str:
    """Read a page of an endpoint."""
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - an endpoint of the service
        return str(answer.read().decode())


def scrape(port: int | None, path: str = "/metrics") -> Page:
    """Read the metrics of an endpoint."""
    text = fetch(f"http://127.0.0.1:{port}{path}")
    page = Page()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in page, f"{key} twice"
            page[key] = sample.value
    return page


def configured(environment: Mapping[str, str] | None = None) -> Config:
    """Return a configuration with free ports. It stores tasks in memory and no pictures, unless asked for more."""
    ours = {
        "GRPC_PORT": "0",
        "PROMETHEUS_PORT": "0",
        "TASK_STORAGE_BACKEND": "memory",
        "RECORD_SCREENSHOTS": "none",
    }
    return configuration.load({**ours, **(environment or {})})


@asynccontextmanager
async def serving(environment: Mapping[str, str] | None = None, **options: Any) -> AsyncIterator[Served]:
    """Run a service whose calls are counted; at the end it must be at rest, and its numbers true."""
    config = configured(environment)
    models = ObedientModels(config)
    service = Service(config, Parts(**{"sandboxes": Desktops(config.sandboxes), "models": models, **options}))
    await service.start(Accounting(service.state, service.clock))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}", options=CLIENT_OPTIONS) as channel:
        served = Served(service, channel, pb_grpc.AgentStub(channel), models)
        try:
            yield served
        finally:
            await service.runner.drain(0)
            await served.all_calls_ended()
            await service.stop()
    assert at_rest(service.state, stored=config.storage.backend != "memory") == []


@asynccontextmanager
async def serving_app(environment: Mapping[str, str], directory: Path) -> AsyncIterator[Served]:
    """Run a service with its monitoring, as `grpc_app` composes it."""
    config = configured({"ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": str(directory), **environment})
    models = ObedientModels(config)
    app = App(config, Parts(sandboxes=Desktops(config.sandboxes), models=models))
    await app.start()
    service = app.service
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}", options=CLIENT_OPTIONS) as channel:
        try:
            yield Served(service, channel, pb_grpc.AgentStub(channel), models, app)
        finally:
            await app.stop()
    assert at_rest(service.state, stored=config.storage.backend != "memory") == []


def at_rest(state: ServiceState, *, stored: bool = False) -> list[str]:
    """Return what a service that has ended still holds, and what its numbers say against the promises.

    Tasks that are stored may wait: they go on after the next start.
    """
    snapshot = state.snapshot()
    held = {
        "running": snapshot.tasks.live["running"],
        "pending": 0 if stored else snapshot.tasks.live["pending"],
        "sandboxes": sum(snapshot.sandboxes.open.values()),
        "streams": sum(snapshot.rpcs.open_streams.values()),
        "subscribers": snapshot.streams.subscribers,
        "calls": _open_calls(state),
    }
    declared = {(str(method.name), str(code)) for method in counted(tokens=True) for code in method.codes}
    undeclared = [f"{method} may end with {code}" for method, code in snapshot.rpcs.handled.keys() - declared]
    return [f"{name}: {number}" for name, number in held.items() if number] + undeclared + broken(snapshot)


CLIENT_OPTIONS = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
"""Clients may send what the service refuses."""

PRICE = {"input": Decimal(3), "cached_input": Decimal("0.3"), "output": Decimal(15)}
