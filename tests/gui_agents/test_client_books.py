"""A client that keeps its own books, over real gRPC, finds every number of /metrics equal to them, over real HTTP.

The model is the scripted server of the real protocol, so that the client knows each token that was told. What a client
cannot know (how long something took, what the process costs) is listed in `UNKNOWABLE`; everything else is compared.
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import grpc.aio

from collectors.metrics import catalogue
from gui_agents.domain.sandbox import Sandbox, SandboxError
from gui_agents.domain.spec import TaskSpec
from gui_agents.grpc_app import App
from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc.methods import METHODS
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.service import Parts
from tests.fakes import ScriptedSandbox
from tests.scripted_model import Answer, RecordedRequest, ScriptedModelServer, error, text, tool_call, usage
from tests.serving import CLIENT_OPTIONS, Page, at_rest, configured, scrape

LIMIT = 100_000
KEEP = 3
SETTLE_SECONDS = 20.0
STARTING_READS = 2
"""The unfinished tasks of an earlier service, and what this day has cost."""
SECTIONS = [section.name for section in catalogue.sections()]

STREAMING = {method.name for method in METHODS if method.streaming}
SUBMITTING = ("RunAgentInstruction", "RunAgentInstructionAsync")
SETTERS = {
    "SetGlobalCommonConfig": ("global", pb.SetGlobalCommonConfigRequest(commonConfig=pb.CommonConfig(platform="any"))),
    "SetGlobalCommonLLMConfig": (
        "llm",
        pb.SetGlobalCommonLLMConfigRequest(llmConfig=pb.LLMConfig(modelName="builtin/rules")),
    ),
    "SetGlobalGroundingLLMConfig": (
        "grounding",
        pb.SetGlobalGroundingLLMConfigRequest(llmConfig=pb.LLMConfig(modelName="m")),
    ),
    "SetGlobalEmbeddingLLMConfig": (
        "embedding",
        pb.SetGlobalEmbeddingLLMConfigRequest(llmConfig=pb.LLMConfig(modelName="m")),
    ),
}

UNKNOWABLE = {
    "agent_collector_duration_seconds",
    "agent_event_loop_blocked_seconds_total",
    "agent_event_loop_lag_seconds",
    "agent_memory_usage_bytes",
    "agent_model_request_duration_seconds_bucket",
    "agent_model_request_duration_seconds_sum",
    "agent_sandbox_open_duration_seconds_bucket",
    "agent_sandbox_open_duration_seconds_sum",
    "agent_service_info",
    "agent_service_uptime_seconds",
    "agent_grpc_request_duration_seconds_bucket",
    "agent_grpc_request_duration_seconds_sum",
    "agent_step_phase_duration_seconds_bucket",
    "agent_step_phase_duration_seconds_sum",
    "agent_task_execution_duration_seconds_bucket",
    "agent_task_execution_duration_seconds_sum",
    "agent_task_latency_seconds",
    "agent_task_latency_seconds_sum",
    "agent_task_oldest_progress_timestamp_seconds",
    "agent_task_oldest_pending_timestamp_seconds",
    "agent_task_queue_wait_duration_seconds_bucket",
    "agent_task_queue_wait_duration_seconds_sum",
    "agent_temp_files_count",
}

CLICK = {"action": "click", "x": 700, "y": 600}
OTHER_CLICK = {"action": "click", "x": 701, "y": 601}
NOW = {"retry-after": "0"}


def acted(action: Mapping[str, Any], prompt: int = 0, written: int = 0, *, cached: int | None = None) -> Answer:
    return tool_call(dict(action), usage=usage(prompt, written, cached=cached))


@attrs.frozen(kw_only=True)
class Scenario:
    """A task, what its model answers, and what must come of it."""

    answers: tuple[Answer, ...] = ()
    """In order; the last one again and again."""
    tokens: tuple[tuple[int, int, int], ...] = ()
    """Input, cached input and output of each answer that is given."""
    calls: Mapping[str, int] = attrs.field(factory=dict)
    """Model calls by outcome."""
    unknown_usage: int = 0
    status: str = "completed"
    reason: str | None = None
    steps: int = 1
    clicks: int = 0
    desktops: int = 1
    limits: Mapping[str, int] = attrs.field(factory=dict)


DONE = {"action": "done", "message": "done"}

SCENARIOS = {
    "done": Scenario(answers=(acted(DONE, 1000, 20, cached=100),), tokens=((1000, 100, 20),), calls={"ok": 1}),
    "clicks": Scenario(
        answers=(acted(CLICK, 333, 7), acted(OTHER_CLICK, 444, 11, cached=333), acted(DONE, 555, 13, cached=444)),
        tokens=((333, 0, 7), (444, 333, 11), (555, 444, 13)),
        calls={"ok": 3},
        steps=3,
        clicks=2,
    ),
    "gives up": Scenario(
        answers=(acted({"action": "fail", "message": "cannot"}, 77, 3),),
        tokens=((77, 0, 3),),
        calls={"ok": 1},
        status="failed",
        reason="agent_gave_up",
    ),
    "nonsense": Scenario(
        answers=(text("I would rather not", usage=usage(50, 5)),),
        tokens=((50, 0, 5),) * 3,
        calls={"invalid": 3},
        status="failed",
        reason="model_error",
        steps=3,
    ),
    "broken endpoint": Scenario(
        answers=(error(500, headers=NOW),),
        calls={"error": 2},
        status="failed",
        reason="model_error",
        steps=0,
    ),
    "second attempt": Scenario(
        answers=(error(429, headers=NOW), acted(DONE, 10, 1)),
        tokens=((10, 0, 1),),
        calls={"error": 1, "ok": 1},
    ),
    "no answer in time": Scenario(
        answers=(acted(DONE).on_release(),),
        calls={"timeout": 2},
        unknown_usage=2,
        status="failed",
        reason="model_error",
        steps=0,
    ),
    "no usage": Scenario(answers=(tool_call(DONE),), calls={"ok": 1}, unknown_usage=1),
    "unpriced": Scenario(answers=(acted(DONE, 900, 9),), tokens=((900, 0, 9),), calls={"ok": 1}),
    "step limit": Scenario(
        answers=(acted(CLICK, 100, 1), acted(OTHER_CLICK, 100, 1)),
        tokens=((100, 0, 1),) * 2,
        calls={"ok": 2},
        status="failed",
        reason="step_limit",
        steps=2,
        clicks=2,
        limits={"steps": 2},
    ),
    "stuck": Scenario(
        answers=(acted(CLICK, 10, 1),),
        tokens=((10, 0, 1),) * 5,
        calls={"ok": 5},
        status="failed",
        reason="stuck",
        steps=5,
        clicks=4,
    ),
    "budget": Scenario(
        answers=(acted(CLICK, 200_000, 1),),
        tokens=((200_000, 0, 1),),
        calls={"ok": 1},
        status="failed",
        reason="budget",
        clicks=1,
    ),
    "too slow": Scenario(
        answers=(acted(DONE).on_release(),),
        calls={"error": 1},
        unknown_usage=1,
        status="failed",
        reason="timeout",
        steps=0,
        limits={"taskTimeout": 1},
    ),
    "no desktop": Scenario(status="failed", reason="sandbox_error", steps=0, desktops=0),
    "defect": Scenario(status="failed", reason="internal", steps=0, desktops=0),
}
"""Tasks that end by themselves."""

HANGS = Scenario(answers=(acted(DONE).on_release(),), calls={"error": 1}, unknown_usage=1, status="cancelled", steps=0)
"""A task that someone ends in the middle of its model call."""

PRICES = {
    "done": {"input": "3.0", "cached_input": "0.3", "output": "15.0"},
    "clicks": {"input": "0.1", "cached_input": "0.07", "output": "0.7", "currency": "EUR"},
    "gives up": {"input": "7", "output": "9", "currency": "CNY"},
    "second attempt": {"input": "0.000001", "output": "1000"},
}
"""By scenario; all others but `unpriced` cost what `done` costs."""


def priced() -> dict[str, Mapping[str, str]]:
    names = {*SCENARIOS, "hangs"} - {"unpriced"}
    return {model_of(name): PRICES.get(name, PRICES["done"]) for name in names}


def model_of(scenario: str) -> str:
    return f"scripted-{scenario.replace(' ', '-')}"


class Desktops(SandboxFactory):
    """Simulated desktops, one that does not open, and a factory with a defect."""

    def create(self, spec: TaskSpec) -> Sandbox:
        if spec.instruction == "no desktop":
            return ScriptedSandbox(opening=[SandboxError("there is no desktop")])
        if spec.instruction == "defect":
            raise ZeroDivisionError
        return super().create(spec)


class Script:
    """Answers each model by its scenario."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()
        self._scenarios = {model_of(name): scenario for name, scenario in {**SCENARIOS, "hangs": HANGS}.items()}

    def __call__(self, request: RecordedRequest) -> Answer:
        model = request.body["model"]
        answers = self._scenarios[model].answers
        answer = answers[min(self._given[model], len(answers) - 1)]
        self._given[model] += 1
        return answer


