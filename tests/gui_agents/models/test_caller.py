import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal

import pytest

from gui_agents.domain.action_json import schema
from gui_agents.domain.actions import Click, Done, InvalidActionError
from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.model import BudgetExhaustedError, Decision, ModelError
from gui_agents.domain.packages import install_command
from gui_agents.domain.secret import Secret
from gui_agents.domain.usage import CallOutcome, ModelCall, Usage
from gui_agents.models.clients import LIBRARY, ModelClients
from gui_agents.models.prices.price_list import Price, PriceList
from gui_agents.models.retry import RetryPolicy
from tests.fakes import CallBook
from tests.gui_agents.models.asking import DONE, KEY, TOLD, USED, Asked
from tests.gui_agents.models.observed import PNG, request
from tests.scripted_model import ScriptedModelServer, completion, drop, error, raw, text, tool_call, usage


async def test_a_decision_and_its_tokens(asked: Callable[..., Asked]):
    async with ScriptedModelServer([tool_call(DONE, usage=TOLD, content="It is saved.")]) as server:
        one = asked(server)
        assert await one.decide() == Decision((Done("ok"),), "It is saved.")
    assert one.calls == [ModelCall("openai", "test-model", CallOutcome.OK, USED, 1.0)]


async def test_the_cost_of_what_was_told_is_exact(asked):
    prices = PriceList({"test-model": Price(input=Decimal("3.0"), cached_input=Decimal("0.3"), output=Decimal("15.0"))})
    async with ScriptedModelServer(lambda _: tool_call(DONE, usage=TOLD)) as server:
        one = asked(server)
        for _ in range(3):
            await one.decide()
    price = prices.price("openai", "test-model")
    assert sum(price.cost(call.usage) for call in one.calls) == Decimal("0.00666")


async def test_what_the_endpoint_is_asked(asked):
    async with ScriptedModelServer([tool_call(DONE)]) as server:
        await asked(server).decide(screenshot=PNG)
        sent = server.requests[0]
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sorted(sent.body) == ["max_tokens", "messages", "model", "tool_choice", "tools"]
    assert (sent.body["model"], sent.body["tool_choice"], sent.body["max_tokens"]) == ("test-model", "auto", 4096)
    (tool,) = sent.body["tools"]
    assert (tool["function"]["name"], tool["function"]["parameters"]) == ("act", schema(request().supported))
    assert [part["type"] for part in sent.body["messages"][-1]["content"]] == ["text", "image_url"]


async def test_each_attempt_is_reserved_before_it_is_made_and_asks_for_no_more_than_is_granted(asked):
    async with ScriptedModelServer([error(500), tool_call(DONE)]) as server:
        one = asked(server, settings={"max_tokens": 3000})
        one.calls = CallBook(room=1200)
        await one.decide()
        assert [sent.body["max_tokens"] for sent in server.requests] == [1200, 1200]
    bounds = [(each.provider, each.model, each.output_tokens, each.least_output_tokens) for each in one.calls.reserved]
    assert bounds == [("openai", "test-model", 3000, 1024)] * 2
    assert len(one.calls) == 2


BY_BUDGET = (
    "the answer was cut off by max_tokens, which is 1200, before it held an action; think and answer shorter"
    " (the budget had room for 1200 tokens of output, and not for 3000)"
)
BY_ENDPOINT = (
    "the answer was cut off after 700 tokens, by the endpoint's own limit or its context's, before it held an action;"
    " think and answer shorter"
)


@pytest.mark.parametrize(("used", "problem"), [(1200, BY_BUDGET), (700, BY_ENDPOINT)])
async def test_an_answer_that_the_budget_cut_off_says_so(asked, used, problem):
    async with ScriptedModelServer([text("I", usage=usage(10, used), finish_reason="length")]) as server:
        one = asked(server, settings={"max_tokens": 3000})
        one.calls = CallBook(room=1200)
        with pytest.raises(InvalidActionError) as caught:
            await one.decide()
    assert (caught.value.problem, caught.value.said) == (problem, "I")


async def test_a_call_without_room_in_the_budget_is_not_made(asked):
    class Spent(CallBook):
        async def reserve(self, bound):
            raise BudgetExhaustedError("nothing is left")

    async with ScriptedModelServer([tool_call(DONE)]) as server:
        one = asked(server)
        one.calls = Spent()
        with pytest.raises(BudgetExhaustedError):
            await one.decide()
        assert (server.requests, one.calls) == ([], [])


