"""Every alert on the real chain: service under a fault -> Prometheus -> Alertmanager -> webhook, fired and resolved."""

import asyncio
import contextlib
import itertools
import json
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import pytest

from collectors.operations.alerts import alert_names
from collectors.operations.model import Setting
from gui_agents.access.tokens import TokenLine, digest, new_token
from gui_agents.domain.access import Quotas, Role
from gui_agents.proto import agent_pb2
from tests.e2e.chain import Chain, chain, scaled
from tests.e2e.programs import Instance, get, query, until
from tests.scripted_model import Answer, RecordedRequest, running_in_thread, tool_call, usage

pytestmark = pytest.mark.system_tools

JOBS = (
    "loop",
    "scrape",
    "flaky",
    "restart",
    "fail",
    "outage",
    "sandbox",
    "full",
    "busy",
    "slow",
    "rpc",
    "cost",
    "budget",
    "leak",
    "web",
    "storage",
    "access",
)
BY_RULE_TESTS_ONLY = {"MemoryGrowth", "HighMemoryUsage"}
OF_OTHER_TESTS = {name for name in alert_names(Setting()) if name.startswith(("TaskSlo", "RpcSlo"))}
PAGE_MINUTES = 6
"""Within which somebody must know of a total outage."""
SLOW_SECONDS = (6.0, 8.5, 6.5, 8.0, 7.0, 7.5)
"""Unequal, so that tasks which began together do not end together."""
DONE = {"action": "done", "message": "ok"}
PRICES = {"costly": {"input": "20", "output": "20", "currency": "USD"}}


def answer(request: RecordedRequest) -> Answer:
    """Answer as the model's name says."""
    match request.body["model"]:
        case "hanging":
            return tool_call(DONE, usage=usage(1, 1)).on_release()
        case "slow":
            return tool_call(DONE, usage=usage(1, 1)).after(SLOW_SECONDS[request.index % len(SLOW_SECONDS)])
        case "costly":
            return tool_call(DONE, usage=usage(100_000, 1_000))
        case "acting" if request.index % 2:
            return tool_call({"action": "click", "x": 640, "y": 360}, usage=usage(1, 1))
        case "silent":
            return tool_call(DONE)
        case _:
            return tool_call(DONE, usage=usage(1, 1))


@contextlib.asynccontextmanager
async def again(seconds: float, action: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Do something again and again while the block lasts; what has begun then is still done to its end.

    A restart that is cut off would leave an instance that is down, whose other alerts are inhibited for ever.
    """
    over = asyncio.Event()

    async def repeat() -> None:
        while not over.is_set():
            with contextlib.suppress(grpc.aio.AioRpcError):
                await action()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        over.set()
        await task


async def cancel(instance: Instance, task: str) -> None:
    """Cancel a task."""
    await instance.agent.CancelTask(agent_pb2.CancelTaskRequest(taskId=task), timeout=20)


TEXT = "text/plain; version=0.0.4"
"""Prometheus 3 scrapes no page that does not say what it is."""


@contextlib.contextmanager
def stranger() -> Iterator[str]:
    """Serve a page with metrics of something else, and yield its target."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", TEXT)
            self.end_headers()
            self.wfile.write(b"something_else 1\n")

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


class Flaky:
    """Passes requests on to an instance; while it is broken, every second scrape gets no answer."""

    def __init__(self) -> None:
        self.broken = False
        self._turn = itertools.count()

    @contextlib.contextmanager
    def before(self, instance: Instance) -> Iterator[str]:
        """Stand before an instance, and yield what to scrape."""
        flaky = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if flaky.broken and self.path == "/metrics" and next(flaky._turn) % 2:
                    return
                body = get(f"http://{instance.target}{self.path}")
                self.send_response(200)
                self.send_header("Content-Type", TEXT)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"127.0.0.1:{server.server_port}"
            server.shutdown()

    @contextlib.asynccontextmanager
    async def breaking(self) -> AsyncIterator[None]:
        """Be broken while the block lasts."""
        self.broken = True
        yield
        self.broken = False


@contextlib.asynccontextmanager
async def switched(instances: list[Instance], **fault: str) -> AsyncIterator[None]:
    """Have a fault on all instances while the block lasts."""
    for instance in instances:
        instance.tell(**fault)
    try:
        yield
    finally:
        for instance in instances:
            instance.tell(**dict.fromkeys(fault, "ok"))


