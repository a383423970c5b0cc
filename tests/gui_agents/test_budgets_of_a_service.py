"""Budgets through the whole service: a request over gRPC, a model over HTTP, and the books."""

import contextlib
import json
from decimal import Decimal

import grpc.aio
import pytest

from gui_agents.models.prices import known_prices
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from gui_agents.service import Service
from gui_agents.state.budgets import day_of
from tests.callers import create
from tests.scripted_model import ScriptedModelServer, tool_call, usage
from tests.serving import configured, refused

DONE = {"action": "done", "message": "ok"}
PRICES = {
    "dollars": {"input": "3", "cached_input": "0.3", "output": "15"},
    "yuan": {"input": "1", "output": "2", "currency": "CNY"},
}


@contextlib.asynccontextmanager
async def asked(tmp_path, *answers, **environment):
    """Run a service whose models answer so, and yield it with a client."""
    (tmp_path / "prices.json").write_text(json.dumps(PRICES))
    async with ScriptedModelServer(answers) as server:
        settings = {
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "k",
            "DEFAULT_MODEL": "openai/dollars",
            "MODEL_PRICES_FILE": str(tmp_path / "prices.json"),
            "MODEL_MAX_ATTEMPTS": "1",
            "MODEL_TIMEOUT_SECONDS": "0.3",
            "DRAIN_SECONDS": "0",
            **environment,
        }
        service = Service(configured(settings))
        await service.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
                yield service, pb_grpc.AgentStub(channel), server
        finally:
            await service.drain()
            await service.stop()


def an_order(model):
    llm = pb.LLMConfig(modelName=model)
    config = pb.CommonConfig(stageModelConfig=pb.StageModelConfig(actionGeneratorModel=llm))
    return pb.RunAgentInstructionRequest(instruction="go", runningConfig=config)


async def last(stub, model="dollars", token=None):
    """Run a task, and return its last message."""
    return [message async for message in stub.RunAgentInstruction(an_order(model), metadata=sent_with(token))][-1]


def sent_with(token):
    return [] if token is None else [("authorization", f"Bearer {token}")]


def day(service, currency="USD"):
    point = service.state.snapshot().budgets.day[currency]
    return point.spent, point.reserved


async def test_what_is_spent_on_a_day_is_the_sum_of_the_bills(tmp_path):
    answers = [tool_call(DONE, usage=usage(1000, 20, cached=400)), tool_call(DONE, usage=usage(500, 10))]
    async with asked(tmp_path, *answers, DAILY_MAX_COST="5 USD, 3 CNY") as (service, stub, _):
        assert [(await last(stub)).stage, (await last(stub, "yuan")).stage] == ["finished", "finished"]
        assert (day(service), day(service, "CNY")) == ((Decimal("0.00222"), 0), (Decimal("0.00052"), 0))
        assert service.state.snapshot().models.cost == {"USD": Decimal("0.00222"), "CNY": Decimal("0.00052")}


async def test_a_call_that_was_given_up_counts_for_as_much_as_it_can_have_cost(tmp_path):
    slow = tool_call(DONE).on_release()
    async with asked(tmp_path, slow, DAILY_MAX_COST="5") as (service, stub, server):
        assert (await last(stub)).stage == "error"
        spent, reserved = day(service)
        sent = server.requests[0].body
        assert Decimal(sent["max_tokens"]) * 15 / 10**6 < spent < Decimal("0.2")
        assert reserved == 0


async def test_little_that_is_left_of_a_day_makes_a_shorter_answer_and_then_none(tmp_path):
    bill = tool_call(DONE, usage=usage(1000, 2800))
    async with asked(tmp_path, bill, DAILY_MAX_COST="0.095") as (service, stub, server):
        assert (await last(stub)).stage == "finished"
        assert day(service) == (Decimal("0.045"), 0)
        message = (await last(stub)).message
        assert message.startswith("budget: DAILY_MAX_COST allows 0.095 USD a day; 0.05 is left, and the next call may")
        [sent] = server.requests
        assert 1024 <= sent.body["max_tokens"] < 4096