class Client:
    """Calls the service and writes down what happens."""

    def __init__(self, channel: grpc.aio.Channel, model_url: str) -> None:
        self._channel = channel
        self._url = model_url
        self.started: Counter[str] = Counter()
        self.handled: Counter[tuple[str, str]] = Counter()
        self.rejected: Counter[str] = Counter()
        self.tasks: dict[str, tuple[str, Scenario]] = {}
        """Scenario by id, of every task that was accepted."""
        self.live: set[str] = set()
        self.never_ran: set[str] = set()
        self.interrupted: set[str] = set()
        self.updates: Counter[str] = Counter()
        self.taken_over = 0
        self.unknown = 0
        """Ids of no task that were asked for; each is looked up in the storage."""

    def request(self, scenario: str, **fields: Any) -> pb.RunAgentInstructionRequest:
        limits = SCENARIOS.get(scenario, HANGS).limits
        request = pb.RunAgentInstructionRequest(instruction=scenario, runningConfig=pb.CommonConfig(**limits), **fields)
        model = request.runningConfig.stageModelConfig.actionGeneratorModel
        model.modelName, model.apiEndpoint = model_of(scenario), self._url
        return request

    def ended(self, method: str, code: str) -> None:
        self.started[method] += 1
        self.handled[method, code] += 1

    async def call(self, method: str, request: Any, reply: type[Any] | None = None, *, counted_as: str = "") -> Any:
        """Make a call with one answer; return the answer, or the code of its refusal."""
        data = request if isinstance(request, bytes) else request.SerializeToString()
        path = method if method.startswith("/") else f"/lybic.agent.Agent/{method}"
        try:
            if method in STREAMING:
                answer = [message async for message in self._channel.unary_stream(path)(data)]
            else:
                answer = await self._channel.unary_unary(path)(data)
        except grpc.aio.AioRpcError as failure:
            self.ended(counted_as or method, failure.code().name)
            return failure.code().name
        self.ended(counted_as or method, "OK")
        return answer if reply is None else reply.FromString(answer)

    async def start(self, scenario: str, **fields: Any) -> str:
        request = self.request(scenario, **fields)
        reply = await self.call("RunAgentInstructionAsync", request, pb.RunAgentInstructionAsyncResponse)
        self.note(reply.taskId, scenario)
        return str(reply.taskId)

    def note(self, task: str, scenario: str) -> None:
        """Write down that a task was accepted."""
        self.tasks[task] = (scenario, SCENARIOS.get(scenario, HANGS))

    def open(self, method: str, request: Any, timeout: float | None = None) -> grpc.aio.UnaryStreamCall:
        """Open a stream, which `left` or `met_deadline` must end."""
        return self._channel.unary_stream(f"/lybic.agent.Agent/{method}")(request.SerializeToString(), timeout=timeout)

    async def left(self, method: str, call: grpc.aio.UnaryStreamCall) -> None:
        call.cancel()
        assert await call.code() is grpc.StatusCode.CANCELLED
        self.ended(method, "CANCELLED")

    async def met_deadline(self, method: str, call: grpc.aio.UnaryStreamCall) -> None:
        assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        self.ended(method, "DEADLINE_EXCEEDED")

    async def watch(self, task: str) -> list[str]:
        """Follow a task to its end and return its stages."""
        messages = await self.call("GetAgentTaskStream", pb.GetAgentTaskStreamRequest(taskId=task))
        return [pb.GetAgentTaskStreamResponse.FromString(message).taskStream.stage for message in messages]

    async def query(self, task: str) -> pb.QueryTaskStatusResponse:
        return await self.call("QueryTaskStatus", pb.QueryTaskStatusRequest(taskId=task), pb.QueryTaskStatusResponse)

    async def cancel(self, task: str) -> bool:
        return (await self.call("CancelTask", pb.CancelTaskRequest(taskId=task), pb.CancelTaskResponse)).success