async def test_the_settings_of_a_model_are_sent(asked):
    settings = {
        "extra_body": {"reasoning_effort": "none", "tool_choice": None, "max_tokens": 9},
        "headers": {"X-Title": "agents", "AUTHORIZATION": "Basic abc"},
    }
    async with ScriptedModelServer([tool_call(DONE)]) as server:
        one = asked(server, settings=settings)
        await one.decide()
        (sent,) = server.requests
    assert (sent.body["reasoning_effort"], sent.body["max_tokens"], "tool_choice" in sent.body) == ("none", 9, False)
    assert (sent.headers["x-title"], sent.headers["authorization"]) == ("agents", "Basic abc")
    assert one.calls.reserved[0].output_tokens == 9


async def test_a_text_model_gets_no_screenshot(asked):
    async with ScriptedModelServer([tool_call(DONE)]) as server:
        one = asked(server, takes_screenshots=False)
        assert not one.model.takes_screenshots
        await one.decide(screenshot=PNG)
        assert isinstance(server.requests[0].body["messages"][-1]["content"], str)


async def test_only_its_own_headers_leave(asked, monkeypatch):
    for name, value in {
        "OPENAI_API_KEY": "sk-environment",
        "OPENAI_ADMIN_KEY": "sk-admin",
        "OPENAI_ORG_ID": "org-environment",
        "OPENAI_PROJECT_ID": "project-environment",
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer custom\nX-Gateway: secret",
    }.items():
        monkeypatch.setenv(name, value)
    async with ScriptedModelServer([tool_call(DONE)] * 2) as server:
        await asked(server).decide()
        await asked(server, api_key=None).decide()
        sent, without_key = server.requests
    assert sorted(sent.headers) == [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ]
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert without_key.headers["authorization"] == "Bearer no-key"


async def test_an_answer_in_text_is_taken(asked):
    async with ScriptedModelServer([text('Here:\n```json\n{"action": "click", "x": 1, "y": 2}\n```')]) as server:
        assert (await asked(server).decide()).actions[0] == Click(1, 2)


async def test_no_usage_is_reported_as_unknown(asked):
    async with ScriptedModelServer([tool_call(DONE)]) as server:
        one = asked(server)
        await one.decide()
    assert one.outcomes == [(CallOutcome.OK, None)]


@pytest.mark.parametrize(
    "answer",
    [
        tool_call('{"action": ', usage=TOLD),
        tool_call({"action": "click", "x": 5000, "y": 0}, usage=TOLD),
        text("I would rather not.", usage=TOLD),
        completion({"role": "assistant", "content": None}, TOLD, "stop"),
    ],
)
async def test_an_answer_that_is_no_action_is_billed_and_not_tried_again(asked, answer):
    async with ScriptedModelServer([answer, tool_call(DONE)]) as server:
        one = asked(server)
        with pytest.raises(InvalidActionError):
            await one.decide()
        assert len(server.requests) == 1
    assert one.outcomes == [(CallOutcome.INVALID, USED)]


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[1]", b'{"choices": "x"}', b"\xff\xfe", b"[" * 100_000])
async def test_a_body_that_is_no_completion_is_a_failed_attempt(asked, body):
    async with ScriptedModelServer(lambda _: raw(body)) as server:
        one = asked(server)
        with pytest.raises(ModelError, match=r"^the model's endpoint at 127.0.0.1:\d+ "):
            await one.decide()
    assert {*one.outcomes} == {(CallOutcome.ERROR, None)}


@pytest.mark.parametrize("failure", [error(408), error(409), error(500), error(503), error(529), drop()])
async def test_passing_trouble_is_tried_again_and_each_attempt_reported(asked, failure):
    async with ScriptedModelServer([failure, failure, tool_call(DONE, usage=TOLD)]) as server:
        one = asked(server)
        assert (await one.decide()).actions[0] == Done("ok")
    assert one.outcomes == [(CallOutcome.ERROR, None), (CallOutcome.ERROR, None), (CallOutcome.OK, USED)]
    assert one.pauses == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
async def test_a_refusal_is_final(asked, status):
    async with ScriptedModelServer([error(status, "because")]) as server:
        one = asked(server)
        with pytest.raises(ModelError, match=rf"endpoint at 127.0.0.1:\d+ answered {status}: because$"):
            await one.decide()
        assert len(server.requests) == 1
    assert one.outcomes == [(CallOutcome.ERROR, None)]


async def test_too_many_requests_are_tried_again_with_longer_pauses(asked):
    async with ScriptedModelServer([error(429)] * 6 + [tool_call(DONE)]) as server:
        one = asked(server)
        assert (await one.decide()).actions[0] == Done("ok")
    assert one.pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]


