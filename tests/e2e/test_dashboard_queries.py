"""Every query of every dashboard on a real Prometheus with three instances under load: data, finite, of its unit."""

import asyncio
import contextlib
import json
import math
import re
import time
import urllib.parse
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import grpc
import pytest

from collectors.operations import rules
from collectors.operations.dashboards import boards
from collectors.operations.dashboards.model import Panel, Unit
from collectors.operations.dashboards.render import ANY_INSTANCE, RESTARTS, render
from collectors.operations.model import Setting
from gui_agents.proto import agent_pb2
from tests.e2e.programs import Instance, get, prometheus, query, until
from tests.e2e.test_real_chain import PRICES, again, answer, reader
from tests.ports import free_port
from tests.scripted_model import running_in_thread

pytestmark = pytest.mark.system_tools

SETTING = Setting(scale=Fraction(1, 60))
VARIABLES = {"$__rate_interval": "10s", "$__range": "30s", "$job": SETTING.job, "$instance": ANY_INSTANCE}
OPTIONS = re.compile(r"label_values\((.+), (\w+)\)")


@contextlib.asynccontextmanager
async def load(instance: Instance) -> AsyncIterator[None]:
    """Keep an instance busy with everything that a metric tells."""
    models = ("plain", "acting", "costly", "silent", "unpriced", "slow")

    async def tasks() -> None:
        ids = [await instance.submit(model=model) for model in models]
        request = agent_pb2.GetAgentTaskStreamRequest(taskId=ids[-1])
        stream = instance.agent.GetAgentTaskStream(request)
        await stream.read()
        await asyncio.sleep(2)
        stream.cancel()
        await instance.agent.CancelTask(agent_pb2.CancelTaskRequest(taskId=ids[-1]), timeout=20)

    async def calls() -> None:
        await instance.agent.GetAgentInfo(agent_pb2.GetAgentInfoRequest(), timeout=20)
        config = agent_pb2.CommonConfig(steps=20)
        await instance.agent.SetGlobalCommonConfig(agent_pb2.SetGlobalCommonConfigRequest(commonConfig=config))
        with contextlib.suppress(grpc.aio.AioRpcError):
            await instance.submit(instruction="")

    async with again(0.5, tasks), again(0.5, calls):
        yield


def asked(expr: str) -> str:
    """Return a query with the variables of Grafana filled in."""
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr


PLAUSIBLE = {Unit.RATIO: (0, 1.05), Unit.BYTES: (2**12, 2**40), Unit.SECONDS: (0, 3600)}
"""What values of a unit can be here; extrapolation may lift a ratio of rates a little."""


def wrong(panel: Panel, samples: list[dict[str, object]]) -> str | None:
    """Say what is wrong with the answer to a query of a panel."""
    values = [float(sample["value"][1]) for sample in samples]
    low, high = PLAUSIBLE.get(panel.unit, (0, math.inf))
    if not values:
        return "is empty"
    if not all(math.isfinite(value) and low <= value <= high for value in values):
        return f"cannot be {panel.unit}: {values}"
    return None


@contextlib.asynccontextmanager
async def instances_under_load(directory: Path, model_url: str) -> AsyncIterator[list[Instance]]:
    """Run three instances, the first one with sandboxes that fail, and keep them busy; and one that asks for tokens."""
    prices = directory / "prices.json"
    prices.write_text(json.dumps(PRICES), "utf-8")
    async with contextlib.AsyncExitStack() as stack:
        started = []
        for index in range(3):
            instance = Instance(
                directory,
                f"instance-{index}",
                default_model="openai/plain",
                openai_base_url=model_url,
                openai_api_key="none",
                model_prices_file=prices,
                allow_set_global_config="true",
                daily_max_cost="1000000 USD",
                allow_unbudgeted_models="true",
                task_max_tasks=2,
            )
            await instance.start()
            stack.push_async_callback(instance.kill)
            started.append(instance)
        started[0].tell(sandbox="fail")
        _, tokens = reader(directory)
        guarded = Instance(directory, "guarded", access_tokens_file=tokens)
        await guarded.start()
        stack.push_async_callback(guarded.kill)
        async with contextlib.AsyncExitStack() as loads:
            for instance in started:
                await loads.enter_async_context(load(instance))
            yield [*started, guarded]