async def everything_wrong(client: Client) -> None:
    """Make every kind of call that is no task."""
    for method in METHODS:
        assert await client.call(method.name, b"\x0a\xff\xff\xff\xff\xff") == "INVALID_ARGUMENT"
        assert await client.call(method.name, b"\x0a" * (LIMIT + 1)) == "RESOURCE_EXHAUSTED"
    for method in SUBMITTING:
        assert await client.call(method, pb.RunAgentInstructionRequest()) == "INVALID_ARGUMENT"
        assert await client.call(method, client.request("done", previousTaskId="nobody")) == "NOT_FOUND"
        client.unknown += 1
        wrong = client.request("done")
        wrong.runningConfig.steps = -1
        assert await client.call(method, wrong) == "INVALID_ARGUMENT"
        client.rejected["invalid"] += 5
    for path in ("/lybic.agent.Agent/Nothing", "/nobody/Nothing", "/lybic.agent.Agent/getAgentInfo"):
        assert await client.call(path, b"", counted_as="other") == "UNIMPLEMENTED"
    assert await client.call("/grpc.health.v1.Health/Check", b"", counted_as="other") == b"\x08\x01"
    assert await client.call("/grpc.health.v1.Health/Check", b"\x0a\x01x", counted_as="other") == "NOT_FOUND"
    for method, request in (
        ("GetAgentTaskStream", pb.GetAgentTaskStreamRequest(taskId="nobody")),
        ("GetCommonConfig", pb.GetCommonConfigRequest(id="nobody")),
    ):
        assert await client.call(method, request) == "NOT_FOUND"
        client.unknown += 1
    for _ in range(3):
        await client.call("GetAgentInfo", b"")
    await client.call("GetGlobalCommonConfig", b"")
    await client.call("GetCommonConfig", pb.GetCommonConfigRequest(id="global"))
    assert (await client.query("nobody")).status == pb.NOT_FOUND
    assert await client.cancel("nobody") is False
    client.unknown += 2


