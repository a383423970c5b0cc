import pytest

from gui_agents.domain.actions import Click, Done, InvalidActionError
from gui_agents.domain.model import ModelError, ModelRefusedError, Turn
from gui_agents.domain.model_settings import ModelSettings, WireProtocol
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import Usage
from gui_agents.models.answers.found import MAX_ACTIONS
from gui_agents.models.failures import FailedAttemptError
from gui_agents.models.messages.answers import read_answer, read_usage
from gui_agents.models.messages.dialect import MessagesDialect
from tests.endpoints import messages
from tests.gui_agents.models.contract.test_protocols import Task
from tests.gui_agents.models.observed import PNG, request
from tests.scripted_model import ScriptedModelServer, json


class Spoken:
    wire = WireProtocol.MESSAGES


def body(answer):
    return json.loads(answer.body)


def dialect(base_url="http://127.0.0.1:1", **settings):
    settings = ModelSettings(protocol=WireProtocol.MESSAGES, **settings)
    return MessagesDialect(Endpoint(provider="x", model="m", base_url=base_url, api_key=None, settings=settings))


@pytest.mark.parametrize(
    ("told", "used"),
    [
        (messages.usage(10, 5), Usage(10, 0, 5)),
        (messages.usage(10, 5, read=100, written=30, hour=20), Usage(140, 100, 5, 30, 20)),
        ({"input_tokens": 10, "output_tokens": 5}, Usage(10, 0, 5)),
        ({"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": 7}, Usage(17, 0, 5, 7, 0)),
        (
            {"input_tokens": 1, "output_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 7}},
            Usage(8, 0, 5, 7, 7),
        ),
        ({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": None}, Usage(10, 0, 5)),
        ({"input_tokens": 0, "output_tokens": 0}, None),
        ({"input_tokens": 10}, None),
        ({"output_tokens": 10}, None),
        ({"input_tokens": "10", "output_tokens": 5}, None),
        (None, None),
        ([], None),
    ],
)
def test_usage(told, used):
    assert read_usage({"usage": told}) == used


@pytest.mark.parametrize(
    ("body_", "retryable"),
    [
        (body(messages.error(529)), True),
        (body(messages.error(500)), True),
        (body(messages.error(429)), True),
        (body(messages.error(400)), False),
        (body(messages.error(401)), False),
        (None, False),
        ([], False),
        ({}, False),
        ({"type": "message", "content": "text"}, False),
    ],
)
def test_what_is_no_message_is_a_failed_attempt(body_, retryable):
    with pytest.raises(FailedAttemptError) as failed:
        read_answer(body_, max_tokens=100)
    assert failed.value.retryable == retryable


def test_a_paused_turn_is_asked_again():
    with pytest.raises(FailedAttemptError) as failed:
        read_answer(body(messages.message(messages.text("Hm"), stop_reason="pause_turn")), max_tokens=100)
    assert failed.value.retryable


def test_a_paused_turn_with_calls_is_an_answer():
    heard = read_answer(body(messages.message(messages.member("screenshot"), stop_reason="pause_turn")), max_tokens=1)
    assert [wish.name for wish in heard.wishes] == ["screenshot"]


@pytest.mark.parametrize("reason", ["tool_use", None, "error", 5])
def test_a_text_that_does_not_end_the_turn_is_no_last_word(reason):
    one, asked = dialect(), request(screenshot=PNG)
    one.question(asked)
    with pytest.raises(InvalidActionError, match="its stop_reason is"):
        one.read_decision(body(messages.message(messages.text("I click Save."))) | {"stop_reason": reason}, asked)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"stop_details": {"type": "refusal", "category": "cyber", "explanation": "Not this."}}, "Not this."),
        ({"stop_details": {"type": "refusal", "category": "cyber", "explanation": None}}, "cyber"),
        ({"stop_details": None}, "stop_reason refusal"),
        ({}, "stop_reason refusal"),
    ],
)
def test_a_refusal_has_the_best_words_there_are(details, words):
    with pytest.raises(ModelRefusedError, match=f"^{words}$"):
        read_answer(body(messages.message(stop_reason="refusal", **details)), max_tokens=100)


