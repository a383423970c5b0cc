"""Every command of every runbook runs, as it is written, against a service that has failures, and its Prometheus."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import attrs
import grpc
import pytest

from collectors.operations import runbooks
from gui_agents.proto import agent_pb2
from tests.e2e.programs import Instance, alertmanager, prometheus, query, until
from tests.e2e.test_monitoring_command import evaluated, monitoring
from tests.e2e.test_real_chain import answer, reader
from tests.scripted_model import running_in_thread

pytestmark = pytest.mark.system_tools

FENCE = re.compile(r"^( *)```(promql|sh)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^(\d+\..*?)(?=^\d+\.|\Z)", re.MULTILINE | re.DOTALL)
DIAGNOSIS = re.compile(r"^## Diagnosis\n(.*?)^## ", re.MULTILINE | re.DOTALL)
PROMISED = re.compile(r"  # (.+)$")
"""What a command's output holds, as a comment behind it says."""
QUICK = ("--interval", "500ms", "--threshold", "scrape_seconds=0.4", "--threshold", "restarts=2")
COMMAND_SECONDS = 30
FAILED = 'sum(agent_tasks_created_total{job="gui_agents",status="failed"})'
GUARDED = {"AuthFailures", "QuotaRejections"}
"""The pages that are about an instance with tokens."""
PAGES = {name: text for name, text in runbooks.texts().items() if name != runbooks.INDEX}


@attrs.frozen
class Block:
    """One block of commands, and the page where it stands."""

    page: str
    language: str
    lines: tuple[str, ...]


def blocks() -> list[Block]:
    return [
        Block(name, language, tuple(line.strip() for line in text.splitlines()))
        for name, page in PAGES.items()
        for _, language, text in FENCE.findall(page)
    ]


@pytest.mark.parametrize("name", PAGES)
def test_each_step_of_a_diagnosis_is_a_command(name):
    [diagnosis] = DIAGNOSIS.findall(PAGES[name])
    steps = STEP.findall(diagnosis)
    assert steps
    for step in steps:
        assert FENCE.search(step), step


@pytest.mark.parametrize("name", PAGES)
def test_a_command_in_prose_is_none_that_only_some_machines_have(name):
    prose = FENCE.sub("", PAGES[name])
    for program in ("kubectl", "systemctl", "docker ", "journalctl"):
        assert program not in prose


async def submit(instance: Instance, model: str) -> None:
    with contextlib.suppress(grpc.aio.AioRpcError):
        await instance.submit(model=model)


async def turned_away(guarded: Instance, token: str) -> None:
    """Call an instance without a token, and with one more often than its quota allows."""
    for metadata in ((), *[(("authorization", f"Bearer {token}"),)] * 3):
        with contextlib.suppress(grpc.aio.AioRpcError):
            await guarded.agent.GetAgentInfo(agent_pb2.GetAgentInfoRequest(), metadata=metadata)


async def calls(instance: Instance) -> None:
    """Cause one of everything that a query counts; the sandboxes fail from then on."""
    for model in ("plain", "acting", "costly", "silent", "unpriced"):
        await submit(instance, model)
    instance.tell(model="fail", sandbox="ok")
    await submit(instance, "plain")
    instance.tell(model="ok", sandbox="fail")
    await submit(instance, "plain")


@contextlib.asynccontextmanager
async def streaming(instance: Instance, task: str) -> AsyncIterator[None]:
    stream = instance.agent.GetAgentTaskStream(agent_pb2.GetAgentTaskStreamRequest(taskId=task))
    await stream.read()
    yield
    stream.cancel()


def run(command: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of a page as an operator's shell would."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-ec", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
        cwd=directory,
        env={**os.environ, "PATH": path},
    )


