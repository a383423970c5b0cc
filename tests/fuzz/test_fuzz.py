"""A few seconds of `make fuzz`."""

import random
from collections import Counter

import grpc.aio
import pytest

from gui_agents.rpc.servicer import AgentServicer
from tests.fuzz import calls, fuzzing
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
    paths = {path for path, _ in calls.methods()}
    assert len(paths) == len(calls.METHODS) + len(calls.OPERATOR_METHODS) + 4
    assert fuzzing.TOGETHER > 1
    assert isinstance(grpc.aio.EOF, object)