def test_a_full_context_is_an_answer_that_was_cut_off():
    heard = read_answer(body(messages.message(stop_reason="model_context_window_exceeded")), max_tokens=100)
    assert "context is full" in heard.problem


def test_what_is_sent_first():
    asked = dialect().question(request(screenshot=PNG))
    assert sorted(asked) == ["max_tokens", "messages", "model", "system", "tools"]
    toolset, act = asked["tools"]
    assert toolset["type"] == "computer_toolset_20260801"
    assert toolset["configs"]["zoom"] == {"enabled": False}
    assert act["input_schema"]["properties"]["action"]["enum"] == [
        "long_press",
        "open_app",
        "navigate",
        "done",
        "fail",
        "ask_user",
    ]
    (first,) = asked["messages"]
    # The text stands before the picture: Anthropic says that clicks are better then.
    assert [block["type"] for block in first["content"]] == ["text", "text", "image"]


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("https://api.anthropic.com", "/v1/messages"),
        ("https://api.anthropic.com/v1", "/messages"),
        ("https://api.anthropic.com/v1/", "/messages"),
        ("https://gateway.test/anthropic", "/v1/messages"),
    ],
)
def test_the_path_has_the_version_once(base_url, path):
    assert dialect(base_url).path == path


def test_without_a_key_there_is_no_header_for_it():
    assert dialect().headers(None) == {"anthropic-version": "2023-06-01"}


async def talk(script, check, steps, **settings):
    """Let a task take so many steps, and return what the server was sent and how it refused."""
    async with ScriptedModelServer(script, check=check) as server:
        task = Task(server, Spoken(), **settings)
        try:
            for _ in range(steps):
                await task.decide()
        finally:
            await task.model.close()
        return server.requests, server.refused


async def test_thoughts_that_are_bound_to_what_came_before_them_stay_valid():
    bound = messages.BoundThoughts()

    def script(sent):
        return bound.answer(sent, messages.member("left_click", {"coordinate": [1, 2]}, call_id=f"t{sent.index}"))

    sent, refused = await talk(script, bound.check, 40, history_pictures=3)
    assert (len(sent), refused) == (40, [])
    thoughts = [block for message in sent[-1].body["messages"] for block in message["content"]]
    assert any(block["type"] == "thinking" for block in thoughts)


async def test_thoughts_of_a_model_that_demands_them_back_stay():
    script = lambda sent: messages.message(  # noqa: E731
        messages.thinking(), messages.member("left_click", {"coordinate": [1, 2]}, call_id=f"t{sent.index}")
    )
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    sent, _ = await talk(script, messages.check, 30, history_pictures=3, extra_body=thinking)
    for each in sent:
        answers = [message["content"] for message in each.body["messages"] if message["role"] == "assistant"]
        assert all(content[0]["type"] == "thinking" for content in answers)


async def test_the_end_of_a_request_is_marked_for_the_cache_and_what_the_last_one_wrote():
    script = lambda sent: messages.message(  # noqa: E731
        messages.member("left_click", {"coordinate": [1, 2]}, call_id=f"t{sent.index}")
    )
    sent, _ = await talk(script, messages.check, 4)
    marked = [
        index
        for index, message in enumerate(sent[-1].body["messages"])
        if any("cache_control" in block for block in message["content"])
    ]
    assert marked == [4, 6]
    assert sent[-1].body["system"][0]["cache_control"] == {"type": "ephemeral"}


def answered(one, answer, history=()):
    """Let the dialect ask and read an answer; return the decision."""
    one.question(request(screenshot=PNG, history=history))
    return one.read_decision(body(answer), request(screenshot=PNG, history=history))