async def test_a_day_without_room_for_any_call_refuses_new_tasks(tmp_path):
    async with asked(tmp_path, DAILY_MAX_COST="0.01") as (_, stub, server):
        said = await refused(stub.RunAgentInstruction(an_order("dollars")))
        assert (said.code, said.reason) == ("RESOURCE_EXHAUSTED", "DAY_BUDGET_SPENT")
        assert server.requests == []


@pytest.mark.parametrize("tokens", [True, False])
async def test_an_owner_that_has_spent_its_day_is_refused_after_a_restart_too(tmp_path, tokens):
    environment = {"RUNTIME_DIR": str(tmp_path), "TASK_STORAGE_BACKEND": "sqlite", "OWNER_DAILY_MAX_COST": "0.095"}
    ann = None
    if tokens:
        ann = create(tmp_path / "tokens", "ann", "submit")
        environment["ACCESS_TOKENS_FILE"] = str(tmp_path / "tokens")
    async with asked(tmp_path, tool_call(DONE, usage=usage(1000, 6000)), **environment) as (_, stub, _):
        assert (await last(stub, token=ann)).stage == "finished"
    async with asked(tmp_path, **environment) as (_, stub, server):
        said = await refused(stub.RunAgentInstruction(an_order("dollars"), metadata=sent_with(ann)))
        assert (said.code, said.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_COST")
        assert "this owner allows 0.095 USD a day, and 0.002 is left" in said.text
        assert server.requests == []


async def test_restarts_count_each_bill_once_for_the_service_and_once_for_its_owner(tmp_path):
    ann, bob = (create(tmp_path / "tokens", name, "submit") for name in ("ann", "bob"))
    environment = {
        "RUNTIME_DIR": str(tmp_path),
        "TASK_STORAGE_BACKEND": "sqlite",
        "ACCESS_TOKENS_FILE": str(tmp_path / "tokens"),
        "DAILY_MAX_COST": "5",
        "OWNER_DAILY_MAX_COST": "1",
    }
    answer = tool_call(DONE, usage=usage(1000, 2800))
    each = Decimal("0.045")
    paid = {"": Decimal(0), "ann": Decimal(0), "bob": Decimal(0)}
    for token, name in ((ann, "ann"), (ann, "ann"), (bob, "bob")):
        async with asked(tmp_path, answer, **environment) as (service, stub, _):
            assert day(service) == (paid[""], 0)
            assert (await last(stub, token=token)).stage == "finished"
            paid[""] += each
            paid[name] += each
            assert day(service) == (paid[""], 0)
    async with asked(tmp_path, **environment) as (service, _, _):
        today = day_of(service.clock.time())
        spent = await service.archive.read(lambda store: store.spent(today))
        assert spent == {owner: {"USD": amount} for owner, amount in paid.items()}


async def test_a_task_says_which_limit_its_next_call_would_exceed(tmp_path):
    async with asked(tmp_path, TASK_MAX_TOKENS="2000") as (_, stub, server):
        message = (await last(stub)).message
        assert message.startswith(
            "budget: TASK_MAX_TOKENS allows 2000 tokens; 2000 are left, and the next call may use"
        )
        assert server.requests == []


async def test_a_model_without_a_price_is_refused_under_a_budget_of_money(tmp_path):
    async with asked(tmp_path, TASK_MAX_COST="1") as (_, stub, _):
        said = await refused(stub.RunAgentInstruction(an_order("gpt-4o")))
        assert said.code == "FAILED_PRECONDITION"
        assert said.text.startswith("the price of 'openai/gpt-4o' is not known, and there is a budget of money")


@pytest.mark.parametrize(("environment", "loads"), [({}, 0), ({"DAILY_MAX_COST": "5"}, 1), ({"TASK_MAX_COST": "5"}, 1)])
def test_public_prices_are_loaded_before_submissions_are_checked_against_them(monkeypatch, environment, loads):
    loaded = []
    monkeypatch.setattr(known_prices, "load", lambda: loaded.append(1))
    Service(configured(environment))
    assert len(loaded) == loads


def test_a_service_warns_of_entries_of_the_price_file_that_match_nothing(tmp_path, caplog):
    path = tmp_path / "prices.json"
    path.write_text('{"openai/gpt-4o": {"input": 1, "output": 2}}')
    Service(configured({"MODEL_PRICES_FILE": str(path)}))
    assert ["the entry 'openai/gpt-4o' begins" in record.message for record in caplog.records] == [True]
