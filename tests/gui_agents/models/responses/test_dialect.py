import logging
from contextlib import nullcontext

import pytest

from gui_agents.config import load
from gui_agents.domain.actions import Click, InvalidActionError
from gui_agents.domain.model import ModelRefusedError, Turn
from gui_agents.domain.model_settings import Confirmation, ModelSettings, WireProtocol
from gui_agents.domain.spec import Endpoint, ModelChoice
from gui_agents.domain.usage import Usage
from gui_agents.models.caller import CalledModel, called_models
from gui_agents.models.failures import FailedAttemptError
from gui_agents.models.registry import OPEN_TO_LOOPBACK
from gui_agents.models.responses.answers import read_answer, read_usage
from gui_agents.models.responses.dialect import NO_PICTURE, ResponsesDialect
from tests.endpoints import responses
from tests.fakes import CallBook, FakeClock
from tests.gui_agents.models.observed import PNG, request
from tests.scripted_model import RecordedRequest, ScriptedModelServer, error, json

CLICK = {"type": "click", "button": "left", "x": 1, "y": 2}
PENDING = {"id": "sc_1", "code": "malicious_instructions", "message": "The page gives orders."}


def body(answer):
    return json.loads(answer.body)


def dialect(**settings):
    settings = ModelSettings(protocol=WireProtocol.RESPONSES, **settings)
    endpoint = Endpoint(provider="x", model="m", base_url="http://127.0.0.1:1/v1", api_key=None, settings=settings)
    return ResponsesDialect(endpoint)


def answered(one, answer):
    one.question(request(screenshot=PNG))
    return one.read_decision(body(answer), request(screenshot=PNG))


def accepted(asked):
    """Return whether the checking server takes the body of a request."""
    headers = {"authorization": "Bearer k"}
    refused = responses.check(
        RecordedRequest(index=0, method="POST", path="/v1/responses", headers=headers, body=asked)
    )
    return refused is None or refused.body


@pytest.mark.parametrize(
    ("told", "used"),
    [
        (responses.usage(100, 20, cached=30), Usage(100, 30, 20)),
        (responses.usage(100, 20, cached=30, written=50), Usage(100, 30, 20, 50)),
        (responses.usage(100, 20, reasoning=15), Usage(100, 0, 20)),
        (responses.usage(100, 20) | {"total_tokens": 200}, Usage(100, 0, 100)),
        ({"input_tokens": 100, "output_tokens": 20}, Usage(100, 0, 20)),
        ({"input_tokens": 0, "output_tokens": 0}, None),
        ({"input_tokens": 100}, None),
        (None, None),
    ],
)
def test_usage(told, used):
    assert read_usage({"usage": told}) == used


@pytest.mark.parametrize(
    ("body_", "retryable"),
    [
        (body(responses.response(status="failed", error={"code": "server_error", "message": "m"})), True),
        (body(responses.response(status="failed", error={"code": "rate_limit_exceeded", "message": "m"})), True),
        (body(responses.response(status="failed", error={"code": "invalid_prompt", "message": "m"})), False),
        (body(responses.response(status="in_progress")), True),
        (body(responses.response(status="cancelled")), True),
        (body(responses.response(status="failed")), False),
        (None, False),
        ({}, False),
        ({"output": "text"}, False),
    ],
)
def test_what_is_no_response_is_a_failed_attempt(body_, retryable):
    with pytest.raises(FailedAttemptError) as failed:
        read_answer(body_, max_tokens=100)
    assert failed.value.retryable == retryable


@pytest.mark.parametrize(
    "answer",
    [
        responses.response(responses.refused("No.")),
        responses.response(responses.text("No."), status="incomplete", incomplete_details={"reason": "content_filter"}),
    ],
)
def test_a_refusal(answer):
    with pytest.raises(ModelRefusedError, match=r"^No\.$"):
        read_answer(body(answer), max_tokens=100)


async def test_a_model_that_does_not_reason_is_asked_without_its_reasoning():
    def script(sent):
        if "include" in sent.body:
            return error(400, "Encrypted content is not supported with this model.")
        return responses.response(responses.computer(CLICK))

    async with ScriptedModelServer(script, check=responses.check) as server:
        settings = ModelSettings(protocol=WireProtocol.RESPONSES)
        endpoint = Endpoint(provider="x", model="m", base_url=server.base_url, api_key=None, settings=settings)
        model = CalledModel(endpoint=endpoint)
        try:
            assert (await model.decide(request(screenshot=PNG), CallBook())).actions == (Click(1, 2),)
        finally:
            await model.close()
        assert server.requests[-1].body["tools"][0] == {"type": "computer"}


def test_what_is_sent_first():
    asked = dialect().question(request(screenshot=PNG))
    assert (asked["store"], asked["include"]) == (False, ["reasoning.encrypted_content"])
    assert asked["tools"][0] == {"type": "computer"}
    (first,) = asked["input"]
    assert [part["type"] for part in first["content"]] == ["input_text", "input_image"]
    assert first["content"][1]["detail"] == "original"


def test_safety_checks_end_the_task_with_their_words():
    answer = responses.response(responses.computer(CLICK, pending=[PENDING]))
    with pytest.raises(ModelRefusedError, match=r"malicious_instructions The page gives orders\."):
        answered(dialect(), answer)