async def set_everything(client: Client) -> None:
    for method, (kind, request) in SETTERS.items():
        for _ in range(2):
            await client.call(method, request)
            client.updates[kind] += 1
        assert await client.call(method, b"") == "INVALID_ARGUMENT"


async def tasks_that_end_by_themselves(client: Client) -> None:
    """Run all scenarios, two at a time, and compare what the service says of each."""
    # The first one waits for the model's package to be loaded, which the later ones, with their limits, must not.
    waiting = list(reversed(SCENARIOS))

    async def worker() -> None:
        while waiting:
            name = waiting.pop()
            task = await client.start(name, destroySandbox=name == "gives up")
            scenario = SCENARIOS[name]
            stages = await client.watch(task)
            assert stages == ["starting", *["step"] * scenario.steps, stages[-1]], name
            report = await client.query(task)
            assert report.status == (pb.SUCCESS if scenario.status == "completed" else pb.FAILURE), name
            used = report.executionStatistics
            sums = [sum(part) for part in zip(*scenario.tokens, strict=True)] or [0, 0, 0]
            assert (used.steps, used.inputTokens, used.outputTokens) == (scenario.steps, sums[0], sums[2]), name
            assert used.cost == float(sum(cost([(name, scenario)]).values())), name
            assert await client.cancel(task) is False

    await asyncio.gather(worker(), worker())