async def test_too_many_requests_near_the_end_of_the_task_are_final(asked):
    async with ScriptedModelServer(lambda _: error(429, "slow down")) as server:
        one = asked(server, monotonic=lambda: 0.0)
        with pytest.raises(ModelError, match=r"answered 429: slow down \(the next attempt would be in 4 s"):
            await one.decide(seconds=3.5)
    assert one.pauses == [1.0, 2.0]


async def test_an_account_without_means_is_not_tried_again(asked):
    body = b'{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'
    async with ScriptedModelServer([raw(body, status=429)]) as server:
        with pytest.raises(ModelError, match=r"answered 429: You exceeded your current quota$"):
            await asked(server).decide()


async def test_a_redirect_is_not_followed(asked):
    async with ScriptedModelServer([error(307, headers={"location": "http://127.0.0.1:1/v1"})]) as server:
        with pytest.raises(ModelError, match="answered 307"):
            await asked(server).decide()


async def test_attempts_end(asked):
    async with ScriptedModelServer([error(503, "busy")] * 5) as server:
        one = asked(server, retry=RetryPolicy(max_attempts=4))
        with pytest.raises(ModelError, match=r"answered 503: busy \(after 4 attempts\)"):
            await one.decide()
        assert len(server.requests) == 4
    assert one.outcomes == [(CallOutcome.ERROR, None)] * 4


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"Retry-After": "Thu, 01 Jan 2026 00:00:09 GMT"}, 9.0),
    ],
)
async def test_the_pause_that_the_endpoint_asks_for(asked, headers, pause):
    async with ScriptedModelServer([error(429, headers=headers), tool_call(DONE)]) as server:
        one = asked(server)
        await one.decide()
    assert one.pauses == [pause]


async def test_tokens_of_a_failed_call_are_reported(asked):
    body = b'{"error": {"message": "filtered"}, "usage": {"prompt_tokens": 7, "completion_tokens": 0}}'
    async with ScriptedModelServer([raw(body, status=400)]) as server:
        one = asked(server)
        with pytest.raises(ModelError):
            await one.decide()
    assert one.outcomes == [(CallOutcome.ERROR, Usage(7, 0, 0))]


async def test_no_answer_in_time_is_a_timeout(asked):
    async with ScriptedModelServer(lambda _: tool_call(DONE).on_release()) as server:
        one = asked(server, timeout_seconds=0.05, retry=RetryPolicy(max_attempts=2))
        with pytest.raises(ModelError, match=r"gave no answer within 0.05 s \(after 2 attempts\)"):
            await one.decide()
    assert one.outcomes == [(CallOutcome.TIMEOUT, None)] * 2


async def test_an_endpoint_out_of_reach(asked):
    async with ScriptedModelServer([]) as server:
        pass
    one = asked(server)
    with pytest.raises(
        ModelError,
        match=r"reached: it refuses connections; .* apiEndpoint right\? \(after 3",
    ):
        await one.decide()
    assert one.outcomes == [(CallOutcome.ERROR, None)] * 3
    assert all(call.unbilled for call in one.calls)


async def test_a_cancel_reaches_the_call_in_flight(asked):
    async with ScriptedModelServer(lambda _: tool_call(DONE).on_release()) as server:
        one = asked(server)
        deciding = asyncio.create_task(one.decide())
        await server.wait_for_requests(1)
        assert one.calls == []
        deciding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deciding
        await server.wait_for_disconnects(1)
    assert one.outcomes == [(CallOutcome.ERROR, None)]


async def test_a_cancel_during_a_pause_makes_no_further_call(asked):
    pausing = asyncio.Event()

    async def sleep(_):
        pausing.set()
        await asyncio.Event().wait()

    async with ScriptedModelServer([error(503), tool_call(DONE)]) as server:
        one = asked(server, sleep=sleep)
        deciding = asyncio.create_task(one.decide())
        await pausing.wait()
        deciding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deciding
        assert len(server.requests) == 1
    assert one.outcomes == [(CallOutcome.ERROR, None)]