def configured(directory: Path, instances: list[Instance]) -> Path:
    """Write a configuration of Prometheus that scrapes the instances, and has all rules at 1:60."""
    recordings, alerts = directory / "recordings.yml", directory / "alerts.yml"
    config = directory / "prometheus.yml"
    recordings.write_text(rules.recording_rules(SETTING), "utf-8")
    alerts.write_text(rules.alert_rules(SETTING), "utf-8")
    job = {"job_name": SETTING.job, "static_configs": [{"targets": [instance.target for instance in instances]}]}
    often = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
    other = {"job_name": "other", "static_configs": [{"targets": [f"127.0.0.1:{free_port()}"]}]}
    files = [str(recordings), str(alerts)]
    data = {"global": often, "rule_files": files, "scrape_configs": [job, other]}
    config.write_text(json.dumps(data), "utf-8")
    return config


async def test_every_query_of_every_dashboard_returns_finite_data(tmp_path):
    with running_in_thread(answer) as model:
        async with (
            instances_under_load(tmp_path, model.base_url) as started,
            prometheus(tmp_path, configured(tmp_path, started)) as port,
        ):
            with contextlib.suppress(AssertionError):
                await until(lambda: not problems(port), "every query has an answer", 60)
            assert problems(port) == []
            assert options(port, "job") == [SETTING.job]
            assert options(port, "instance") == sorted(instance.target for instance in started)


def options(port: int, variable: str) -> list[str]:
    """Return what a dashboard lets one choose, as it asks for it."""
    variables = {each["name"]: each for each in json.loads(render(boards()[0]))["templating"]["list"]}
    selector, label = OPTIONS.fullmatch(asked(variables[variable]["query"])).groups()
    parameters = urllib.parse.urlencode({"match[]": selector, "start": time.time() - 60, "end": time.time()})
    return json.loads(get(f"http://127.0.0.1:{port}/api/v1/label/{label}/values?{parameters}"))["data"]


async def test_a_service_that_has_been_down_all_the_time_is_shown_as_down(tmp_path):
    never = Instance(tmp_path, "instance")
    [up] = [panel for board in boards() for panel in board.panels if panel.title == "Instances up"]
    async with prometheus(tmp_path, configured(tmp_path, [never])) as port:
        await until(lambda: options(port, "job") == [SETTING.job], "the job can be chosen")
        assert options(port, "instance") == [never.target]
        [found] = query(port, asked(up.queries[0].expr))
        assert (found["metric"], float(found["value"][1])) == ({"job": SETTING.job}, 0)
        assert up.low_is_bad
        assert up.threshold > 0


async def test_a_restart_is_marked_on_every_dashboard(tmp_path):
    instance = Instance(tmp_path, "instance")
    await instance.start()
    try:
        async with prometheus(tmp_path, configured(tmp_path, [instance])) as port:
            uptime = "agent_service_uptime_seconds > 2"
            await until(lambda: query(port, uptime), "it has run for a while")
            assert query(port, asked(RESTARTS)) == []
            await instance.kill()
            await instance.start()
            await until(lambda: query(port, asked(RESTARTS)), "the restart is marked")
    finally:
        await instance.kill()


def problems(port: int) -> list[str]:
    """Return what is wrong with the answer to each query of each panel."""
    return [
        f"{board.uid}, {panel.title}: {told}: {one.expr}"
        for board in boards()
        for panel in board.panels
        for one in panel.queries
        if (told := wrong(panel, query(port, asked(one.expr))))
    ]