@attrs.frozen
class Full:
    """What fills a service: two tasks that run, one that waits, and two open streams."""

    running: str
    pending: str
    run: grpc.aio.UnaryStreamCall
    watch: grpc.aio.UnaryStreamCall


async def fill_the_service(client: Client, model: ScriptedModelServer) -> Full:
    """Take both slots and the only place of the queue, and hold two streams open."""
    before = len(model.requests)
    running = await client.start("hangs")
    stream = client.open("RunAgentInstruction", client.request("hangs"))
    own = pb.TaskStream.FromString(await stream.read()).taskId
    client.note(own, "hangs")
    await model.wait_for_requests(before + 2)
    pending = await client.start("hangs")
    client.never_ran.add(pending)
    for method in SUBMITTING:
        assert await client.call(method, client.request("done")) == "RESOURCE_EXHAUSTED"
        client.rejected["queue_full"] += 1
    watching = client.open("GetAgentTaskStream", pb.GetAgentTaskStreamRequest(taskId=running))
    await watching.read()
    client.live = {running, own, pending}
    return Full(running, pending, stream, watching)


async def end_everything(client: Client, full: Full) -> None:
    """Cancel what waits and what runs, and leave the streams."""
    assert await client.cancel(full.pending) is True
    await client.left("RunAgentInstruction", full.run)
    await client.left("GetAgentTaskStream", full.watch)
    assert await client.cancel(full.running) is True
    assert await client.cancel(full.running) is True
    client.live.clear()
    # A client whose time is up has left, too.
    call = client.open("RunAgentInstruction", client.request("hangs"), timeout=1.5)
    client.note(pb.TaskStream.FromString(await call.read()).taskId, "hangs")
    await client.met_deadline("RunAgentInstruction", call)


async def take_over(client: Client) -> None:
    """Continue a task twice in its sandbox, and fail to continue in one that nobody knows."""
    first = await client.start("done")
    await client.watch(first)
    for _ in range(2):
        again = await client.start("done", previousTaskId=first)
        client.taken_over += 1
        await client.watch(again)
    unknown = pb.Sandbox(id="nothing")
    for method in SUBMITTING:
        assert await client.call(method, client.request("done", sandbox=unknown)) == "FAILED_PRECONDITION"
        client.rejected["invalid"] += 1


async def drain(client: Client, app: App, model: ScriptedModelServer) -> None:
    """Let the service end a task, and refuse another one."""
    before = len(model.requests)
    task = await client.start("hangs")
    client.interrupted.add(task)
    await model.wait_for_requests(before + 1)
    await app.service.drain()
    for method in SUBMITTING:
        assert await client.call(method, client.request("done")) == "UNAVAILABLE"
        client.rejected["draining"] += 1
    assert (await client.query(task)).status == pb.FAILURE