async def test_the_model_goes_on_after_a_cancelled_call(asked):
    answers = [tool_call(DONE).on_release(), tool_call(DONE, usage=TOLD)]
    async with ScriptedModelServer(answers) as server:
        one = asked(server)
        deciding = asyncio.create_task(one.decide())
        await server.wait_for_requests(1)
        deciding.cancel()
        await asyncio.wait([deciding])
        await one.decide()
    assert one.outcomes == [(CallOutcome.ERROR, None), (CallOutcome.OK, USED)]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"bad key {KEY}!", "bad key ********"),
        ("Incorrect API key provided: sk-te**********6789. See", "Incorrect API key provided: ******** See"),
        ("your sk-other-987 is wrong", "your ******** is wrong"),
        ("line\r\nline \x00 \u202e end", "line line end"),
        ("x" * 1000, "x" * 300),
        ("", None),
    ],
)
async def test_an_error_shows_the_providers_words_without_keys(asked, said, shown):
    async with ScriptedModelServer([error(401, said)]) as server:
        with pytest.raises(ModelError) as caught:
            await asked(server).decide()
    assert str(caught.value).partition(" answered ")[2] == ("401" if shown is None else f"401: {shown}")


async def test_a_short_key_hides_all_that_the_provider_said(asked):
    async with ScriptedModelServer([error(401, "no a here")]) as server:
        with pytest.raises(ModelError, match=r"answered 401$"):
            await asked(server, api_key=Secret("a")).decide()


@pytest.mark.parametrize("body", [b"plain words", b'{"error": "plain words"}', b'{"message": "plain words"}'])
async def test_errors_of_other_shapes_are_shown(asked, body):
    async with ScriptedModelServer([raw(body, status=400)]) as server:
        with pytest.raises(ModelError, match="answered 400: plain words"):
            await asked(server).decide()


async def test_nothing_of_the_key_is_logged_or_shown(asked, caplog):
    caplog.set_level("DEBUG")
    async with ScriptedModelServer([error(500), tool_call(DONE)]) as server:
        one = asked(server)
        await one.decide()
        shown = repr((one.model, one.calls, server.requests, caplog.records))
    assert KEY not in shown
    assert KEY not in caplog.text


async def test_close_can_be_called_twice_and_before_any_call(asked):
    async with ScriptedModelServer([tool_call(DONE)]) as server:
        one, unused = asked(server), asked(server)
        await one.decide()
        for model in (one.model, one.model, unused.model):
            await model.close()


MANY = 150
"""More than the threads of any pool."""


async def test_many_slow_calls_at_once_do_not_wait_for_each_other(asked):
    clients = ModelClients()
    async with ScriptedModelServer(lambda _: tool_call(DONE, usage=TOLD).on_release()) as server:
        many = [asked(server, clients=clients, retry=RetryPolicy(max_attempts=1)) for _ in range(MANY)]
        deciding = [asyncio.create_task(one.decide()) for one in many]
        await server.wait_for_requests(MANY)
        server.release()
        decisions = await asyncio.gather(*deciding)
    assert {decision.actions[0] for decision in decisions} == {Done("ok")}
    assert [one.outcomes for one in many] == [[(CallOutcome.OK, USED)]] * MANY


async def test_a_missing_package_is_told_with_the_command(asked, monkeypatch):
    monkeypatch.setitem(sys.modules, "httpcore2", None)
    with pytest.raises(PreconditionError, match=re.escape(install_command("models"))):
        LIBRARY.check()
    async with ScriptedModelServer([]) as server:
        one = asked(server)
        with pytest.raises(PreconditionError):
            await one.decide()
    assert one.calls == []


def test_no_optional_package_is_imported_before_a_model_needs_it():
    program = (
        "import sys, gui_agents.models.caller, gui_agents.models.prices.price_list\n"
        "print(sorted({'httpcore2', 'anyio', 'httpx', 'httpx2', 'pydantic', 'genai_prices'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_public_prices_are_read_along_with_the_library_and_not_on_the_event_loop():
    program = (
        "import asyncio, sys\n"
        "from gui_agents.models.clients import ModelClients\n"
        "async def make(): await ModelClients().client('http://127.0.0.1:1/v1', None)\n"
        "asyncio.run(make())\n"
        "print('genai_prices.data' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
