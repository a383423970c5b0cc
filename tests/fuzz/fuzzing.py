"""One service, and random input for it until the time is over."""

import asyncio
import logging
import random
import time
from collections import Counter
from pathlib import Path

import attrs
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gui_agents.log import quieten_libraries
from gui_agents.proto import agent_pb2 as pb
from tests.callers import create
from tests.fuzz import calls, pages
from tests.promises import broken
from tests.serving import Served, serving_app

TOGETHER = 8
"""Of each kind at once."""


@attrs.define
class Findings:
    """What came of it."""

    calls: Counter[str] = attrs.field(factory=Counter)
    """By status."""
    pages: Counter[str] = attrs.field(factory=Counter)
    connections: int = 0
    problems: list[str] = attrs.field(factory=list)


class _Defects(logging.Handler):
    """Collects what only defects log."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(logging.ERROR)
        self._findings = findings

    def emit(self, record: logging.LogRecord) -> None:
        self._findings.problems.append(f"logged: {record.name}: {record.getMessage()[:100]} {record.exc_info!r:.300}")


async def fuzz(directory: Path, *, seconds: float, seed: int, tokens: bool) -> Findings:
    """Send random input to a fresh service for so long; one with tokens, or one that lets everybody in."""
    findings = Findings()
    environment = {
        "TASK_STORAGE_BACKEND": "sqlite",
        "ALLOW_SET_GLOBAL_CONFIG": "true",
        "TASK_RETENTION": "20",
        "DRAIN_SECONDS": "0",
    }
    token = None
    if tokens:
        path = directory / "tokens"
        path.touch(mode=0o600)
        token = create(path, "root", "admin")
        environment["ACCESS_TOKENS_FILE"] = str(path)
    quieten_libraries()
    handler = _Defects(findings)
    logging.getLogger().addHandler(handler)
    try:
        async with serving_app(environment, directory) as served:
            await _send(served, findings, until=time.monotonic() + seconds, seed=seed, token=token)
            await _check(served, findings, token)
    finally:
        logging.getLogger().removeHandler(handler)
    return findings


async def _send(served: Served, findings: Findings, *, until: float, seed: int, token: str | None) -> None:
    assert served.app is not None

    async def go_on(kind: int, number: int) -> None:
        source = random.Random(f"{seed} {kind} {number}")
        while time.monotonic() < until and len(findings.problems) < 20:
            try:
                if kind == 0:
                    await calls.call_once(served.channel, source, token, findings.calls)
                elif kind == 1:
                    await pages.ask_once(served.app.metrics_port, source, findings.pages)
                else:
                    findings.connections += 1
                    await calls.connect_once(served.service.port, source)
            except AssertionError as error:
                findings.problems.append(str(error))

    await asyncio.gather(*(go_on(kind, number) for kind in range(3) for number in range(TOGETHER)))


async def _check(served: Served, findings: Findings, token: str | None) -> None:
    """Check that the service is well."""
    reply = await health_pb2_grpc.HealthStub(served.channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
    if reply.status != health_pb2.HealthCheckResponse.SERVING:
        findings.problems.append("the service is not healthy")
    fields = [] if token is None else [("authorization", f"Bearer {token}")]
    for task_id in served.state.live():
        served.service.runner.cancel(task_id)
    request = pb.RunAgentInstructionRequest(
        instruction="finish",
        runningConfig=pb.CommonConfig(
            backend="simulated",
            steps=9,
            stageModelConfig=pb.StageModelConfig(
                actionGeneratorModel=pb.LLMConfig(modelName="rules", provider="builtin"),
                fastActionGeneratorModel=pb.LLMConfig(modelName="rules", provider="builtin"),
            ),
        ),
    )
    stages = [message.stage async for message in served.agent.RunAgentInstruction(request, metadata=fields, timeout=20)]
    if stages[-1:] != ["finished"]:
        findings.problems.append(f"a task has the stages {stages}")
    snapshot = served.state.snapshot()
    handled = {key: number for key, number in snapshot.rpcs.handled.items() if key[1] in calls.DEFECTS and number}
    if handled:
        findings.problems.append(f"answered {handled}")
    findings.problems += broken(snapshot)