def expected(
    client: Client, *, running: int, pending: int, open_streams: Mapping[str, int], kept: int
) -> dict[str, Any]:
    """Return what a scrape must show, by name and label values, zeros left out."""
    tasks = client.tasks.items()
    ended = [(task, name, scenario) for task, (name, scenario) in tasks if task not in client.live]
    ran = [(name, scenario) for task, name, scenario in ended if task not in client.never_ran]
    begun = [scenario for task, (_, scenario) in tasks if task not in client.never_ran]
    statuses: Counter[str] = Counter(pending=len(client.tasks), running=len(begun))
    reasons: Counter[str] = Counter()
    for task, _, scenario in ended:
        interrupted = task in client.interrupted
        statuses["failed" if interrupted else scenario.status] += 1
        reason = "interrupted" if interrupted else scenario.reason
        if reason is not None:
            reasons[reason] += 1
    created = sum(scenario.desktops for scenario in begun) - client.taken_over
    calls: Counter[str] = Counter()
    for _, scenario in ran:
        calls.update({f"{outcome}/openai": number for outcome, number in scenario.calls.items()})
    read, cached, written = (
        sum(tokens[part] for _, scenario in ran for tokens in scenario.tokens) for part in range(3)
    )
    steps = [scenario.steps for _, scenario in ran]
    clicks = sum(scenario.clicks for _, scenario in ran)
    errors = {f"{method}/{code}": number for (method, code), number in client.handled.items() if code != "OK"}
    by_method = Counter({method: 0 for method, _ in client.handled})
    for (method, _), number in client.handled.items():
        by_method[method] += number
    messages = len(tasks) + sum(scenario.steps + 1 for _, _, scenario in ended)
    bounds = (1, 5, 10, 20, 30, 50, 100, 200)
    return {
        "agent_tasks_created_total": statuses,
        "agent_tasks_active": {"": running},
        "agent_tasks": {"running": running, "pending": pending},
        "agent_task_utilization": {"": running / 2},
        "agent_task_failures_total": reasons,
        "agent_tasks_rejected_total": client.rejected,
        # All of it happens within the last five minutes.
        "agent_recent_tasks": {status: statuses[status] for status in ("completed", "failed", "cancelled")},
        "agent_recent_rejections": client.rejected,
        "agent_recent_model_calls": sums_by_outcome(calls),
        "agent_task_slots": {"": 2},
        "agent_task_queue_capacity": {"": 1},
        "agent_task_retention_limit": {"": 1000},
        "agent_tasks_retained": {"": len(ended)},
        "agent_task_success_rate": {"": statuses["completed"] / (statuses["completed"] + statuses["failed"])},
        "agent_task_execution_duration_seconds_count": {"": len(ran)},
        "agent_task_latency_seconds_count": {"": len(ran)},
        "agent_task_queue_wait_duration_seconds_count": {"": len(client.tasks) - pending},
        "agent_task_steps_count": {"": len(ran)},
        "agent_task_steps_sum": {"": sum(steps)},
        "agent_task_steps_bucket": {
            **{f"{float(bound)}": sum(number <= bound for number in steps) for bound in bounds},
            "+Inf": len(steps),
        },
        "agent_proxy_steps_total": {"": sum(steps)},
        "agent_step_phase_duration_seconds_count": {"observe": sum(steps), "decide": sum(steps), "act": clicks},
        "agent_actions_total": {"click/ok": clicks},
        "agent_tokens_consumed_total": {"input": read, "output": written, "total": read + written},
        "agent_model_tokens_total": {
            "input/openai": read - cached,
            "cached_input/openai": cached,
            "output/openai": written,
        },
        "agent_execution_cost_total": {currency: float(amount) for currency, amount in cost(ran).items()},
        "agent_model_requests_total": calls,
        "agent_model_request_duration_seconds_count": {"openai": sum(calls.values())},
        "agent_model_usage_unknown_total": {"openai": sum(scenario.unknown_usage for _, scenario in ran)},
        "agent_model_price_unknown_total": {
            "openai": sum(sum(scenario.calls.values()) for name, scenario in ran if name == "unpriced")
        },
        "agent_sandbox_created_total": {"Simulated": created},
        "agent_sandboxes": {"Simulated": kept + running},
        "agent_sandboxes_warm": {},
        "agent_sandboxes_ended_total": {"Simulated": created - kept - running},
        "agent_sandbox_open_duration_seconds_count": {"Simulated/cold": created, "Simulated/kept": client.taken_over},
        "agent_sandbox_failures_total": {"Simulated": sum(name == "no desktop" for name, _ in ran)},
        "agent_egress_connections_total": {},
        "agent_grpc_requests_total": client.started + Counter(open_streams),
        "agent_grpc_request_duration_seconds_count": by_method,
        "agent_grpc_handled_total": {f"{code}/{method}": number for (method, code), number in client.handled.items()},
        "agent_grpc_errors_total": errors,
        "agent_grpc_stream_connections": open_streams,
        "agent_stream_subscribers": {"": sum(open_streams.values())},
        "agent_stream_messages_total": {"": messages},
        "agent_stream_manager_tasks": {"": len(client.tasks)},
        "agent_stream_messages_skipped_total": {},
        "agent_storage_operations_total": {"read/ok": STARTING_READS + client.unknown},
        "agent_storage_commit_duration_seconds_bucket": {},
        "agent_storage_commit_duration_seconds_count": {},
        "agent_storage_commit_duration_seconds_sum": {},
        "agent_storage_queue": {},
        "agent_storage_bytes": {},
        "agent_config_updates_total": client.updates,
        "agent_collector_success": dict.fromkeys(SECTIONS, 1),
    }