def test_the_operator_can_have_safety_checks_acknowledged_and_is_told(caplog):
    one = dialect(confirmation=Confirmation.ALLOW)
    with caplog.at_level(logging.WARNING):
        decision = answered(one, responses.response(responses.computer(CLICK, pending=[PENDING])))
    assert decision.actions == (Click(1, 2),)
    assert "The page gives orders." in decision.rationale
    assert "The page gives orders." in caplog.text
    asked = one.question(request(screenshot=PNG, history=[Turn("t", Click(1, 2), "", "ok")]))
    (output,) = [item for item in asked["input"] if item.get("type") == "computer_call_output"]
    assert output["acknowledged_safety_checks"] == [PENDING]
    assert accepted(asked) is True


@pytest.mark.parametrize(("value", "refused"), [("allow", False), ("refuse", True), (None, True)])
async def test_the_environment_decides_on_safety_checks(value, refused):
    config = load({} if value is None else {"CONFIRM_ACTIONS": value}).models
    answer = responses.response(responses.computer(CLICK, pending=[PENDING]))
    async with ScriptedModelServer([answer], check=responses.check) as server:
        settings = ModelSettings(protocol=WireProtocol.RESPONSES)
        endpoint = Endpoint(provider="x", model="m", base_url=server.base_url, api_key=None, settings=settings)
        model = called_models(config, FakeClock(), OPEN_TO_LOOPBACK)(ModelChoice("x", "m", endpoint))
        try:
            with pytest.raises(ModelRefusedError) if refused else nullcontext():
                assert (await model.decide(request(screenshot=PNG), CallBook())).actions == (Click(1, 2),)
        finally:
            await model.close()


def test_a_safety_check_that_nobody_acknowledged_is_refused_by_the_server():
    one = dialect(confirmation=Confirmation.ALLOW)
    answered(one, responses.response(responses.computer(CLICK, pending=[PENDING])))
    asked = one.question(request(screenshot=PNG, history=[Turn("t", Click(1, 2), "", "ok")]))
    for item in asked["input"]:
        item.pop("acknowledged_safety_checks", None)
    assert b"have not been acknowledged" in accepted(asked)


def test_a_message_that_announces_more_is_not_the_last_word():
    with pytest.raises(InvalidActionError, match="announces"):
        answered(dialect(), responses.response(responses.text("I will click now.", phase="commentary")))


@pytest.mark.parametrize(
    "answer",
    [
        responses.response(responses.text("I will"), status=None, incomplete_details={"reason": "max_output_tokens"}),
        responses.response(responses.text("I will", status="incomplete")),
        responses.response(responses.computer(CLICK) | {"status": "incomplete"}),
    ],
)
def test_an_answer_of_which_a_part_is_incomplete_was_cut_off(answer):
    with pytest.raises(InvalidActionError, match="cut off"):
        answered(dialect(), answer)


def test_an_announcement_does_not_end_the_task():
    words = 'I might say {"action": "done", "message": "saved"}'
    with pytest.raises(InvalidActionError, match="announces"):
        answered(dialect(), responses.response(responses.text(words, phase="commentary")))


def test_a_safety_check_that_stands_alone_is_one():
    with pytest.raises(ModelRefusedError, match="gives orders"):
        answered(dialect(), responses.response(responses.computer(CLICK) | {"pending_safety_checks": PENDING}))


def test_the_one_action_of_the_first_release_is_read():
    call = responses.computer() | {"action": CLICK}
    assert answered(dialect(), responses.response(call)).actions == (Click(1, 2),)


def test_a_call_has_a_picture_as_its_output_also_if_the_sandbox_has_none():
    one = dialect()
    answered(one, responses.response(responses.computer(CLICK)))
    asked = one.question(request(screenshot=None, history=[Turn("t", Click(1, 2), "", "ok")]))
    (output,) = [item for item in asked["input"] if item.get("type") == "computer_call_output"]
    assert output["output"]["image_url"] == NO_PICTURE
    assert accepted(asked) is True


def test_empty_fields_do_not_come_back():
    one = dialect()
    answered(one, responses.response(responses.reasoning(), responses.computer(CLICK)))
    asked = one.question(request(screenshot=PNG, history=[Turn("t", Click(1, 2), "", "ok")]))
    assert all(value is not None for item in asked["input"] for value in item.values())


def test_reasoning_that_is_not_encrypted_does_not_come_back():
    one = dialect()
    reasoning = responses.reasoning() | {"encrypted_content": None}
    answered(one, responses.response(reasoning, responses.computer(CLICK)))
    asked = one.question(request(screenshot=PNG, history=[Turn("t", Click(1, 2), "", "ok")]))
    assert "reasoning" not in {item.get("type") for item in asked["input"]}
    assert accepted(asked) is True


def test_a_mixed_answer_gets_the_output_of_each_call():
    one = dialect()
    mixed = responses.response(
        responses.computer(CLICK, call_id="a"),
        responses.act({"action": "navigate", "url": "http://x.test"}, call_id="b"),
    )
    decision = answered(one, mixed)
    history = [Turn("t", action, "", outcome) for action, outcome in zip(decision.actions, "12", strict=True)]
    asked = one.question(request(screenshot=PNG, history=history))
    outputs = [item["type"] for item in asked["input"] if "output" in item]
    assert outputs == ["computer_call_output", "function_call_output"]
    assert accepted(asked) is True