def test_a_failed_action_stops_those_of_the_computer_tool_that_follow_it():
    one = dialect()
    calls = [messages.member("left_click", {"coordinate": [1, 2]}, call_id=f"t{number}") for number in range(3)]
    decision = answered(one, messages.message(*calls))
    history = [
        Turn("t", action, "", outcome)
        for action, outcome in zip(decision.actions, ("clicked", "error: no", "not carried out"), strict=True)
    ]
    results = one.question(request(screenshot=PNG, history=history))["messages"][-1]["content"][:3]
    assert [result.get("is_error", False) for result in results] == [False, True, True]
    assert [result["content"] for result in results[1:]] == [
        "error: no",
        "Not executed: an earlier computer action in this turn failed.",
    ]
    assert {result["toolset_name"] for result in results} == {"computer"}


def test_the_screen_stands_in_the_last_result_if_that_may_hold_a_picture():
    one = dialect()
    decision = answered(one, messages.message(messages.member("left_click", {"coordinate": [1, 2]})))
    for outcome, kinds in {"done": ["tool_result"], "error: no": ["tool_result", "text", "image"]}.items():
        history = [Turn("t", decision.actions[0], "", outcome)]
        again = dialect()
        answered(again, messages.message(messages.member("left_click", {"coordinate": [1, 2]})))
        asked = again.question(request(screenshot=PNG, history=history))
        assert [block["type"] for block in asked["messages"][-1]["content"]] == kinds


def test_what_follows_the_end_of_the_task_is_left_out():
    calls = [messages.act({"action": "done", "message": "ok"}), messages.member("zoom", {}, call_id="toolu_2")]
    assert answered(dialect(), messages.message(*calls)).actions == (Done("ok"),)


@pytest.mark.parametrize("names", [[""], ["t1", "t1"]])
def test_calls_without_names_for_their_results_are_carried_out_and_told_in_words(names):
    one = dialect()
    calls = [messages.member("left_click", {"coordinate": [1, 2]}, call_id=name) for name in names]
    decision = answered(one, messages.message(*calls))
    assert decision.actions == (Click(1, 2),) * len(names)
    history = [Turn("t", action, "", "clicked") for action in decision.actions]
    (only,) = one.question(request(screenshot=PNG, history=history))["messages"]
    assert "clicked" in only["content"][0]["text"]


def test_a_call_that_was_cut_off_does_not_come_back():
    one = dialect()
    cut = messages.message(messages.member("type", {"text": "hal"}), stop_reason="max_tokens")
    with pytest.raises(InvalidActionError, match="by max_tokens, which is 4096") as invalid:
        answered(one, cut)
    history = [Turn("t", None, "", f"invalid: {invalid.value.problem}", invalid.value.said)]
    (only,) = one.question(request(screenshot=PNG, history=history))["messages"]
    assert "cut off" in only["content"][0]["text"]


def test_the_pointer_is_where_the_last_answer_left_it():
    one = dialect()
    first = answered(one, messages.message(messages.member("mouse_move", {"coordinate": [7, 8]})))
    history = [Turn("t", first.actions[0], "", "ok")]
    click = messages.message(messages.member("left_click"))
    assert answered(one, click, history).actions == (Click(7, 8),)


def test_an_answer_has_a_limit_of_actions():
    calls = [messages.member("left_click", {"coordinate": [1, 2]}, call_id=f"t{n}") for n in range(MAX_ACTIONS + 1)]
    with pytest.raises(ValueError, match=f"at most {MAX_ACTIONS} actions"):
        answered(dialect(), messages.message(*calls))


def test_the_same_question_can_be_asked_twice():
    one = dialect()
    decision = answered(one, messages.message(messages.member("left_click", {"coordinate": [1, 2]})))
    asked = request(screenshot=PNG, history=[Turn("t", decision.actions[0], "", "ok")])
    assert one.question(asked) == one.question(asked)


async def test_a_request_that_is_not_right_is_refused_by_the_server():
    """The checks are worth something: what the API refuses is refused here."""
    wrong = {"max_tokens": 0}
    with pytest.raises(ModelError, match="max_tokens"):
        await talk([], messages.check, 1, extra_body=wrong)
