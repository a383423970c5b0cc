"""Answers come from outside: whatever one holds, a task gets an action or one of three errors."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.action_json import parse
from gui_agents.domain.actions import InvalidActionError
from gui_agents.domain.model import ModelRefusedError, Turn
from gui_agents.domain.model_settings import ModelSettings, WireProtocol
from gui_agents.domain.spec import Endpoint
from gui_agents.http.decoding import decode
from gui_agents.models.answers.found import MAX_ACTIONS
from gui_agents.models.failures import FailedAttemptError
from gui_agents.models.messages.dialect import MessagesDialect
from gui_agents.models.native import calls
from gui_agents.models.responses.dialect import ResponsesDialect
from tests.endpoints import messages, responses
from tests.gui_agents.models.observed import PNG, request

DIALECTS = {WireProtocol.MESSAGES: MessagesDialect, WireProtocol.RESPONSES: ResponsesDialect}

VOCABULARY = """
type content text tool_use thinking id name input toolset_name computer act action done message click x y coordinate
left_click stop_reason end_turn refusal max_tokens output status incomplete completed incomplete_details reason
computer_call function_call call_id actions arguments error keys keypress key scroll scroll_direction scroll_amount
duration wait repeat path drag pending_safety_checks phase commentary usage
"""
WORDS = st.sampled_from(VOCABULARY.split())
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=12
)
NUMBER = st.integers(-5, 2000) | ANYTHING
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "coordinate": st.lists(NUMBER, max_size=3),
        "text": ANYTHING,
        "x": NUMBER,
        "y": NUMBER,
        "keys": ANYTHING,
        "path": ANYTHING,
        "button": ANYTHING,
        "type": WORDS,
        "scroll_direction": ANYTHING,
        "scroll_amount": ANYTHING,
        "duration": ANYTHING,
        "action": WORDS | ANYTHING,
    },
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(["tool_use", "text", "thinking"]) | ANYTHING},
    optional={
        "id": st.just("t1") | ANYTHING,
        "name": st.sampled_from(sorted(messages.MEMBERS)) | ANYTHING,
        "toolset_name": st.just("computer") | ANYTHING,
        "input": GIVEN | ANYTHING,
        "text": ANYTHING,
    },
)
MESSAGE = st.fixed_dictionaries(
    {"content": st.lists(BLOCK, max_size=3) | ANYTHING}, optional={"stop_reason": ANYTHING, "usage": ANYTHING}
)
ITEM = st.fixed_dictionaries(
    {"type": st.sampled_from(["computer_call", "function_call", "message", "reasoning"]) | ANYTHING},
    optional={
        "call_id": st.just("c1") | ANYTHING,
        "actions": st.lists(GIVEN | ANYTHING, max_size=3),
        "arguments": ANYTHING,
        "content": ANYTHING,
        "name": WORDS,
        "phase": ANYTHING,
    },
)
RESPONSE = st.fixed_dictionaries(
    {"output": st.lists(ITEM, max_size=3) | ANYTHING},
    optional={"status": ANYTHING, "incomplete_details": ANYTHING, "error": ANYTHING, "usage": ANYTHING},
)


def dialect(protocol):
    settings = ModelSettings(protocol=protocol)
    endpoint = Endpoint(provider="x", model="m", base_url="http://127.0.0.1:1/v1", api_key=None, settings=settings)
    return DIALECTS[protocol](endpoint)


def take(protocol, body):
    """Let a task take an answer, and ask the next question, which must be JSON."""
    one = dialect(protocol)
    asked = request(screenshot=PNG)
    one.question(asked)
    one.read_usage(body)
    try:
        decision = one.read_decision(body, asked)
        turns = [Turn("t", action, decision.rationale, "ok") for action in decision.actions]
        assert turns
    except InvalidActionError as error:
        turns = [Turn("t", None, "", f"invalid: {error.problem}", error.said)]
    except (FailedAttemptError, ModelRefusedError):
        return
    json.dumps(one.question(request(screenshot=PNG, history=turns)), allow_nan=False)


@given(MESSAGE | ANYTHING)
def test_any_answer_of_messages(body):
    take(WireProtocol.MESSAGES, body)


@given(RESPONSE | ANYTHING)
def test_any_answer_of_responses(body):
    take(WireProtocol.RESPONSES, body)


DEEP = "[" * 900 + "]" * 900


@pytest.mark.parametrize("inner", [DEEP, "1e999", "NaN", '"\\ud800"'], ids=["deep", "infinite", "nan", "surrogate"])
def test_what_cannot_be_sent_back_is_not(inner):
    call = messages.member("left_click", {"coordinate": [1, 2], "more": "INNER"})
    take(WireProtocol.MESSAGES, with_inner(messages.message(call), inner))
    action = {"type": "click", "x": 1, "y": 2, "more": "INNER"}
    take(WireProtocol.RESPONSES, with_inner(responses.response(responses.computer(action)), inner))


def with_inner(answer, inner):
    """Return the decoded body of an answer with JSON of any kind in one place."""
    return decode(answer.body.replace(b'"INNER"', inner.encode()))


CALLS = [messages.member("left_click", {"coordinate": [1, 2]}, call_id=f"t{number}") for number in range(5000)]
FLOODS = {
    "calls": (WireProtocol.MESSAGES, messages.message(*CALLS)),
    "looks": (WireProtocol.MESSAGES, messages.message(*(call | {"name": "screenshot"} for call in CALLS))),
    "keys": (WireProtocol.MESSAGES, messages.message(messages.member("key", {"text": "a " * 40_000, "repeat": 20}))),
    "repeats": (WireProtocol.MESSAGES, messages.message(messages.member("key", {"text": "a b", "repeat": 60}))),
    "actions": (
        WireProtocol.RESPONSES,
        responses.response(responses.computer(*({"type": "click", "x": 1, "y": 2} for _ in range(20_000)))),
    ),
    "presses": (
        WireProtocol.RESPONSES,
        responses.response(responses.computer({"type": "keypress", "keys": ["a"] * 20_000})),
    ),
}


@pytest.mark.parametrize(("protocol", "answer"), FLOODS.values(), ids=FLOODS)
def test_a_flood_of_actions_is_refused_before_they_are_read(protocol, answer, monkeypatch):
    read = []
    monkeypatch.setattr(calls, "parse", lambda *given, **more: read.append(given) or parse(*given, **more))
    one = dialect(protocol)
    asked = request(screenshot=PNG)
    one.question(asked)
    with pytest.raises(InvalidActionError, match=f"at most {MAX_ACTIONS} actions"):
        one.read_decision(json.loads(answer.body), asked)
    assert len(read) <= MAX_ACTIONS


def test_a_flood_of_calls_does_not_come_back():
    one = dialect(WireProtocol.MESSAGES)
    one.question(request(screenshot=PNG))
    with pytest.raises(InvalidActionError) as flood:
        one.read_decision(json.loads(FLOODS["calls"][1].body), request(screenshot=PNG))
    assert len(flood.value.said) <= 2000
    turns = [Turn("t", None, "", f"invalid: {flood.value.problem}", flood.value.said)]
    assert len(json.dumps(one.question(request(screenshot=PNG, history=turns)))) < 20_000


def test_the_checks_know_their_own_answers():
    """What the servers answer in the contract tests is of the shape that these tests vary."""
    take(WireProtocol.MESSAGES, json.loads(messages.message(messages.member("screenshot")).body))
    take(WireProtocol.RESPONSES, json.loads(responses.response(responses.computer({"type": "screenshot"})).body))