async def loop_faults(chain: Chain, env: dict[str, object]) -> None:
    """Let the sandbox of one task at a time block the event loop for moments, then for good."""
    async with chain.instances("loop", {**env, "task_max_tasks": 1}) as [instance], again(1, instance.submit):
        await chain.prove("loop", ["EventLoopBlocked"], lambda: switched([instance], sandbox="block"))
        await chain.prove("loop", ["HeartbeatStalled"], lambda: switched([instance], sandbox="stall"))


async def scrape_faults(chain: Chain, env: dict[str, object]) -> None:
    """Let a section be slow, then fail."""
    async with chain.instances("scrape", env) as instances:
        await chain.prove("scrape", ["ScrapeSlow"], lambda: switched(instances, section="slow"))
        await chain.prove("scrape", ["CollectorSectionFailed"], lambda: switched(instances, section="fail"))


async def absences(chain: Chain, env: dict[str, object]) -> None:
    """Take instances, targets and metrics away."""
    async with chain.instances("restart", env, env) as instances:
        first, second = instances
        targets = [instance.target for instance in instances]

        @contextlib.asynccontextmanager
        async def down(*victims: Instance) -> AsyncIterator[None]:
            await asyncio.gather(*(victim.kill() for victim in victims))
            yield
            await asyncio.gather(*(victim.start() for victim in victims))

        @contextlib.asynccontextmanager
        async def aimed(*wanted: str) -> AsyncIterator[None]:
            chain.aim("restart", wanted)
            yield
            chain.aim("restart", targets)

        async def restart() -> None:
            await first.kill()
            await first.start()

        await chain.prove("restart", ["ServiceDown"], lambda: down(second))
        await chain.prove("restart", ["AllInstancesDown"], lambda: down(first, second))
        await chain.prove("restart", ["TargetsMissing"], aimed)
        with stranger() as other:
            await chain.prove("restart", ["MetricsAbsent"], lambda: aimed(*targets, other))
        await chain.prove("restart", ["Restarting"], lambda: again(1.5, restart))


async def failures(chain: Chain, env: dict[str, object]) -> None:
    """Let every sandbox of three instances fail, then work again."""
    async with chain.instances("fail", env, env, env) as instances:

        async def submit() -> None:
            await asyncio.gather(*(instance.submit() for instance in instances))

        async with again(1, submit):
            await chain.prove(
                "fail", ["HighTaskFailureRate", "LowTaskSuccessRate"], lambda: switched(instances, sandbox="fail")
            )


async def outage(chain: Chain, env: dict[str, object]) -> None:
    """Let all tasks of two instances succeed for longer than the windows, then fail: somebody must soon know."""
    async with chain.instances("outage", env, env) as instances:

        async def submit() -> None:
            await asyncio.gather(*(instance.submit() for instance in instances))

        good = f'min(agent_service_uptime_seconds{{job="outage"}}) > {scaled(10)}'
        async with again(0.5, submit):
            await until(lambda: query(chain.port, good), "good times")
            await chain.prove("outage", ["MostTasksFail"], lambda: switched(instances, sandbox="fail"))


async def sandbox_faults(chain: Chain, env: dict[str, object]) -> None:
    """Let the sandboxes of two instances die under their tasks, then open slowly, then search a network."""
    async with chain.instances("sandbox", env, env) as instances:

        async def submit() -> None:
            await asyncio.gather(*(instance.submit() for instance in instances))

        async with again(0.5, submit):
            await chain.prove("sandbox", ["SandboxesDying"], lambda: switched(instances, sandbox="die"))
            await chain.prove("sandbox", ["SandboxOpenSlow"], lambda: switched(instances, sandbox="slow"))
        await chain.prove("sandbox", ["EgressDenied"], lambda: switched(instances, egress="search"))


async def badly_scraped(chain: Chain, env: dict[str, object]) -> None:
    """Let every second scrape of an instance fail."""
    async with chain.instances("flaky", env) as [instance]:
        flaky = Flaky()
        with flaky.before(instance) as target:
            chain.aim("flaky", [target])
            await chain.prove("flaky", ["ScrapesFail"], flaky.breaking)
            chain.aim("flaky", [instance.target])