def sums_by_outcome(calls: Mapping[str, int]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for labels, number in calls.items():
        sums[labels.partition("/")[0]] += number
    return sums


def differences(page: Page, books: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return where a scrape and the client's books differ, in any sample of the service's."""
    found = []
    for name in sorted({name for name, _ in page if name.startswith("agent_")} - UNKNOWABLE):
        if name not in books:
            found.append(f"{name} is not in the client's books")
            continue
        wanted = {labels: number for labels, number in books[name].items() if number}
        shown = page.by(name)
        if name == "agent_sandboxes_ended_total":
            # Nobody tells a client whether its kept sandbox was closed at last, or had to go for another one.
            assert shown.keys() <= {"closed/Simulated", "expired/Simulated"}
            shown = {"Simulated": sum(shown.values())}
        if shown != wanted:
            found.append(f"{name}: {shown} is not {wanted}")
    missing = books.keys() - {name for name, _ in page}
    return found + [f"{name} is not on the page" for name in sorted(missing)]


async def test_every_number_is_what_the_client_has_counted(tmp_path):
    (tmp_path / "prices.json").write_text(json.dumps(priced()))
    environment = {
        "ENABLE_PROMETHEUS": "true",
        "RUNTIME_DIR": str(tmp_path / "runtime"),
        "MODEL_PRICES_FILE": str(tmp_path / "prices.json"),
        "MODEL_TIMEOUT_SECONDS": "2.5",
        "MODEL_MAX_ATTEMPTS": "2",
        "TASK_MAX_TASKS": "2",
        "TASK_QUEUE_SIZE": "1",
        "TASK_MAX_TOKENS": "100000",
        "SANDBOX_KEEP": str(KEEP),
        "GRPC_MAX_MESSAGE_BYTES": str(LIMIT),
        "DRAIN_SECONDS": "0",
        "ALLOW_SET_GLOBAL_CONFIG": "true",
    }
    async with ScriptedModelServer(Script()) as model:
        config = configured(environment)
        app = App(config, Parts(sandboxes=Desktops(config.sandboxes)))
        await app.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{app.service.port}", options=CLIENT_OPTIONS) as channel:
                await keep_books(Client(channel, model.base_url), app, model)
        finally:
            await app.stop()
    assert at_rest(app.service.state) == []


async def keep_books(client: Client, app: App, model: ScriptedModelServer) -> None:
    async def compared(*, running: int = 0, pending: int = 0, kept: int = KEEP, **open_streams: int) -> None:
        books = expected(client, running=running, pending=pending, open_streams=open_streams, kept=kept)
        found = ["not looked"]
        # A call, a sandbox and a model call end a moment after their client has seen the task end.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while found:
                    found = differences(await asyncio.to_thread(scrape, app.metrics_port), books)
        assert found == []

    await everything_wrong(client)
    await set_everything(client)
    await tasks_that_end_by_themselves(client)
    await compared()
    full = await fill_the_service(client, model)
    await compared(running=2, pending=1, RunAgentInstruction=1, GetAgentTaskStream=1)
    await end_everything(client, full)
    await compared()
    await take_over(client)
    await compared()
    await drain(client, app, model)
    await compared(kept=0)


def cost(tasks: list[tuple[str, Scenario]]) -> dict[str, Decimal]:
    """Return the exact price of all answers, by currency."""
    amounts: dict[str, Decimal] = {}
    for name, scenario in tasks:
        price = None if name == "unpriced" else PRICES.get(name, PRICES["done"])
        if price is None:
            continue
        rates = Decimal(price["input"]), Decimal(price.get("cached_input", price["input"])), Decimal(price["output"])
        for read, cached, written in scenario.tokens:
            millionths = (read - cached) * rates[0] + cached * rates[1] + written * rates[2]
            currency = price.get("currency", "USD")
            amounts[currency] = amounts.get(currency, Decimal(0)) + millionths / 1_000_000
    return amounts