def filled(command: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        command = command.replace(word, value)
    return command


async def broken(block: Block, words: Mapping[str, str], port: int, directory: Path) -> str | None:
    """Say what is wrong with a block of a page."""
    for line in block.lines:
        if block.language == "promql":
            try:
                await until(lambda line=line: query(port, line), line, 20)
            except AssertionError:
                return f"{block.page}: finds nothing: {line}"
            continue
        done = await asyncio.to_thread(run, filled(line, words), directory)
        promised = PROMISED.search(line)
        if done.returncode != 0 or not done.stdout.strip() or (promised and promised[1] not in done.stdout):
            return f"{block.page}: {line}\n{done.returncode}: {done.stdout}{done.stderr}"
    return None


async def test_every_command_of_every_runbook_runs_and_shows_what_its_page_promises(tmp_path):
    with running_in_thread(answer) as model:
        env: dict[str, object] = {
            "default_model": "openai/plain",
            "openai_base_url": model.base_url,
            "openai_api_key": "none",
            "task_max_tasks": 3,
            "task_queue_size": 9,
            "log_level": "INFO",
            "daily_max_cost": "1000000 USD",
            "allow_unbudgeted_models": "true",
        }
        prices = tmp_path / "prices.json"
        prices.write_text('{"costly": {"input": "20", "output": "20", "currency": "USD"}}', "utf-8")
        web = tmp_path / "web.yml"
        web.write_text("{}", "utf-8")
        instance = Instance(tmp_path, "service", model_prices_file=prices, prometheus_web_config=web, **env)
        token, tokens = reader(tmp_path)
        guarded = Instance(tmp_path, "guarded", access_tokens_file=tokens, log_level="INFO")
        try:
            await instance.start()
            await guarded.start()
            await turned_away(guarded, token)
            await check(tmp_path, instance, guarded)
        finally:
            await instance.kill()
            await guarded.kill()


async def check(directory: Path, instance: Instance, guarded: Instance) -> None:
    folder = directory / "monitoring"
    target = ("--target", instance.target, "--target", guarded.target)
    code, told = await monitoring("init", folder, *QUICK, *target)
    assert code == 0, told
    async with alertmanager(directory, folder / "alertmanager.yml") as alerts:
        more = ("--alertmanager", f"127.0.0.1:{alerts}", "--force")
        code, told = await monitoring("init", folder, *QUICK, *target, *more)
        assert code == 0, told
        async with prometheus(directory, folder / "prometheus.yml", "--rules.alert.resend-delay=1s") as port:
            await until(
                lambda: query(port, 'agent_service_info{job="gui_agents"} offset 1s') and evaluated(port), "ready"
            )
            await at_work(directory, instance, guarded, port, alerts)


async def at_work(directory: Path, instance: Instance, guarded: Instance, port: int, alerts: int) -> None:
    """Have all troubles at once, with tasks that hang, and run every block."""
    instance.tell(section="fail")
    await until(lambda: query(port, 'agent_collector_success{section="fault"} == 0'), "a section fails")
    instance.tell(section="ok", storage="fail")
    await submit(instance, "plain")
    await until(lambda: query(port, 'agent_storage_operations_total{outcome="error"} > 0'), "a transaction fails")
    instance.tell(storage="ok")
    await until(lambda: query(port, "max(agent_storage_queue) == 0"), "all is written")
    hanging = [await instance.submit(model="hanging") for _ in range(2)]
    for count in range(3):
        await calls(instance)
        await until(lambda count=count: query(port, f"{FAILED} > {count}"), "a task has failed")
        instance.tell(sandbox="ok")
        await until(
            lambda: query(port, f'sum(agent_tasks{{job="gui_agents"}}) == {len(hanging)}'), "the others have ended"
        )
    words = {
        "HOST:50051": instance.address,
        "HOST:8000": instance.target,
        ":50051": f":{instance.address.rpartition(':')[2]}",
        "PROMETHEUS:9090": f"127.0.0.1:{port}",
        "ALERTMANAGER:9093": f"127.0.0.1:{alerts}",
        "RUNTIME_DIR": str(instance.runtime),
        "LOG": str(instance.log),
        " PID": f" {instance.pid}",
    }
    problems: list[str] = []
    async with streaming(instance, hanging[0]):
        for block in blocks():
            if block.page in GUARDED:
                problem = await broken(block, {"RUNTIME_DIR": str(guarded.runtime)}, port, directory)
            elif any("gui-agents cancel" in line for line in block.lines):
                task = await instance.submit(model="hanging")
                problem = await broken(block, {**words, " ID ": f" {task} "}, port, directory)
            else:
                problem = await broken(block, {**words, " ID ": f" {hanging[1]} "}, port, directory)
            problems += [problem] if problem else []
    assert problems == []