async def full(chain: Chain, env: dict[str, object]) -> None:
    """Fill every slot and queue of two instances with tasks that hang."""
    env = {**env, "task_max_tasks": 1, "task_queue_size": 2}
    async with chain.instances("full", env, env) as instances:
        tasks: list[tuple[Instance, str]] = []

        async def submit() -> None:
            for instance in instances:
                with contextlib.suppress(grpc.aio.AioRpcError):
                    tasks.append((instance, await instance.submit(model="hanging")))

        @contextlib.asynccontextmanager
        async def filled() -> AsyncIterator[None]:
            async with again(0.4, submit):
                yield
            for instance, task in tasks:
                await cancel(instance, task)

        alerts = ["TaskStuck", "NoTaskCompletes", "OldestPendingTooOld", "TaskUtilizationAtCapacity"]
        await chain.prove("full", [*alerts, "SubmissionsRejected"], filled)


async def busy(chain: Chain, env: dict[str, object]) -> None:
    """Fill one instance and nearly fill another one, with streams and files."""
    async with chain.instances("busy", {**env, "task_max_tasks": 1}, {**env, "task_max_tasks": 20}) as instances:
        small, large = instances

        @contextlib.asynccontextmanager
        async def crowded() -> AsyncIterator[None]:
            tasks = [await small.submit(model="hanging")]
            others = [await large.submit(model="hanging") for _ in range(19)]
            request = agent_pb2.GetAgentTaskStreamRequest(taskId=tasks[0])
            streams = [small.agent.GetAgentTaskStream(request) for _ in range(101)]
            for stream in streams:
                await stream.read()
            yield
            for stream in streams:
                stream.cancel()
            for instance, ids in ((small, tasks), (large, others)):
                for task in ids:
                    await cancel(instance, task)

        @contextlib.asynccontextmanager
        async def littered() -> AsyncIterator[None]:
            litter = large.runtime / "litter"
            litter.mkdir()
            files = [litter / str(number) for number in range(1001)]
            for file in files:
                file.touch()
            yield
            for file in files:
                file.unlink()

        alerts = ["HighTaskUtilization", "InstanceSaturated", "TooManyStreamConnections"]
        await asyncio.gather(
            chain.prove("busy", alerts, crowded),
            chain.prove("busy", ["TooManyTempFiles"], littered),
        )


async def slow(chain: Chain, env: dict[str, object]) -> None:
    """Keep the slots of two instances busy with tasks that take long, and their queues filled."""
    env = {**env, "task_max_tasks": 6, "task_queue_size": 4}
    async with chain.instances("slow", env, env) as instances:
        turns = itertools.cycle(instances)

        async def submit() -> None:
            await next(turns).submit(model="slow")

        await chain.prove("slow", ["HighTaskExecutionTime", "HighTaskQueueWaitTime"], lambda: again(0.4, submit))


async def rpc_faults(chain: Chain, env: dict[str, object]) -> None:
    """Let three instances answer INTERNAL, then late."""
    async with chain.instances("rpc", env, env, env) as instances:

        async def submit() -> None:
            await asyncio.gather(*(instance.submit() for instance in instances), return_exceptions=True)

        async with again(0.5, submit):
            await chain.prove("rpc", ["HighGRPCErrorRate"], lambda: switched(instances, model="fail"))
            await chain.prove("rpc", ["HighGRPCLatency"], lambda: switched(instances, model="slow"))


async def cost(chain: Chain, env: dict[str, object]) -> None:
    """Let tasks of two instances spend much, on models without a price and without usage too."""
    async with chain.instances("cost", env, env) as instances:

        async def spend() -> None:
            await asyncio.gather(
                *(instance.submit(model=model) for instance in instances for model in ("costly", "silent", "unpriced"))
            )

        alerts = ["HighTokenConsumptionRate", "HighExecutionCost", "PriceUnknown", "UsageUnknown"]
        await chain.prove("cost", alerts, lambda: again(1.5, spend))


async def budget(chain: Chain, env: dict[str, object]) -> None:
    """Let an instance spend up to 70 % of its budget of the day, fast enough to spend all of it, and then nothing."""
    async with chain.instances("budget", {**env, "daily_max_cost": "100 USD"}) as [instance]:
        costly = iter(range(35))

        async def spend() -> None:
            if next(costly, None) is not None:
                await instance.submit(model="costly")

        await chain.prove("budget", ["DailyBudgetBurn"], lambda: again(0.5, spend))


async def leak(chain: Chain, env: dict[str, object]) -> None:
    """Let an instance keep the logs of tasks that it no longer retains."""
    env = {**env, "task_max_tasks": 1, "task_queue_size": 0, "task_retention": 1}
    async with chain.instances("leak", env) as [instance]:
        alerts = ["StreamManagerOverload", "StreamManagerLeak"]
        async with again(1, instance.submit):
            await chain.prove("leak", alerts, lambda: switched([instance], streams="leak"))


