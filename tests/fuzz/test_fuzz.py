"""A few seconds of `make fuzz`."""

import random
from collections import Counter

import pytest

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import operator_pb2
from gui_agents.rpc.servicer import AgentServicer
from tests.fuzz import calls
from tests.fuzz.fuzzing import fuzz
from tests.serving import serving

SECONDS = 3.0
SEED = 14


@pytest.mark.parametrize("tokens", [False, True], ids=["anybody", "tokens"])
async def test_random_input_meets_no_defect(tmp_path, tokens):
    findings = await fuzz(tmp_path, seconds=SECONDS, seed=SEED, tokens=tokens)
    assert findings.problems == []
    assert len(findings.calls) > 3, findings.calls
    assert len(findings.pages) > 3, findings.pages
    assert findings.connections > 0


async def test_a_defect_would_be_seen(monkeypatch):
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(AgentServicer, "GetAgentInfo", broken)
    monkeypatch.setattr(calls, "FOREIGN", ())
    async with serving() as served:
        source, seen = random.Random(SEED), Counter[str]()

        async def call_all() -> None:
            for _ in range(1000):
                await calls.call_once(served.channel, source, None, seen)

        with pytest.raises(AssertionError, match="GetAgentInfo answers INTERNAL"):
            await call_all()


def test_every_method_of_every_service_is_called():
    services = (pb.DESCRIPTOR.services_by_name["Agent"], operator_pb2.DESCRIPTOR.services_by_name["Operator"])
    described = {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}
    assert described < {path for path, _ in calls.methods()}