async def wrong_web_configuration(chain: Chain, env: dict[str, object]) -> None:
    """Put a mistake into the file of the web configuration, and take it out again."""
    file = chain.directory / "web.yml"
    file.write_text("{}", "utf-8")

    @contextlib.asynccontextmanager
    async def mistaken() -> AsyncIterator[None]:
        file.write_text("tls_server_config: [", "utf-8")
        yield
        file.write_text("{}", "utf-8")

    async with chain.instances("web", {**env, "prometheus_web_config": file}):
        await chain.prove("web", ["WebConfigNotUsed"], mistaken)


async def storage_faults(chain: Chain, env: dict[str, object]) -> None:
    """Let nothing be written, then every second transaction fail, then each one take long."""
    async with chain.instances("storage", env) as [instance]:

        async def submit() -> None:
            await asyncio.gather(*(instance.submit() for _ in range(4)), return_exceptions=True)

        async with again(0.2, submit):
            await chain.prove("storage", ["StorageFailing"], lambda: switched([instance], storage="fail"))
            await chain.prove("storage", ["StorageErrors"], lambda: switched([instance], storage="flaky"))
            slow = ["StorageSlow", "StorageQueueGrows"]
            await chain.prove("storage", slow, lambda: switched([instance], storage="slow"))


def reader(directory: Path) -> tuple[str, Path]:
    """Return a token with a quota of one call a minute, and the file that knows it."""
    token, file = new_token().reveal(), directory / "tokens"
    line = TokenLine(name="reader", digest=digest(token), roles=frozenset({Role.READ}), quotas=Quotas(requests=1))
    file.write_text(f"{line}\n", "utf-8")
    file.chmod(0o600)
    return token, file


async def access_faults(chain: Chain, env: dict[str, object]) -> None:
    """Call an instance without a token, then too often with one."""
    token, file = reader(chain.directory)
    async with chain.instances("access", {**env, "access_tokens_file": file}) as [instance]:

        async def call(*authorization: str) -> None:
            metadata = tuple(("authorization", text) for text in authorization)
            calls = (instance.agent.GetAgentInfo(agent_pb2.GetAgentInfoRequest(), metadata=metadata) for _ in range(5))
            await asyncio.gather(*calls, return_exceptions=True)

        await chain.prove("access", ["AuthFailures"], lambda: again(0.2, call))
        await chain.prove("access", ["QuotaRejections"], lambda: again(0.5, lambda: call(f"Bearer {token}")))


STAGES = (
    full,
    cost,
    budget,
    absences,
    badly_scraped,
    failures,
    outage,
    sandbox_faults,
    slow,
    busy,
    loop_faults,
    scrape_faults,
    rpc_faults,
    leak,
    wrong_web_configuration,
    storage_faults,
    access_faults,
)


async def test_every_alert_fires_and_resolves_on_the_real_chain(tmp_path, capsys):
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps(PRICES), "utf-8")
    with running_in_thread(answer) as model:
        env: dict[str, object] = {
            "default_model": "openai/plain",
            "openai_base_url": model.base_url,
            "openai_api_key": "none",
            "model_prices_file": prices,
        }
        async with chain(tmp_path, JOBS) as link:
            try:
                async with asyncio.TaskGroup() as group:
                    for stage in STAGES:
                        group.create_task(stage(link, env))
            finally:
                with capsys.disabled():
                    sys.stdout.write(f"\n{link.table()}\n")
            watchdogs = [delivery for job in JOBS for delivery in link.inbox.firing(job, "Watchdog")]
    assert {(delivery.receiver, delivery.status) for delivery in watchdogs} == {("watchdog", "firing")}
    assert len(watchdogs) == len(JOBS)
    proven = {seen.alert for seen in link.seen}
    assert proven == set(alert_names(Setting())) - BY_RULE_TESTS_ONLY - OF_OTHER_TESTS - {"Watchdog"}
    [paged] = [seen for seen in link.seen if seen.job == "outage"]
    assert paged.receiver == "page"
    assert paged.fired < scaled(PAGE_MINUTES)
    assert paged.resolved < scaled(PAGE_MINUTES)
    assert {seen.receiver for seen in link.seen} == {"page", "ticket", "digest"}
